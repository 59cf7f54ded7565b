#include "access/credentials/credential_answer.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "base/number.h"
#include "value/json.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

namespace {

constexpr size_t kLongestText = 4096;

Error wrong(std::string_view member, std::string_view expected) {
  return Error(ErrorCode::kBadParameter, fmt::format("get_credential: '{}' {}", member, expected));
}

Result<std::string> text_of(Slice object, std::initializer_list<std::string_view> names) {
  std::string found;
  std::string_view first;
  for (std::string_view name : names) {
    Slice value = object.get(name);
    if (value.is_null()) continue;
    if (!value.is_string()) return wrong(name, "is no text");
    std::string_view text = value.as_string();
    if (text.size() > kLongestText) return wrong(name, "is longer than 4096 bytes");
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
      return wrong(name, "holds control characters");
    }
    if (!first.empty() && found != text) return wrong(name, fmt::format("says something else than '{}'", first));
    first = name;
    found = text;
  }
  return found;
}

Result<uint16_t> port_of(Slice object) {
  Slice value = object.get("port");
  if (value.is_null()) return uint16_t(0);
  std::optional<int64_t> number;
  if (value.is_int64()) number = value.as_int64();
  if (value.is_string()) number = base::parse_integer<int64_t>(value.as_string());
  if (!number || *number < 1 || *number > 65535) return wrong("port", "is no port");
  return uint16_t(*number);
}

// "2026-01-31T08:15:30Z", with a fraction or an offset as well.
std::optional<int64_t> parse_time(const std::string& text) {
  tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    ++rest;
    rest += std::strspn(rest, "0123456789");
  }
  int64_t unix_s = ::timegm(&parts);
  if (std::strcmp(rest, "Z") == 0) return unix_s;
  int hours = 0, minutes = 0, length = 0;
  char sign = 0;
  if (std::sscanf(rest, "%c%2d:%2d%n", &sign, &hours, &minutes, &length) != 3 || rest[length] != '\0')
    return std::nullopt;
  if (sign != '+' && sign != '-') return std::nullopt;
  return unix_s - (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
}

Result<std::optional<int64_t>> end_of(Slice object) {
  for (std::string_view name : {"expires", "expires_at", "expiresAt"}) {
    Slice value = object.get(name);
    if (value.is_null()) continue;
    std::optional<int64_t> end;
    if (value.is_int64()) end = value.as_int64();
    if (value.is_string()) end = parse_time(std::string(value.as_string()));
    if (!end) return wrong(name, "is neither seconds since 1970 nor an ISO 8601 time");
    // A clock in milliseconds would make a login that ends in 50 000 years.
    return std::optional<int64_t>(*end > 100'000'000'000 ? *end / 1000 : *end);
  }
  return std::optional<int64_t>();
}

}  // namespace

Result<Credential> read_credential_answer(std::string_view json, int64_t now_unix_s) {
  auto parsed = value::parse_json(json);
  if (!parsed || !parsed->slice().is_object())
    return Error(ErrorCode::kBadParameter, "get_credential: the answer is no JSON object");
  Slice object = parsed->slice();
  if (object.get("credential").is_object()) object = object.get("credential");
  Credential credential;
  credential.user = TRY(text_of(object, {"user", "username"}));
  credential.secret = base::Secret(TRY(text_of(object, {"password", "secret", "token"})));
  credential.host = TRY(text_of(object, {"host"}));
  credential.database = TRY(text_of(object, {"database"}));
  credential.port = TRY(port_of(object));
  credential.expires_unix_s = TRY(end_of(object));
  if (credential.secret.empty()) return wrong("password", "is missing (nor is there a 'secret' or 'token')");
  if (credential.expires_unix_s && *credential.expires_unix_s <= now_unix_s) {
    return Error(ErrorCode::kForbidden, "get_credential: the login that was handed out is over already");
  }
  return credential;
}

}  // namespace workerdb::access

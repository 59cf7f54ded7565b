#include <charconv>

#include "stores/cache/cache_store.h"

namespace workerdb::stores::cache {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

Error bad_url(std::string_view why) {
  // The URL itself may hold a password, so it is not repeated.
  return {ErrorCode::kBadParameter,
          "bad Redis URL: " + std::string(why) + "; expected redis://[user:password@]host[:port][/database]"};
}

Result<int> parse_number(std::string_view text, int highest, std::string_view what) {
  int number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0 || number > highest) {
    return bad_url(std::string(what) + " is no number up to " + std::to_string(highest));
  }
  return number;
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    unsigned byte = 0;
    std::string_view digits = text.substr(at + 1, 2);
    auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || failure != std::errc() || end != digits.data() + 2) {
      return bad_url("a '%' without two hexadecimal digits");
    }
    decoded += static_cast<char>(byte);
    at += 2;
  }
  return decoded;
}

Result<> parse_login(std::string_view login, CacheOptions& options) {
  size_t colon = login.find(':');
  if (colon == std::string_view::npos) return bad_url("user without password");
  options.user = TRY(percent_decoded(login.substr(0, colon)));
  options.password = TRY(percent_decoded(login.substr(colon + 1)));
  return {};
}

Result<> parse_place(std::string_view place, CacheOptions& options) {
  size_t host_end = place.starts_with('[') ? place.find(']') : place.find(':');
  if (place.starts_with('[')) {
    if (host_end == std::string_view::npos) return bad_url("'[' without ']'");
    options.host = place.substr(1, host_end - 1);
    place.remove_prefix(host_end + 1);
  } else {
    options.host = place.substr(0, host_end);
    place.remove_prefix(std::min(host_end, place.size()));
  }
  if (options.host.empty()) return bad_url("no host");
  if (place.empty()) return {};
  if (place[0] != ':') return bad_url("text behind the host");
  options.port = TRY(parse_number(place.substr(1), 65535, "the port"));
  return {};
}

}  // namespace

Result<CacheOptions> options_from_url(std::string_view url) {
  CacheOptions options;
  if (url.starts_with("unix://")) {
    options.unix_socket = url.substr(7);
    return options;
  }
  if (url.starts_with("rediss://")) {
    return Error(ErrorCode::kBadParameter,
                 "rediss:// needs TLS, which this client does not speak; use a tunnel");
  }
  if (!url.starts_with("redis://")) return bad_url("unknown scheme");
  url.remove_prefix(8);
  if (size_t slash = url.find('/'); slash != std::string_view::npos) {
    std::string_view database = url.substr(slash + 1);
    if (!database.empty()) options.database = TRY(parse_number(database, 16383, "the database"));
    url = url.substr(0, slash);
  }
  if (size_t at = url.rfind('@'); at != std::string_view::npos) {
    TRY(parse_login(url.substr(0, at), options));
    url.remove_prefix(at + 1);
  }
  TRY(parse_place(url, options));
  return options;
}

}  // namespace workerdb::stores::cache

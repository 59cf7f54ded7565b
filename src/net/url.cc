#include "net/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/percent.h"

namespace workerdb::net {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr size_t kMaximumUrl = 8 * 1024;

Error wrong(const char* part) { return Error(ErrorCode::kBadParameter, fmt::format("malformed URL: {}", part)); }

struct SchemePort {
  std::string_view scheme;
  uint16_t port;
};
constexpr SchemePort kSchemes[] = {{"http", 80},       {"https", 443},       {"tcp", 8529},   {"ssl", 8529},
                                   {"postgres", 5432}, {"postgresql", 5432}, {"redis", 6379}, {"rediss", 6379}};

bool is_known_scheme(std::string_view scheme) { return default_port(scheme) != 0; }

Result<> parse_host_and_port(std::string_view text, Url& url) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == text.npos) return wrong("the bracket of the IPv6 address is not closed");
    host = text.substr(1, bracket - 1);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != host.npos) return wrong("the IPv6 address");
    port = text.substr(bracket + 1);
  } else if (const size_t colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  auto decoded = percent_decode(host);
  if (!decoded || decoded->empty() || decoded->find_first_of(" /\\?#@[]") != decoded->npos) return wrong("the host");
  url.host = *std::move(decoded);
  url.port = default_port(url.scheme);
  if (port.empty()) return {};
  if (!port.starts_with(':')) return wrong("what follows the IPv6 address");
  port.remove_prefix(1);
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (code != std::errc() || end != port.data() + port.size() || url.port == 0) return wrong("the port");
  return {};
}

Result<> parse_user(std::string_view text, Url& url) {
  const size_t colon = std::min(text.find(':'), text.size());
  auto user = percent_decode(text.substr(0, colon));
  auto password = percent_decode(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password) return wrong("the encoding of user or password");
  url.user = *std::move(user);
  url.password = *std::move(password);
  return {};
}

Result<> parse_query(std::string_view text, Url& url) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const size_t equals = std::min(part.find('='), part.size());
    auto name = percent_decode(part.substr(0, equals), PercentMode::kForm);
    auto value = percent_decode(part.substr(std::min(equals + 1, part.size())), PercentMode::kForm);
    if (!name || !value) return wrong("the encoding of the query");
    url.query.emplace_back(*std::move(name), *std::move(value));
  }
  return {};
}

std::string format_with_password(const Url& url, std::string_view password) {
  std::string out = url.scheme + "://";
  if (!url.user.empty() || !password.empty()) {
    out += percent_encode(url.user);
    if (!password.empty()) out.append(":").append(password);
    out += '@';
  }
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  out += is_ipv6 ? "[" + url.host + "]" : percent_encode(url.host);
  if (url.port != 0 && url.port != default_port(url.scheme)) out += fmt::format(":{}", url.port);
  out += url.path;
  char separator = '?';
  for (const auto& [name, value] : url.query) {
    out += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return out;
}

}  // namespace

uint16_t default_port(std::string_view scheme) {
  for (const SchemePort& known : kSchemes) {
    if (known.scheme == scheme) return known.port;
  }
  return 0;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaximumUrl) return wrong("it is longer than 8 KiB");
  const auto is_control = [](char character) {
    return static_cast<unsigned char>(character) <= ' ' || character == 127;
  };
  if (std::any_of(text.begin(), text.end(), is_control)) return wrong("it contains a blank or control character");
  if (text.find('#') != text.npos) return wrong("it has a fragment");
  const size_t colon = text.find("://");
  if (colon == text.npos) return wrong("it does not start with a scheme, such as http://");
  Url url;
  url.scheme = text.substr(0, colon);
  for (char& character : url.scheme) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character + ('a' - 'A'));
  }
  if (!is_known_scheme(url.scheme)) {
    return wrong("the scheme is none of http, https, tcp, ssl, postgres, postgresql, redis, rediss");
  }
  text.remove_prefix(colon + 3);
  const size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  text.remove_prefix(authority_end);
  if (const size_t at = authority.rfind('@'); at != authority.npos) {
    TRY(parse_user(authority.substr(0, at), url));
    authority.remove_prefix(at + 1);
  }
  TRY(parse_host_and_port(authority, url));
  const size_t question = std::min(text.find('?'), text.size());
  url.path = text.substr(0, question);
  if (!percent_decode(url.path)) return wrong("the encoding of the path");
  TRY(parse_query(text.substr(std::min(question + 1, text.size())), url));
  return url;
}

std::string format_url(const Url& url) { return format_with_password(url, percent_encode(url.password)); }

std::string safe_text(const Url& url) { return format_with_password(url, url.password.empty() ? "" : "***"); }

}  // namespace workerdb::net

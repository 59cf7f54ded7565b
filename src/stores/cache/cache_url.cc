#include <algorithm>
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
          "bad Redis URL: " + std::string(why) +
              "; expected redis://[user:password@]host[:port][/database], "
              "redis-sentinel://host[:port][,...]/master or redis-cluster://host[:port][,...]"};
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
  options.user = TRY(percent_decoded(login.substr(0, colon)));
  if (colon == std::string_view::npos) return {};  // the password comes from elsewhere
  options.password = TRY(percent_decoded(login.substr(colon + 1)));
  return {};
}

Result<CacheEndpoint> parse_place(std::string_view place, int default_port) {
  CacheEndpoint endpoint{"", default_port};
  size_t host_end = place.starts_with('[') ? place.find(']') : place.find(':');
  if (place.starts_with('[')) {
    if (host_end == std::string_view::npos) return bad_url("'[' without ']'");
    endpoint.host = place.substr(1, host_end - 1);
    place.remove_prefix(host_end + 1);
  } else {
    endpoint.host = place.substr(0, host_end);
    place.remove_prefix(std::min(host_end, place.size()));
  }
  if (endpoint.host.empty()) return bad_url("no host");
  if (place.empty()) return endpoint;
  if (place[0] != ':') return bad_url("text behind the host");
  endpoint.port = TRY(parse_number(place.substr(1), 65535, "the port"));
  return endpoint;
}

struct Scheme {
  std::string_view prefix;
  CacheTopology topology;
  int port;
};
constexpr Scheme kSchemes[] = {{"redis://", CacheTopology::kSingle, 6379},
                               {"redis-sentinel://", CacheTopology::kSentinel, 26379},
                               {"redis-cluster://", CacheTopology::kCluster, 6379}};

constexpr size_t kMostEndpoints = 64;

Result<> parse_places(std::string_view places, const Scheme& scheme, CacheOptions& options) {
  if (scheme.topology == CacheTopology::kSingle) {
    CacheEndpoint endpoint = TRY(parse_place(places, scheme.port));
    options.host = std::move(endpoint.host);
    options.port = endpoint.port;
    return {};
  }
  while (true) {
    size_t comma = std::min(places.find(','), places.size());
    if (options.endpoints.size() == kMostEndpoints) return bad_url("more than 64 hosts");
    options.endpoints.push_back(TRY(parse_place(places.substr(0, comma), scheme.port)));
    if (comma == places.size()) return {};
    places.remove_prefix(comma + 1);
  }
}

// "/3", or "/mymaster/3" for sentinels.
Result<> parse_path(std::string_view path, CacheOptions& options) {
  if (options.topology == CacheTopology::kSentinel) {
    size_t slash = std::min(path.find('/'), path.size());
    options.master_name = TRY(percent_decoded(path.substr(0, slash)));
    if (options.master_name.empty()) return bad_url("the name of the sentinels' master is missing");
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (!path.empty()) options.database = TRY(parse_number(path, 16383, "the database"));
  if (options.topology == CacheTopology::kCluster && options.database != 0) {
    return bad_url("a cluster has only the database 0");
  }
  return {};
}

}  // namespace

Result<CacheOptions> options_from_url(std::string_view url) {
  CacheOptions options;
  if (url.starts_with("unix://")) {
    options.unix_socket = url.substr(7);
    return options;
  }
  if (url.starts_with("rediss")) {
    return Error(ErrorCode::kBadParameter, "rediss:// needs TLS, which this client does not speak; use a tunnel");
  }
  const Scheme* scheme =
      std::ranges::find_if(kSchemes, [&](const Scheme& known) { return url.starts_with(known.prefix); });
  if (scheme == std::end(kSchemes)) return bad_url("unknown scheme");
  options.topology = scheme->topology;
  url.remove_prefix(scheme->prefix.size());
  size_t slash = std::min(url.find('/'), url.size());
  std::string_view path = url.substr(std::min(slash + 1, url.size()));
  url = url.substr(0, slash);
  if (size_t at = url.rfind('@'); at != std::string_view::npos) {
    TRY(parse_login(url.substr(0, at), options));
    url.remove_prefix(at + 1);
  }
  TRY(parse_places(url, *scheme, options));
  TRY(parse_path(path, options));
  return options;
}

}  // namespace workerdb::stores::cache

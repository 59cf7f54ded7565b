// RFC 3986 knows one host in a URL; several, divided by commas, are the custom of database drivers.
#include <algorithm>

#include "net/percent.h"
#include "net/url.h"
#include "stores/documents/remote/remote_store.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongestUrl = 8 * 1024, kMostEndpoints = 64;

bool has_port(std::string_view host) {
  size_t colon = host.rfind(':');
  return colon != host.npos && host.find(']', colon) == host.npos;
}

Result<RemoteEndpoint> endpoint_of(std::string_view host) {
  std::string text = "http://" + std::string(host);
  net::Url parsed = TRY(net::parse_url(text));
  return RemoteEndpoint{parsed.host, has_port(host) ? parsed.port : uint16_t(8529)};
}

}  // namespace

Result<RemotePlace> remote_place_from_url(std::string_view url) {
  if (url.size() > kLongestUrl) return Error(ErrorCode::kBadParameter, "malformed URL: it is longer than 8 KiB");
  if (url.starts_with("https://") || url.starts_with("ssl://") || url.starts_with("http+ssl://")) {
    return Error(ErrorCode::kBadParameter, "https:// needs TLS, which this client does not speak; use a tunnel");
  }
  size_t scheme_end = url.find("://");
  if (!url.starts_with("http://") && !url.starts_with("tcp://") && !url.starts_with("http+tcp://")) {
    return Error(ErrorCode::kBadParameter,
                 "malformed URL: expected http://[user[:password]@]host[:port][,host[:port]...][/database]");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  size_t at = authority.rfind('@');
  std::string_view login = at == authority.npos ? "" : authority.substr(0, at + 1);
  std::string_view hosts = at == authority.npos ? authority : authority.substr(at + 1);

  RemotePlace place;
  while (true) {
    size_t comma = std::min(hosts.find(','), hosts.size());
    if (place.options.endpoints.size() == kMostEndpoints) {
      return Error(ErrorCode::kBadParameter, "malformed URL: more than 64 hosts");
    }
    place.options.endpoints.push_back(TRY(endpoint_of(hosts.substr(0, comma))));
    if (comma == hosts.size()) break;
    hosts.remove_prefix(comma + 1);
  }
  // With one harmless host the rest is an ordinary URL.
  auto parsed = TRY(net::parse_url("http://" + std::string(login) + "host" + std::string(rest.substr(authority_end))));
  if (!parsed.query.empty()) return Error(ErrorCode::kBadParameter, "malformed URL: a document store's has no query");
  place.options.host = place.options.endpoints.front().host;
  place.options.port = place.options.endpoints.front().port;
  if (!parsed.user.empty()) place.options.user = parsed.user;
  place.options.password = parsed.password;
  std::string_view path = parsed.path;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.starts_with("_db/")) path.remove_prefix(4);
  if (path.find('/') != path.npos) return Error(ErrorCode::kBadParameter, "malformed URL: text behind the database");
  auto database = net::percent_decode(path);
  if (!database) return Error(ErrorCode::kBadParameter, "malformed URL: the encoding of the database");
  place.database = *std::move(database);
  return place;
}

}  // namespace workerdb::stores::documents

#pragma once
// URLs of the stores: scheme://user:password@host:port/path?query (RFC 3986; no relative ones, no fragments).
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace workerdb::net {

// Every part is decoded. The password is a secret: log safe_text(), never format_url().
struct Url {
  std::string scheme;  // lower case: http, https, tcp, ssl, postgres, postgresql, redis, rediss
  std::string user;
  std::string password;
  std::string host;   // an IPv6 address stands without its brackets
  uint16_t port = 0;  // the scheme's default when the text has none
  std::string path;   // with its leading '/', or empty; stays encoded, as '/' and "%2F" differ
  std::vector<std::pair<std::string, std::string>> query;
};

// Fails with kBadParameter and the part that is wrong (never its value). At most 8 KiB. "tcp" is ArangoDB's
// endpoint notation for http and "ssl" for https; both keep their name here.
base::Result<Url> parse_url(std::string_view text);

// The text that parse_url() reads back as the same Url. Leaves out the scheme's default port.
std::string format_url(const Url& url);
// As above with the password replaced by "***".
std::string safe_text(const Url& url);

// 8529 for tcp and ssl, 80, 443, 5432, 6379; 0 for a scheme that is not known.
uint16_t default_port(std::string_view scheme);

}  // namespace workerdb::net

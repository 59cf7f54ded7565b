#pragma once
// JSON Web Tokens (RFC 7519, HS256), as `POST /_open/auth` gives them: claims iss "arangodb", preferred_username, iat,
// exp. A token with server_id instead of a user comes from who knows the secret and may do everything.
#include <optional>
#include <string>
#include <string_view>

namespace workerdb::server {

struct TokenSubject {
  std::string user;  // empty for a superuser token
  bool is_superuser = false;
};

// Thread-safe: immutable.
class Tokens {
 public:
  // An empty secret is replaced by a random one.
  explicit Tokens(std::string secret);

  std::string issue(std::string_view user, double lifetime_s) const;
  // nullopt: malformed, another algorithm, a wrong signature, or expired.
  std::optional<TokenSubject> verify(std::string_view token) const;

 private:
  std::string sign(std::string_view text) const;
  std::string secret_;
};

}  // namespace workerdb::server

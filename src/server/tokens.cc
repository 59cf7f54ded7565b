#include "server/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/random.h"
#include "base/time.h"
#include "value/json.h"

namespace workerdb::server {
namespace {

constexpr size_t kLongestToken = 8192, kSecretBytes = 32;

}  // namespace

Tokens::Tokens(std::string secret) : secret_(std::move(secret)) {
  if (secret_.empty()) secret_ = base::random_bytes(kSecretBytes);
}

std::string Tokens::sign(std::string_view text) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_.data(), int(secret_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return base::base64url_encode({reinterpret_cast<const char*>(digest), size});
}

std::string Tokens::issue(std::string_view user, double lifetime_s) const {
  int64_t now_s = base::unix_time_ms() / 1000;
  value::Builder claims;
  claims.open_object();
  claims.add("preferred_username", user);
  claims.add("iss", "arangodb");
  claims.add("iat", now_s);
  claims.add("exp", now_s + int64_t(lifetime_s));
  claims.close();
  std::string text = base::base64url_encode(R"({"alg":"HS256","typ":"JWT"})") + "." +
                     base::base64url_encode(value::to_json(claims.slice()));
  return text + "." + sign(text);
}

std::optional<TokenSubject> Tokens::verify(std::string_view token) const {
  size_t first = token.find('.'), last = token.rfind('.');
  if (token.size() > kLongestToken || first == token.npos || first == last) return std::nullopt;
  std::string expected = sign(token.substr(0, last));
  std::string_view signature = token.substr(last + 1);
  if (signature.size() != expected.size() || CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0) {
    return std::nullopt;
  }
  auto header_text = base::base64_decode(token.substr(0, first));
  auto claims_text = base::base64_decode(token.substr(first + 1, last - first - 1));
  if (!header_text || !claims_text) return std::nullopt;
  auto header = value::parse_json(*header_text);
  auto claims = value::parse_json(*claims_text);
  if (!header || !claims) return std::nullopt;
  value::Slice algorithm = header->slice().get("alg"), issuer = claims->slice().get("iss");
  if (!algorithm.is_string() || algorithm.as_string() != "HS256") return std::nullopt;
  if (!issuer.is_string() || issuer.as_string() != "arangodb") return std::nullopt;
  value::Slice expires = claims->slice().get("exp");
  if (expires.is_number() && expires.as_double() < double(base::unix_time_ms()) / 1000) return std::nullopt;
  value::Slice user = claims->slice().get("preferred_username");
  if (user.is_string() && !user.as_string().empty()) return TokenSubject{std::string(user.as_string()), false};
  if (claims->slice().get("server_id").is_string()) return TokenSubject{"", true};
  return std::nullopt;
}

}  // namespace workerdb::server

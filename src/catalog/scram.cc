#include "catalog/scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace workerdb::catalog {
namespace {

using Digest = std::array<unsigned char, 32>;
constexpr int kMostIterations = 1'000'000;

Digest sha256(const void* bytes, size_t size) {
  Digest digest{};
  EVP_Digest(bytes, size, digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

// Empty on anything that is no base64.
std::vector<unsigned char> base64_decoded(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::vector<unsigned char> bytes(text.size() / 4 * 3);
  int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

}  // namespace

bool scram_verifier_matches(std::string_view verifier, std::string_view password) {
  constexpr std::string_view kScheme = "SCRAM-SHA-256$";
  if (!verifier.starts_with(kScheme)) return false;
  verifier.remove_prefix(kScheme.size());
  size_t colon = verifier.find(':');
  size_t dollar = verifier.find('$');
  if (colon == std::string_view::npos || dollar == std::string_view::npos || dollar < colon) return false;
  int iterations = 0;
  std::from_chars(verifier.data(), verifier.data() + colon, iterations);
  if (iterations < 1 || iterations > kMostIterations) return false;
  std::vector<unsigned char> salt = base64_decoded(verifier.substr(colon + 1, dollar - colon - 1));
  std::string_view keys = verifier.substr(dollar + 1);
  std::vector<unsigned char> stored = base64_decoded(keys.substr(0, keys.find(':')));
  if (salt.empty() || stored.size() != Digest{}.size()) return false;
  Digest salted{};
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()),
                    iterations, EVP_sha256(), static_cast<int>(salted.size()), salted.data());
  constexpr std::string_view kLabel = "Client Key";
  Digest client_key{};
  HMAC(EVP_sha256(), salted.data(), static_cast<int>(salted.size()),
       reinterpret_cast<const unsigned char*>(kLabel.data()), kLabel.size(), client_key.data(), nullptr);
  Digest expected = sha256(client_key.data(), client_key.size());
  return std::equal(expected.begin(), expected.end(), stored.begin());
}

}  // namespace workerdb::catalog

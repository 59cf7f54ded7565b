#include "base/digest.h"

#include <openssl/evp.h>

#include <array>

#include "base/assert.h"

namespace workerdb::base {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<char, 32> digest{};
  const int done = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                              EVP_sha256(), nullptr);
  ASSERT(done == 1);
  return hex({digest.data(), digest.size()});
}

}  // namespace workerdb::base

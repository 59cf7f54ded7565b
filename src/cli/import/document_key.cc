#include "cli/import/document_key.h"

#include <algorithm>

#include "base/digest.h"

namespace workerdb::cli {
namespace {

constexpr size_t kKeptBytes = 100;
constexpr size_t kDigestDigits = 16;

bool is_word_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
         byte == '_';
}

bool is_key_byte(char byte) {
  return is_word_byte(byte) || std::string_view(".@()+,=;$!*'%:").find(byte) != std::string_view::npos;
}

// The letters, digits, '-' and '_' at the front of the text, all others as one '_', then the digest.
std::string readable_digest(std::string_view text) {
  std::string key;
  for (const char byte : text.substr(0, kKeptBytes)) {
    if (is_word_byte(byte)) {
      key.push_back(byte);
    } else if (!key.ends_with('_')) {
      key.push_back('_');
    }
  }
  if (!key.ends_with('_')) key.push_back('_');
  return key + base::sha256_hex(text).substr(0, kDigestDigits);
}

}  // namespace

bool is_document_key(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyBytes && std::all_of(text.begin(), text.end(), is_key_byte);
}

std::string to_document_key(std::string_view text) {
  return is_document_key(text) ? std::string(text) : readable_digest(text);
}

std::string element_key(std::string_view definition_key, std::string_view element_id) {
  const bool is_plain = is_document_key(element_id) && element_id.find('.') == std::string_view::npos;
  const std::string element = is_plain ? std::string(element_id) : readable_digest(element_id);
  std::string key = std::string(definition_key) + "." + element;
  if (key.size() <= kMaxKeyBytes) return key;
  return readable_digest(definition_key) + "." + readable_digest(element_id);
}

}  // namespace workerdb::cli

#pragma once
// Characters of AQL strings are Unicode code points. Texts are UTF-8 already (parse_json checks); the
// functions here stay within the bytes for any input.
#include <cstdint>
#include <string>
#include <string_view>

namespace workerdb::aql::functions {

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Number of characters.
inline size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += !is_continuation(c);
  return count;
}

// Bytes of the character at `at`, which is within the text.
inline size_t character_size(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && is_continuation(text[end])) ++end;
  return end - at;
}

// Byte offset of a character counted from 0; the text's size where it has fewer.
inline size_t character_offset(std::string_view text, uint64_t position) {
  size_t at = 0;
  while (position > 0 && at < text.size()) {
    at += character_size(text, at);
    --position;
  }
  return at;
}

// Byte offset of the character that stands `count` characters before the end; 0 where there are fewer.
inline size_t character_offset_from_end(std::string_view text, uint64_t count) {
  size_t at = text.size();
  while (count > 0 && at > 0) {
    --at;
    while (at > 0 && is_continuation(text[at])) --at;
    --count;
  }
  return at;
}

// The code point at `at`; moves `at` behind it. Malformed bytes give U+FFFD.
char32_t next_character(std::string_view text, size_t& at);
void append_character(char32_t character, std::string& to);
std::u32string to_characters(std::string_view text);

// Simple case folding, one code point to one.
char32_t fold_case(char32_t character);

}  // namespace workerdb::aql::functions

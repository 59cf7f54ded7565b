#include "aql/functions/utf8.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace workerdb::aql::functions {

char32_t next_character(std::string_view text, size_t& at) {
  auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    ++at;
    return first;
  }
  // U8_NEXT counts in int32: give it only the bytes that one character can take.
  const char* from = text.data() + at;
  int32_t length = int32_t(text.size() - at < 4 ? text.size() - at : 4), position = 0;
  UChar32 character;
  U8_NEXT(from, position, length, character);
  at += size_t(position);
  return character < 0 ? 0xfffd : char32_t(character);
}

void append_character(char32_t character, std::string& to) {
  char bytes[4];
  int32_t length = 0;
  UBool failed = false;
  U8_APPEND(bytes, length, 4, UChar32(character), failed);
  if (!failed) to.append(bytes, size_t(length));
}

std::u32string to_characters(std::string_view text) {
  std::u32string characters;
  characters.reserve(text.size());
  for (size_t at = 0; at < text.size();) characters.push_back(next_character(text, at));
  return characters;
}

char32_t fold_case(char32_t character) {
  if (character < 0x80) return character >= 'A' && character <= 'Z' ? character + 32 : character;
  return char32_t(u_foldCase(UChar32(character), U_FOLD_CASE_DEFAULT));
}

}  // namespace workerdb::aql::functions

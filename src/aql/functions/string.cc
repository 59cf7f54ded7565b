// Strings as a whole: length, joining, case, repetition, random ones.
#include <openssl/rand.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringoptions.h>

#include <algorithm>

#include "aql/functions/implementation.h"
#include "aql/functions/utf8.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

constexpr size_t kLongestRepetition = 16 << 20, kLongestToken = 65536;

Slice char_length(Context& context, Arguments arguments) {
  return context.arena().integer(int64_t(count_characters(Text(arguments[0]))));
}

Slice length(Context& context, Arguments arguments) {
  Slice value = arguments[0];
  switch (value.type()) {
    case value::Type::kArray:
    case value::Type::kObject: return context.arena().integer(int64_t(value.size()));
    case value::Type::kBool: return context.arena().integer(value.is_true() ? 1 : 0);
    case value::Type::kString: return context.arena().integer(int64_t(count_characters(value.as_string())));
    default: return char_length(context, arguments);
  }
}

Slice reverse(Context& context, Arguments arguments) {
  if (arguments[0].is_array()) {
    std::vector<Slice> items;
    for (value::ArrayIterator item(arguments[0]); item.valid(); item.next()) items.push_back(item.value());
    value::Builder& builder = context.scratch();
    builder.open_array();
    for (size_t i = items.size(); i-- > 0;) builder.slice(items[i]);
    builder.close();
    return context.finish();
  }
  Text text(arguments[0]);
  std::string reversed;
  reversed.reserve(text.view().size());
  for (size_t end = text.view().size(); end > 0;) {
    size_t start = character_offset_from_end(text.view().substr(0, end), 1);
    reversed += text.view().substr(start, end - start);
    end = start;
  }
  return context.arena().string(reversed);
}

// Appends a joined value; the separator comes only between values that are not null.
void join(Slice value, std::string_view separator, bool& is_first, std::string& to) {
  if (value.is_null()) return;
  if (!is_first) to += separator;
  is_first = false;
  append_text(value, to);
}

Slice join_all(Context& context, std::string_view separator, Arguments values) {
  std::string joined;
  bool is_first = true;
  if (values.size() == 1 && values[0].is_array()) {
    for (value::ArrayIterator item(values[0]); item.valid(); item.next()) {
      join(item.value(), separator, is_first, joined);
      if (joined.size() > context.largest_value_bytes) break;
    }
  } else {
    for (Slice value : values) join(value, separator, is_first, joined);
  }
  return fits(context, joined.size()) ? context.arena().string(joined) : Slice::null();
}

Slice concat(Context& context, Arguments arguments) { return join_all(context, "", arguments); }

Slice concat_separator(Context& context, Arguments arguments) {
  return join_all(context, Text(arguments[0]), arguments.subspan(1));
}

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
}

template <bool kUpper>
Slice change_case(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  std::string changed;
  if (is_ascii(text)) {
    changed = text.view();
    for (char& c : changed) {
      if (kUpper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z')) c ^= 0x20;
    }
  } else {
    UErrorCode status = U_ZERO_ERROR;
    icu::StringByteSink<std::string> sink(&changed);
    icu::StringPiece piece(text.view().data(), int32_t(text.view().size()));
    if (kUpper) {
      icu::CaseMap::utf8ToUpper("", 0, piece, sink, nullptr, status);
    } else {
      icu::CaseMap::utf8ToLower("", 0, piece, sink, nullptr, status);
    }
    if (U_FAILURE(status)) return wrong_type(context, kUpper ? "UPPER" : "LOWER");
  }
  return context.arena().string(changed);
}

Slice repeat(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  Text separator(argument(arguments, 2));
  int64_t count = to_integer(arguments[1]);
  if (count < 0) return wrong_type(context, "REPEAT");
  size_t once = text.view().size() + separator.view().size();
  if (once == 0 || count == 0) return Slice::empty_string();
  // The last repetition has no separator behind it, but one too many is no overflow of 16 MB to argue about.
  if (uint64_t(count) > (kLongestRepetition + separator.view().size()) / once) {
    return warned(context, base::ErrorCode::kResourceLimit, std::string_view("REPEAT"));
  }
  std::string repeated;
  repeated.reserve(once * size_t(count));
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) repeated += separator.view();
    repeated += text.view();
  }
  return context.arena().string(repeated);
}

Slice random_token(Context& context, Arguments arguments) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  int64_t size = to_integer(arguments[0]);
  if (size < 0 || size > int64_t(kLongestToken)) return wrong_type(context, "RANDOM_TOKEN");
  std::string token;
  unsigned char bytes[256];
  while (token.size() < size_t(size)) {
    if (RAND_bytes(bytes, sizeof bytes) != 1) return wrong_type(context, "RANDOM_TOKEN");
    for (unsigned char byte : bytes) {
      // Bytes beyond a multiple of the alphabet would prefer its first letters.
      if (byte >= 256 / kLetters.size() * kLetters.size()) continue;
      if (token.size() == size_t(size)) break;
      token += kLetters[byte % kLetters.size()];
    }
  }
  return context.arena().string(token);
}

// RFC 4122, version 4: random.
Slice uuid(Context& context, Arguments) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return wrong_type(context, "UUID");
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return context.arena().string(text);
}

Slice to_char(Context& context, Arguments arguments) {
  int64_t code_point = to_integer(arguments[0]);
  std::string text;
  if (arguments[0].is_number() && code_point >= 0 && code_point <= 0x10ffff &&
      (code_point < 0xd800 || code_point > 0xdfff)) {
    append_character(char32_t(code_point), text);
    return context.arena().string(text);
  }
  return wrong_type(context, "TO_CHAR");
}

constexpr Function kFunctions[] = {
    {"CHAR_LENGTH", "string", 1, 1, kDeterministic, "value: string",
     "The number of characters of the value as a string.", "RETURN CHAR_LENGTH(\"电脑\")", "[2]", char_length},
    {"CONCAT", "string", 1, kUnlimited, kDeterministic, "value: any, …",
     "Joins values, or the members of one array, into a string; nulls are left out.", "RETURN CONCAT(\"a\", null, 1)",
     "[\"a1\"]", concat},
    {"CONCAT_SEPARATOR", "string", 2, kUnlimited, kDeterministic, "separator: string, value: any, …",
     "Joins values, or the members of one array, with a separator between them; nulls are left out.",
     "RETURN CONCAT_SEPARATOR(\"-\", [1, 2, null])", "[\"1-2\"]", concat_separator},
    {"COUNT", "array", 1, 1, kDeterministic, "value: array|object|string|collection", "Another name of LENGTH.",
     "RETURN COUNT([1, 2])", "[2]", length},
    {"LENGTH", "array", 1, 1, kDeterministic, "value: array|object|string|collection",
     "The number of an array's members, an object's attributes or a string's characters.",
     "RETURN [LENGTH([1, 2]), LENGTH(\"abc\"), LENGTH({a: 1})]", "[[2,3,1]]", length},
    {"LOWER", "string", 1, 1, kDeterministic, "value: string", "The string in lower case.", "RETURN LOWER(\"AVOcado\")",
     "[\"avocado\"]", change_case<false>},
    {"RANDOM_TOKEN", "string", 1, 1, 0, "length: number", "A random string of letters and digits.",
     "RETURN LENGTH(RANDOM_TOKEN(8))", "[8]", random_token},
    {"REPEAT", "string", 2, 3, kDeterministic, "value: string, count: number, separator?: string",
     "The string repeated, at most 16 MB, with a separator between the repetitions.", "RETURN REPEAT(\"ab\", 3, \"-\")",
     "[\"ab-ab-ab\"]", repeat},
    {"REVERSE", "array", 1, 1, kDeterministic, "value: string",
     "The array's members, or the string's characters, last to first.", "RETURN [REVERSE([1, 2]), REVERSE(\"abc\")]",
     "[[[2,1],\"cba\"]]", reverse},
    {"TO_CHAR", "string", 1, 1, kDeterministic, "codepoint: number", "The character of a Unicode code point.",
     "RETURN TO_CHAR(216)", "[\"Ø\"]", to_char},
    {"UPPER", "string", 1, 1, kDeterministic, "value: string", "The string in upper case.", "RETURN UPPER(\"avocado\")",
     "[\"AVOCADO\"]", change_case<true>},
    {"UUID", "string", 0, 0, 0, "", "A fresh universally unique identifier.", "RETURN LENGTH(UUID())", "[36]", uuid},
};

}  // namespace

std::span<const Function> string_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

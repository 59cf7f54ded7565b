// Looking for texts in strings.
#include <algorithm>

#include "aql/functions/implementation.h"
#include "aql/functions/matcher.h"
#include "aql/functions/substring.h"
#include "aql/functions/utf8.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

Slice contains(Context& context, Arguments arguments) {
  Text text(arguments[0]), search(arguments[1]);
  size_t at = search.view().empty() ? std::string_view::npos : find_first(text, search);
  if (!flag(arguments, 2)) return Slice::boolean(at != std::string_view::npos);
  if (at == std::string_view::npos) return context.arena().integer(-1);
  return context.arena().integer(int64_t(count_characters(text.view().substr(0, at))));
}

// FIND_FIRST and FIND_LAST: positions are characters, `end` is the last one that belongs to the searched
// part.
template <bool kLast>
Slice find(Context& context, Arguments arguments) {
  Text text(arguments[0]), search(arguments[1]);
  int64_t start = to_integer(argument(arguments, 2)), end = INT64_MAX - 1;
  Slice given_end = argument(arguments, 3);
  if (!given_end.is_null()) end = std::min(to_integer(given_end), end);
  int64_t length = int64_t(count_characters(text));
  if (start < 0 || end < start - 1 || start > length) return context.arena().integer(-1);

  end = std::min(end, length - 1);
  size_t from = character_offset(text, uint64_t(start));
  size_t to = character_offset(text, uint64_t(end + 1));
  std::string_view part = text.view().substr(from, to > from ? to - from : 0);
  size_t at = kLast ? find_last(part, search) : find_first(part, search);
  if (at == std::string_view::npos) return context.arena().integer(-1);
  return context.arena().integer(start + int64_t(count_characters(part.substr(0, at))));
}

Slice starts_with(Context& context, Arguments arguments) {
  if (!arguments[0].is_string()) return wrong_type(context, "STARTS_WITH");
  std::string_view text = arguments[0].as_string();
  Slice prefix = arguments[1];
  if (prefix.is_string() && arguments.size() == 2) return Slice::boolean(text.starts_with(prefix.as_string()));
  if (!prefix.is_array()) return wrong_type(context, "STARTS_WITH");
  int64_t needed = arguments.size() > 2 ? to_integer(arguments[2]) : 1, matched = 0;
  for (value::ArrayIterator item(prefix); item.valid(); item.next()) {
    if (!item.value().is_string()) return wrong_type(context, "STARTS_WITH");
    matched += text.starts_with(item.value().as_string());
  }
  return Slice::boolean(matched >= needed);
}

Slice like(Context& context, Arguments arguments) {
  return Slice::boolean(matches_like(context, Text(arguments[0]), Text(arguments[1]), flag(arguments, 2)));
}

constexpr Function kFunctions[] = {
    {"CONTAINS", "string", 2, 3, kDeterministic, "text: string, search: string, returnIndex?: bool",
     "Whether a string holds another one, or the character at which it does, -1 if nowhere.",
     "RETURN [CONTAINS(\"foobar\", \"bar\"), CONTAINS(\"foobar\", \"bar\", true)]", "[[true,3]]", contains},
    {"FIND_FIRST", "string", 2, 4, kDeterministic, "text: string, search: string, start?: number, end?: number",
     "The character at which a text first occurs, -1 if nowhere.", "RETURN FIND_FIRST(\"foobarbaz\", \"ba\", 4)", "[6]",
     find<false>},
    {"FIND_LAST", "string", 2, 4, kDeterministic, "text: string, search: string, start?: number, end?: number",
     "The character at which a text last occurs, -1 if nowhere.", "RETURN FIND_LAST(\"foobarbaz\", \"ba\")", "[6]",
     find<true>},
    {"LIKE", "string", 2, 3, kDeterministic, "text: string, pattern: string, caseInsensitive?: bool",
     "Whether the whole text matches a pattern: _ is one character, % any number of them.",
     "RETURN [LIKE(\"carrot\", \"ca%t\"), LIKE(\"CART\", \"ca_t\", true)]", "[[true,true]]", like},
    {"STARTS_WITH", "string", 2, 3, kDeterministic, "text: string, prefix: string, minMatchCount?: number",
     "Whether a text starts with a prefix, or with at least so many of an array of prefixes.",
     "RETURN STARTS_WITH(\"foobar\", [\"bar\", \"foo\"])", "[true]", starts_with},
};

}  // namespace

std::span<const Function> string_search_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

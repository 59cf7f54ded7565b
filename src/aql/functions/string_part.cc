// Parts of strings: substrings, trimming, splitting, substituting.
#include <algorithm>

#include "aql/functions/implementation.h"
#include "aql/functions/substring.h"
#include "aql/functions/utf8.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

Slice left(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  int64_t count = std::max<int64_t>(0, to_integer(arguments[1]));
  return context.arena().string(text.view().substr(0, character_offset(text, uint64_t(count))));
}

Slice right(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  int64_t count = std::max<int64_t>(0, to_integer(arguments[1]));
  return context.arena().string(text.view().substr(character_offset_from_end(text, uint64_t(count))));
}

// -n for a negative int64 without overflow.
uint64_t magnitude(int64_t number) { return number < 0 ? 0 - uint64_t(number) : uint64_t(number); }

Slice substring(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  int64_t offset = to_integer(arguments[1]);
  size_t start =
      offset < 0 ? character_offset_from_end(text, magnitude(offset)) : character_offset(text, uint64_t(offset));
  std::string_view rest = text.view().substr(start);
  if (arguments.size() > 2) {
    int64_t length = std::max<int64_t>(0, to_integer(arguments[2]));
    rest = rest.substr(0, character_offset(rest, uint64_t(length)));
  }
  return context.arena().string(rest);
}

Slice substring_bytes(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  std::string_view whole = text.view();
  int64_t offset = to_integer(arguments[1]);
  size_t start = offset < 0 ? whole.size() - std::min<uint64_t>(magnitude(offset), whole.size())
                            : std::min<uint64_t>(uint64_t(offset), whole.size());
  size_t end = whole.size();
  if (arguments.size() > 2) {
    int64_t length = std::max<int64_t>(0, to_integer(arguments[2]));
    end = start + std::min<uint64_t>(uint64_t(length), whole.size() - start);
  }
  auto cuts = [&](size_t at) { return at < whole.size() && is_continuation(whole[at]); };
  if (cuts(start) || cuts(end)) return wrong_type(context, "SUBSTRING_BYTES");
  int64_t to_left = std::max<int64_t>(0, to_integer(argument(arguments, 3)));
  int64_t to_right = arguments.size() > 4 ? std::max<int64_t>(0, to_integer(arguments[4])) : to_left;
  start = character_offset_from_end(whole.substr(0, start), uint64_t(to_left));
  end += character_offset(whole.substr(end), uint64_t(to_right));
  return context.arena().string(whole.substr(start, end - start));
}

// Trims the characters of a set, or white space, from the sides that are asked for.
Slice trim_sides(Context& context, Slice value, Slice set, bool at_left, bool at_right) {
  Text text(value), characters(set);
  std::u32string trimmed = set.is_none() ? U"\r\n \t" : to_characters(characters);
  std::string_view rest = text.view();
  while (at_left && !rest.empty()) {
    size_t next = 0;
    if (trimmed.find(next_character(rest, next)) == std::u32string::npos) break;
    rest.remove_prefix(next);
  }
  while (at_right && !rest.empty()) {
    size_t last = character_offset_from_end(rest, 1), at = last;
    if (trimmed.find(next_character(rest, at)) == std::u32string::npos) break;
    rest = rest.substr(0, last);
  }
  return context.arena().string(rest);
}

Slice trim(Context& context, Arguments arguments) {
  Slice second = argument(arguments, 1);
  if (second.is_number()) {
    int64_t sides = to_integer(second);
    return trim_sides(context, arguments[0], Slice(), sides != 2, sides != 1);
  }
  return trim_sides(context, arguments[0], second.is_null() ? Slice() : second, true, true);
}
Slice left_trim(Context& context, Arguments arguments) {
  return trim_sides(context, arguments[0], argument(arguments, 1), true, false);
}
Slice right_trim(Context& context, Arguments arguments) {
  return trim_sides(context, arguments[0], argument(arguments, 1), false, true);
}

// Several texts looked for at once: the one that occurs first, and of two at one place the one that is named
// first.
class Searches {
 public:
  void add(std::string_view search, std::string_view replacement) {
    if (!search.empty()) searches_.push_back({search, replacement, 0});
  }
  bool is_empty() const { return searches_.empty(); }

  struct Found {
    size_t at, size;
    std::string_view replacement;
  };
  // The next occurrence at or behind `from`, which never goes back. `at` is npos if there is none.
  Found next(std::string_view text, size_t from) {
    Found found{std::string_view::npos, 0, {}};
    for (Search& search : searches_) {
      // What was found and is not passed yet stays the next one: every text is searched once only.
      if (search.next < from || from == 0) search.next = find_first(text, search.text, from);
      if (search.next < found.at) found = {search.next, search.text.size(), search.replacement};
    }
    return found;
  }

 private:
  struct Search {
    std::string_view text, replacement;
    size_t next;
  };
  std::vector<Search> searches_;
};

constexpr uint64_t kNoLimit = UINT64_MAX;

// False, after a warning, for a negative limit.
bool read_limit(Context& context, Slice limit, std::string_view function, uint64_t& to) {
  to = kNoLimit;
  if (limit.is_null()) return true;
  int64_t number = to_integer(limit);
  if (number < 0) {
    wrong_type(context, function);
    return false;
  }
  to = uint64_t(number);
  return true;
}

void split_characters(std::string_view text, uint64_t limit, value::Builder& builder) {
  for (size_t at = 0; at < text.size() && limit > 0; --limit) {
    size_t size = character_size(text, at);
    builder.string(text.substr(at, size));
    at += size;
  }
}

Slice split(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  Slice separator = argument(arguments, 1);
  uint64_t limit;
  if (!read_limit(context, argument(arguments, 2), "SPLIT", limit)) return Slice::null();

  std::vector<std::unique_ptr<Text>> separators;
  Searches searches;
  bool has_empty = false;
  auto add = [&](Slice one) {
    separators.push_back(std::make_unique<Text>(one));
    searches.add(*separators.back(), {});
    has_empty |= separators.back()->view().empty();
  };
  if (separator.is_array()) {
    for (value::ArrayIterator item(separator); item.valid(); item.next()) add(item.value());
  } else if (!separator.is_null()) {
    add(separator);
  }

  value::Builder& builder = context.scratch();
  builder.open_array();
  if (has_empty) {
    split_characters(text, limit, builder);
  } else {
    size_t from = 0;
    for (uint64_t count = 0; count < limit && !context.should_stop(); ++count) {
      Searches::Found found = searches.next(text, from);
      builder.string(text.view().substr(from, found.at == std::string_view::npos ? found.at : found.at - from));
      if (found.at == std::string_view::npos) break;
      from = found.at + found.size;
    }
  }
  builder.close();
  return context.finish();
}

Slice substitute(Context& context, Arguments arguments) {
  Text text(arguments[0]);
  Slice search = arguments[1], replace = argument(arguments, 2);
  std::vector<std::unique_ptr<Text>> texts;
  auto text_of = [&](Slice value) {
    texts.push_back(std::make_unique<Text>(value));
    return texts.back()->view();
  };
  Searches searches;
  if (search.is_object()) {
    for (value::ObjectIterator pair(search); pair.valid(); pair.next()) {
      searches.add(pair.name(), text_of(pair.value()));
    }
  } else if (search.is_array()) {
    value::ArrayIterator replacement(replace);
    for (value::ArrayIterator item(search); item.valid(); item.next()) {
      Slice with = replace.is_array() ? (replacement.valid() ? replacement.value() : Slice()) : replace;
      if (replacement.valid()) replacement.next();
      searches.add(text_of(item.value()), text_of(with));
    }
  } else {
    searches.add(text_of(search), text_of(replace.is_array() && replace.size() > 0 ? replace.at(0) : replace));
  }
  uint64_t limit;
  if (!read_limit(context, argument(arguments, search.is_object() ? 2 : 3), "SUBSTITUTE", limit)) return Slice::null();

  std::string result;
  size_t from = 0;
  for (; limit > 0; --limit) {
    Searches::Found found = searches.next(text, from);
    if (found.at == std::string_view::npos) break;
    result += text.view().substr(from, found.at - from);
    result += found.replacement;
    from = found.at + found.size;
    if (result.size() > context.largest_value_bytes || context.should_stop()) break;
  }
  result += text.view().substr(from);
  return fits(context, result.size()) ? context.arena().string(result) : Slice::null();
}

constexpr Function kFunctions[] = {
    {"LEFT", "string", 2, 2, kDeterministic, "value: string, length: number", "The first characters of a string.",
     "RETURN LEFT(\"foobar\", 3)", "[\"foo\"]", left},
    {"LTRIM", "string", 1, 2, kDeterministic, "value: string, chars?: string",
     "The string without white space, or some characters, in front.", "RETURN LTRIM(\"  foo \")", "[\"foo \"]",
     left_trim},
    {"RIGHT", "string", 2, 2, kDeterministic, "value: string, length: number", "The last characters of a string.",
     "RETURN RIGHT(\"foobar\", 3)", "[\"bar\"]", right},
    {"RTRIM", "string", 1, 2, kDeterministic, "value: string, chars?: string",
     "The string without white space, or some characters, at its end.", "RETURN RTRIM(\" foo  \")", "[\" foo\"]",
     right_trim},
    {"SPLIT", "string", 1, 3, kDeterministic, "value: string, separator?: string, limit?: number",
     "The pieces of a string between separators; an empty separator gives its characters.",
     "RETURN SPLIT(\"a-b_c\", [\"-\", \"_\"])", "[[\"a\",\"b\",\"c\"]]", split},
    {"SUBSTITUTE", "string", 2, 4, kDeterministic,
     "value: string, search: string|array, replace?: string|array, limit?: number",
     "Replaces texts in a string, given as search and replacement, as arrays of them or as an object.",
     "RETURN SUBSTITUTE(\"the quick fox\", {quick: \"lazy\", fox: \"dog\"})", "[\"the lazy dog\"]", substitute},
    {"SUBSTRING", "string", 2, 3, kDeterministic, "value: string, offset: number, length?: number",
     "A part of a string by characters; a negative offset counts from the end.",
     "RETURN SUBSTRING(\"Holy Guacamole!\", -5, 4)", "[\"mole\"]", substring},
    {"SUBSTRING_BYTES", "string", 2, 5, kDeterministic,
     "value: string, offset: number, length?: number, left?: number, right?: number",
     "A part of a string by bytes, widened by characters to the left and right.",
     "RETURN SUBSTRING_BYTES(\"Holy Guacamole!\", 5, 4, 2, 0)", "[\"y Guac\"]", substring_bytes},
    {"TRIM", "string", 1, 2, kDeterministic, "value: string, typeOrChars?: number|string",
     "The string without white space, or some characters, at both ends; type 1 is left only, 2 right only.",
     "RETURN TRIM(\";foo;bar, \", \",; \")", "[\"foo;bar\"]", trim},
};

}  // namespace

std::span<const Function> string_part_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

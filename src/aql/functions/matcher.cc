#include "aql/functions/matcher.h"

#include "aql/functions/implementation.h"
#include "aql/functions/utf8.h"

namespace workerdb::aql::functions {
namespace {

// One element of a LIKE pattern at `at`; moves behind it.
struct Element {
  enum Kind { kCharacter, kAnyOne, kAnyMany } kind;
  char32_t character;
};
Element next_element(std::string_view pattern, size_t& at) {
  char c = pattern[at];
  if (c == '%') return ++at, Element{Element::kAnyMany, 0};
  if (c == '_') return ++at, Element{Element::kAnyOne, 0};
  if (c == '\\' && at + 1 < pattern.size()) {
    char next = pattern[at + 1];
    if (next == '%' || next == '_' || next == '\\') ++at;
  }
  return {Element::kCharacter, next_character(pattern, at)};
}

}  // namespace

bool matches_like(const Context& context, std::string_view text, std::string_view pattern, bool ignores_case) {
  size_t at = 0, in_pattern = 0;
  // Where to go on when a mismatch follows a `%`: only the last one can matter.
  size_t retry_text = 0, retry_pattern = std::string_view::npos;
  for (uint32_t steps = 0;; ++steps) {
    if ((steps & 0xffff) == 0xffff && context.should_stop()) return false;
    bool matched = false;
    if (in_pattern < pattern.size()) {
      size_t behind = in_pattern;
      Element element = next_element(pattern, behind);
      if (element.kind == Element::kAnyMany) {
        in_pattern = retry_pattern = behind;
        retry_text = at;
        continue;
      }
      if (at < text.size()) {
        size_t next = at;
        char32_t character = next_character(text, next);
        matched = element.kind == Element::kAnyOne || element.character == character ||
                  (ignores_case && fold_case(element.character) == fold_case(character));
        if (matched) at = next, in_pattern = behind;
      }
    } else if (at == text.size()) {
      return true;
    }
    if (matched) continue;
    if (retry_pattern == std::string_view::npos || retry_text >= text.size()) return false;
    if (retry_pattern == pattern.size()) return true;
    retry_text += character_size(text, retry_text);
    at = retry_text;
    in_pattern = retry_pattern;
  }
}

value::Slice like_operator(Context& context, value::Slice text, value::Slice pattern) {
  if (!text.is_string() || !pattern.is_string()) return value::Slice::boolean(false);
  return value::Slice::boolean(matches_like(context, text.as_string(), pattern.as_string()));
}

value::Slice regex_operator(Context& context, value::Slice text, value::Slice pattern) {
  std::optional<bool> result = matches_regex(context, Text(text), Text(pattern));
  return result ? value::Slice::boolean(*result) : value::Slice::null();
}

}  // namespace workerdb::aql::functions

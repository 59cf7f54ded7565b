#include "aql/functions/matcher.h"

#include <fmt/format.h>

#include <list>

#include "aql/functions/implementation.h"
#include "aql/functions/regex.h"
#include "aql/functions/utf8.h"

namespace workerdb::aql::functions {
namespace {

constexpr size_t kCachedExpressions = 64, kLongestExpression = 64 << 10, kLongestText = size_t(512) << 20;
// ICU counts steps of its engine; a thousand of them take about a millisecond.
constexpr int32_t kTimeLimit = 10000, kStackLimit = 16 << 20;

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

UBool may_go_on(const void* context, int32_t) { return !static_cast<const Context*>(context)->should_stop(); }

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

Regex::Regex(std::string expression, bool ignores_case)
    : expression_(std::move(expression)), ignores_case_(ignores_case) {
  UErrorCode status = U_ZERO_ERROR;
  matcher_ = std::make_unique<icu::RegexMatcher>(icu::UnicodeString::fromUTF8(expression_),
                                                 ignores_case ? uint32_t(UREGEX_CASE_INSENSITIVE) : 0u, status);
  matcher_->setTimeLimit(kTimeLimit, status);
  matcher_->setStackLimit(kStackLimit, status);
  if (U_FAILURE(status)) matcher_.reset();
}

icu::RegexMatcher& Regex::on(const Context& context, std::string_view text) {
  // ICU counts in int32; no value is that large (largest_value_bytes).
  text = text.substr(0, kLongestText);
  text_ = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), int32_t(text.size())));
  UErrorCode status = U_ZERO_ERROR;
  matcher_->setMatchCallback(may_go_on, &context, status);
  return matcher_->reset(text_);
}

std::string Regex::to_utf8(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

Regex* Regex::compiled(Context& context, std::string_view expression, bool ignores_case, std::string_view function) {
  static thread_local std::list<Regex> cache;
  for (auto at = cache.begin(); at != cache.end(); ++at) {
    if (at->ignores_case() != ignores_case || at->expression() != expression) continue;
    cache.splice(cache.begin(), cache, at);
    return &cache.front();
  }
  if (expression.size() <= kLongestExpression) {
    Regex regex(std::string(expression), ignores_case);
    if (regex.is_valid()) {
      cache.push_front(std::move(regex));
      if (cache.size() > kCachedExpressions) cache.pop_back();
      return &cache.front();
    }
  }
  warned(context, base::ErrorCode::kQueryInvalidRegex, function);
  return nullptr;
}

bool went_well(Context& context, UErrorCode status, std::string_view function) {
  if (U_SUCCESS(status)) return true;
  // A query that is to stop ends by itself: no warning about that.
  if (status == U_REGEX_STOPPED_BY_CALLER) return false;
  std::string_view cause = status == U_REGEX_TIME_OUT         ? "matching took too long"
                           : status == U_REGEX_STACK_OVERFLOW ? "matching needs too much memory"
                                                              : "matching failed";
  context.warn(base::ErrorCode::kQueryInvalidRegex,
               fmt::format("in function '{}()': invalid regex value: {}", function, cause));
  return false;
}

std::optional<bool> matches_regex(Context& context, std::string_view text, std::string_view pattern,
                                  bool ignores_case) {
  constexpr std::string_view kFunction = "REGEX_TEST";
  // Without a metacharacter an expression is a plain search.
  if (!ignores_case && pattern.find_first_of(".*?+[](){}^$|\\") == std::string_view::npos) {
    return text.find(pattern) != std::string_view::npos;
  }
  Regex* regex = Regex::compiled(context, pattern, ignores_case, kFunction);
  if (regex == nullptr) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  bool found = regex->on(context, text).find(status);
  if (!went_well(context, status, kFunction)) return std::nullopt;
  return found;
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

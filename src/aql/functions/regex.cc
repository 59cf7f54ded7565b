// Regular expressions: ICU's behind a small cache per thread, and the REGEX_ functions.
#include <fmt/format.h>
#include <unicode/regex.h>

#include <list>
#include <memory>

#include "aql/functions/implementation.h"
#include "aql/functions/matcher.h"
#include "aql/functions/substring.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

constexpr size_t kCachedExpressions = 64, kLongestExpression = 64 << 10, kLongestText = size_t(512) << 20;
// ICU counts rounds of its engine; this many end an expression that runs away within a second.
constexpr int32_t kTimeLimit = 4000, kStackLimit = 16 << 20;

UBool may_go_on(const void* context, int32_t) { return !static_cast<const Context*>(context)->should_stop(); }

// A compiled expression, set on a text. Borrowed from the thread's cache: valid until the next call of
// compiled().
class Regex {
 public:
  // Null, with a warning 1543, where the expression is invalid or longer than 64 KiB.
  static Regex* compiled(Context& context, std::string_view expression, bool ignores_case, std::string_view function);

  Regex(std::string expression, bool ignores_case);
  bool is_valid() const { return matcher_ != nullptr; }
  const std::string& expression() const { return expression_; }
  bool ignores_case() const { return ignores_case_; }

  // Copies the text into the matcher.
  icu::RegexMatcher& on(const Context& context, std::string_view text);
  const icu::UnicodeString& text() const { return text_; }
  static std::string to_utf8(const icu::UnicodeString& text);

 private:
  std::string expression_;
  bool ignores_case_;
  std::unique_ptr<icu::RegexMatcher> matcher_;
  icu::UnicodeString text_;
};

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

// Handles the status of a match: true if it went well, else a warning 1543 was given.
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

}  // namespace

std::optional<bool> matches_regex(Context& context, std::string_view text, std::string_view pattern,
                                  bool ignores_case) {
  constexpr std::string_view kFunction = "REGEX_TEST";
  // Without a metacharacter an expression is a plain search.
  if (!ignores_case && pattern.find_first_of(".*?+[](){}^$|\\") == std::string_view::npos) {
    return find_first(text, pattern) != std::string_view::npos;
  }
  Regex* regex = Regex::compiled(context, pattern, ignores_case, kFunction);
  if (regex == nullptr) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  bool found = regex->on(context, text).find(status);
  if (!went_well(context, status, kFunction)) return std::nullopt;
  return found;
}

namespace {

Slice regex_test(Context& context, Arguments arguments) {
  std::optional<bool> found = matches_regex(context, Text(arguments[0]), Text(arguments[1]), flag(arguments, 2));
  return found ? Slice::boolean(*found) : Slice::null();
}

// The groups of the current match from `first` on; one that took no part is an empty string.
void write_groups(icu::RegexMatcher& matcher, int32_t first, value::Builder& builder, UErrorCode& status) {
  for (int32_t group = first; group <= matcher.groupCount() && U_SUCCESS(status); ++group) {
    builder.string(Regex::to_utf8(matcher.group(group, status)));
  }
}

Slice regex_matches(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "REGEX_MATCHES";
  Text text(arguments[0]);
  Regex* regex = Regex::compiled(context, Text(arguments[1]), flag(arguments, 2), kName);
  if (regex == nullptr) return Slice::null();
  UErrorCode status = U_ZERO_ERROR;
  icu::RegexMatcher& matcher = regex->on(context, text);
  bool found = matcher.find(status);
  if (!went_well(context, status, kName) || !found) return Slice::null();
  value::Builder& builder = context.scratch();
  builder.open_array();
  write_groups(matcher, 0, builder, status);
  builder.close();
  Slice matches = context.finish();
  return went_well(context, status, kName) ? matches : Slice::null();
}

Slice regex_split(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "REGEX_SPLIT";
  Text text(arguments[0]);
  Slice given_limit = argument(arguments, 3);
  int64_t limit = given_limit.is_null() ? INT64_MAX : to_integer(given_limit);
  if (limit < 0) return wrong_type(context, kName);
  Regex* regex = Regex::compiled(context, Text(arguments[1]), flag(arguments, 2), kName);
  if (regex == nullptr) return Slice::null();

  UErrorCode status = U_ZERO_ERROR;
  icu::RegexMatcher& matcher = regex->on(context, text);
  std::vector<std::string> pieces;
  int32_t from = 0;
  while (int64_t(pieces.size()) < limit && matcher.find(status)) {
    int32_t start = matcher.start(status), end = matcher.end(status);
    // A match of nothing splits between characters, and not at the ends of the text.
    if (start == end && (start == 0 || start == regex->text().length())) continue;
    pieces.push_back(Regex::to_utf8(regex->text().tempSubStringBetween(from, start)));
    for (int32_t group = 1; group <= matcher.groupCount(); ++group) {
      pieces.push_back(Regex::to_utf8(matcher.group(group, status)));
    }
    from = end;
    if (context.should_stop() || U_FAILURE(status)) break;
  }
  if (!went_well(context, status, kName)) return Slice::null();
  pieces.push_back(Regex::to_utf8(regex->text().tempSubString(from)));
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (size_t i = 0; i < pieces.size() && int64_t(i) < limit; ++i) builder.string(pieces[i]);
  builder.close();
  return context.finish();
}

Slice regex_replace(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "REGEX_REPLACE";
  Text text(arguments[0]), replacement(arguments[2]);
  Regex* regex = Regex::compiled(context, Text(arguments[1]), flag(arguments, 3), kName);
  if (regex == nullptr) return Slice::null();
  UErrorCode status = U_ZERO_ERROR;
  icu::RegexMatcher& matcher = regex->on(context, text);
  icu::UnicodeString with =
      icu::UnicodeString::fromUTF8(icu::StringPiece(replacement.view().data(), int32_t(replacement.view().size())));
  icu::UnicodeString result;
  while (U_SUCCESS(status) && matcher.find(status)) {
    matcher.appendReplacement(result, with, status);
    if (context.should_stop() || !fits(context, size_t(result.length()))) return Slice::null();
  }
  if (!went_well(context, status, kName)) return Slice::null();
  matcher.appendTail(result);
  return context.arena().string(Regex::to_utf8(result));
}

constexpr Function kFunctions[] = {
    {"REGEX_MATCHES", "string", 2, 3, kDeterministic, "text: string, regex: string, caseInsensitive?: bool",
     "The first match of a regular expression and its groups, null if there is none.",
     "RETURN REGEX_MATCHES(\"john@doe\", \"^(.+)@(.+)$\")", "[[\"john@doe\",\"john\",\"doe\"]]", regex_matches},
    {"REGEX_REPLACE", "string", 3, 4, kDeterministic,
     "text: string, regex: string, replacement: string, caseInsensitive?: bool",
     "The text with every match of a regular expression replaced; $1 stands for the first group.",
     "RETURN REGEX_REPLACE(\"An Avocado\", \"a\", \"_\", true)", "[\"_n _voc_do\"]", regex_replace},
    {"REGEX_SPLIT", "string", 2, 4, kDeterministic,
     "text: string, regex: string, caseInsensitive?: bool, limit?: number",
     "The pieces of a text between the matches of a regular expression; its groups are kept as pieces.",
     "RETURN REGEX_SPLIT(\"hypertext language, programming\", \"[ ,]+\")",
     "[[\"hypertext\",\"language\",\"programming\"]]", regex_split},
    {"REGEX_TEST", "string", 2, 3, kDeterministic, "text: string, regex: string, caseInsensitive?: bool",
     "Whether a regular expression matches anywhere in the text.",
     "RETURN REGEX_TEST(\"the quick fox\", \"^the.*f.x$\")", "[true]", regex_test},
};

}  // namespace

std::span<const Function> regex_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

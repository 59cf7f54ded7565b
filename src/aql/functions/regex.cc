// REGEX_TEST, REGEX_MATCHES, REGEX_SPLIT, REGEX_REPLACE.
#include "aql/functions/regex.h"

#include "aql/functions/implementation.h"
#include "aql/functions/matcher.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

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
  icu::UnicodeString with = icu::UnicodeString::fromUTF8(icu::StringPiece(replacement.view().data(), int32_t(replacement.view().size())));
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
    {"REGEX_MATCHES", "string", 2, 3, kDeterministic, "text, regex, caseInsensitive?",
     "The first match of a regular expression and its groups, null if there is none.",
     "RETURN REGEX_MATCHES(\"john@doe\", \"^(.+)@(.+)$\")", "[[\"john@doe\",\"john\",\"doe\"]]", regex_matches},
    {"REGEX_REPLACE", "string", 3, 4, kDeterministic, "text, regex, replacement, caseInsensitive?",
     "The text with every match of a regular expression replaced; $1 stands for the first group.",
     "RETURN REGEX_REPLACE(\"An Avocado\", \"a\", \"_\", true)", "[\"_n _voc_do\"]", regex_replace},
    {"REGEX_SPLIT", "string", 2, 4, kDeterministic, "text, regex, caseInsensitive?, limit?",
     "The pieces of a text between the matches of a regular expression; its groups are kept as pieces.",
     "RETURN REGEX_SPLIT(\"hypertext language, programming\", \"[ ,]+\")",
     "[[\"hypertext\",\"language\",\"programming\"]]", regex_split},
    {"REGEX_TEST", "string", 2, 3, kDeterministic, "text, regex, caseInsensitive?",
     "Whether a regular expression matches anywhere in the text.", "RETURN REGEX_TEST(\"the quick fox\", \"^the.*f.x$\")",
     "[true]", regex_test},
};

}  // namespace

std::span<const Function> regex_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

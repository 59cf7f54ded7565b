#pragma once
// ICU's regular expressions behind a small per-thread cache. Included only by .cc files of this folder.
#include <unicode/regex.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aql/functions/context.h"

namespace workerdb::aql::functions {

// A compiled expression, set on a text. Borrowed from the thread's cache: valid until the next call of compiled().
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

// Handles the status of a match: true if it went well, else a warning 1543 was given.
bool went_well(Context& context, UErrorCode status, std::string_view function);

}  // namespace workerdb::aql::functions

#pragma once
// LIKE and regular expressions, for the functions and for the operators LIKE, NOT LIKE, =~ and !~.
// Source: the 3.12 documentation, "String functions", LIKE() and "Regular Expression Syntax".
#include <optional>
#include <string_view>

#include "aql/functions/context.h"

namespace workerdb::aql::functions {

// The whole text against the pattern: `_` one character, `%` any number, backslash before `_`, `%` or
// backslash makes it literal. Case-insensitive by simple Unicode folding. Linear memory; ends early, as
// false, when the query is to stop.
bool matches_like(const Context& context, std::string_view text, std::string_view pattern, bool ignores_case = false);

// True if the regular expression (ICU's) occurs in the text. None, with a warning 1543, where the expression
// is invalid or matching took too long. Compiled expressions are kept per thread, the least recently used
// ones go.
std::optional<bool> matches_regex(Context& context, std::string_view text, std::string_view pattern,
                                  bool ignores_case = false);

// The operators' results. LIKE works on two strings; a value of another type never matches.
value::Slice like_operator(Context& context, value::Slice text, value::Slice pattern);
// Null where the expression is invalid.
value::Slice regex_operator(Context& context, value::Slice text, value::Slice pattern);

}  // namespace workerdb::aql::functions

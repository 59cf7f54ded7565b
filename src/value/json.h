#pragma once
// JSON in and out. In: RFC 8259, strict, UTF-8 only. Out: compact; attribute order as written.
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "value/builder.h"

namespace workerdb::value {

// Arrays and objects inside one another, counted from 1 (rules.md: "a little under 200 levels").
constexpr size_t kMaxNesting = 199;

// Appends the one value that the text holds to a builder. Numbers: integers of int64 and uint64 exactly, all others
// as the nearest double; one beyond the doubles is an error. Of two attributes with one name the last wins.
// Errors: kHttpCorruptedJson with the byte position, also for invalid UTF-8, text behind the value, and more than
// kMaxNesting levels. The builder is then left in an undefined state: clear it. Thread-safe.
base::Result<> parse_json(std::string_view text, Builder& into);
base::Result<Buffer> parse_json(std::string_view text);

// Appends the value as JSON. None and null give `null`. Integral doubles from 2^53 to 2^64 end in ".0", so that they
// come back as doubles (rules.md); other doubles are written with the fewest digits that read back the same.
void append_json(Slice value, std::string& to);
std::string to_json(Slice value);
// The same over several lines, indented by two spaces.
std::string to_pretty_json(Slice value);
// Appends a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& to);

// True if the bytes are UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

}  // namespace workerdb::value

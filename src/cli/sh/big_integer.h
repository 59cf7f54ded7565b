#pragma once
// Whole numbers beyond 2^53 on their way through JavaScript, whose numbers are doubles. JSON.parse would round
// them, so each travels as the string mark + digits, which the shell's reviver turns into a BigInt, and back.
#include <optional>
#include <string>
#include <string_view>

namespace workerdb::cli {

// A text that no document contains by chance: 128 random bits behind a NUL character.
std::string random_mark();

// `json` with each integer literal of more than 53 bits that fits into 64 (signed or unsigned) as "mark…digits".
// Nothing when it holds none, so that the common case costs one pass and no copy. Literals with a fraction or an
// exponent are doubles and stay. Malformed JSON comes back in some form that JSON.parse refuses as well.
std::optional<std::string> mark_big_integers(std::string_view json, std::string_view mark);

// The way back: the strings "mark…digits" of `json`, as JSON.stringify writes them, become numbers.
std::string unmark_big_integers(std::string_view json, std::string_view mark);

}  // namespace workerdb::cli

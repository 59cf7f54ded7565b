#pragma once
// Small questions about texts that come from elsewhere.
#include <string>
#include <string_view>

#include "value/slice.h"

namespace workerdb::value {

// The text of a string, borrowed from the value; empty for a value of any other type.
std::string_view text_or_empty(Slice value);

// The text itself where it is UTF-8. Elsewhere each byte of what is not ASCII becomes '?': JSON takes UTF-8 alone,
// and what a log, a server or a command said may hold any bytes.
std::string as_utf8(std::string text);

}  // namespace workerdb::value

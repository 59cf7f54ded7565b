#pragma once
// Checks the arguments of a call against the tool's input schema and says precisely what is wrong. Knows the part of
// JSON Schema 2020-12 that the tools use; `unknown_keywords` lets a test see to it that they use no more.
#include <string>
#include <vector>

#include "value/slice.h"

namespace workerdb::mcp {

// One sentence a problem ("'limit' must be at most 200, not 5000"); empty when all is well. At most `at_most`.
std::vector<std::string> check_arguments(value::Slice arguments, value::Slice schema, size_t at_most = 5);

// Keywords anywhere in the schema that check_arguments would not look at.
std::vector<std::string> unknown_keywords(value::Slice schema);

}  // namespace workerdb::mcp

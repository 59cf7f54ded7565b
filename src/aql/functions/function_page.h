#pragma once
// The documentation page of the functions, docs/AQL-FUNCTIONS.md, made of the registry.
#include <string>

namespace workerdb::aql::functions {

// Markdown; the same text for the same registry.
std::string function_page();

}  // namespace workerdb::aql::functions

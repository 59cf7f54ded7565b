#pragma once
// Bounds of an XML text, checked before a parser builds a tree of it.
#include <string_view>

#include "base/result.h"

namespace workerdb::cli {

constexpr size_t kMaxXmlDepth = 128;
constexpr size_t kMaxXmlElements = 200'000;

// Refuses a document type declaration (and with it entities), more than kMaxXmlDepth elements inside one
// another, more than kMaxXmlElements, NUL, and what is not UTF-8; each with the line. Linear time, no memory.
// It does not say that the text is well-formed: that is the parser's word. Errors: kResourceLimit,
// kBadParameter.
base::Result<> check_xml_bounds(std::string_view xml);

// The line, from 1, on which the byte at an offset stands.
size_t line_at(std::string_view text, size_t offset);

}  // namespace workerdb::cli

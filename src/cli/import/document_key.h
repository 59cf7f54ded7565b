#pragma once
// Document keys out of names that others chose. Rule:
// https://docs.arangodb.com/3.12/concepts/data-structure/documents/ (1 to 254 bytes of A-Z a-z 0-9 and _ - .
// @ ( ) + , = ; $ ! * ' % :).
#include <string>
#include <string_view>

namespace workerdb::cli {

constexpr size_t kMaxKeyBytes = 254;

bool is_document_key(std::string_view text);

// The text itself where it is a key; otherwise what is legal in it, and a digest of the whole that keeps
// different texts apart. The same text always gives the same key.
std::string to_document_key(std::string_view text);

// The key of a model's element: "<definition>.<element>". What stands behind the last dot is always the
// element.
std::string element_key(std::string_view definition_key, std::string_view element_id);

}  // namespace workerdb::cli

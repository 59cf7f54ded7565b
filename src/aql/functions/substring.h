#pragma once
// Where a text stands in another one, in time that grows with their sum: std::string_view's own search takes their
// product for texts like "aaa…b", and nothing could end it.
#include <cstddef>
#include <string_view>

namespace workerdb::aql::functions {

// In bytes; std::string_view::npos where there is none. An empty text is found at once, as std::string_view does.
size_t find_first(std::string_view text, std::string_view search, size_t from = 0);
size_t find_last(std::string_view text, std::string_view search);

}  // namespace workerdb::aql::functions

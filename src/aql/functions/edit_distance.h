#pragma once
// How many edits make one text of another.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aql/functions/context.h"

namespace workerdb::aql::functions {

// Insertions, deletions and replacements of characters, and with_swaps also exchanges of neighbours
// (Damerau's distance without the restriction to untouched neighbours). None, with a warning in the name of
// `function`, for texts whose table of distances would have more than 16M cells, and where the query is to
// stop.
std::optional<uint32_t> edit_distance(Context& context, const std::u32string& left, const std::u32string& right,
                                      bool with_swaps, std::string_view function);

}  // namespace workerdb::aql::functions

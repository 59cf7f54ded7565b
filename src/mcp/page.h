#pragma once
// Pages of an answer: an opaque cursor that holds where the next one begins and which call it belongs to. Nothing is
// kept between calls, so that any process can serve the next page.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mcp/tool.h"

namespace workerdb::mcp {

struct PageStart {
  uint64_t skip = 0;
  std::string position;  // the door's own word for a place (cache)
};

// Where the call's `cursor` points; the beginning without one. kBadParameter when it is no cursor of ours, or one of
// another call (the arguments but `limit` must be the same).
base::Result<PageStart> page_start(const ToolCall& call);
std::string make_cursor(const ToolCall& call, const PageStart& next);

// How many leading items of an array fit into `bytes` as JSON.
struct Fit {
  uint64_t items = 0;
  uint64_t first_bytes = 0;  // of the first item, for the error when not even that fits
};
Fit fitting_items(value::Slice array, uint64_t at_most_items, uint64_t bytes);

}  // namespace workerdb::mcp

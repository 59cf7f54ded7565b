#include "base/time.h"
#include "mcp/tool.h"

namespace workerdb::mcp {

using value::Slice;

int64_t Call::left_ms() const {
  int64_t left = (deadline_ns - base::steady_time_ns()) / 1'000'000;
  return left < 1 ? 1 : left;
}

std::string text_argument(const ToolCall& call, std::string_view name, std::string_view otherwise) {
  Slice value = call.arguments.get(name);
  return std::string(value.is_string() ? value.as_string() : otherwise);
}

uint64_t rows_argument(const ToolCall& call) {
  Slice limit = call.arguments.get("limit");
  if (!limit.is_number()) return call.limits.rows_default;
  double rows = limit.as_double();  // the schema holds it to [1, 200], but the limits may be tighter
  if (rows < 1) return 1;
  return rows > static_cast<double>(call.limits.rows_most) ? call.limits.rows_most : static_cast<uint64_t>(rows);
}

access::StoreKind store_argument(const ToolCall& call, access::StoreKind otherwise) {
  return access::parse_store_kind(text_argument(call, "store")).value_or(otherwise);
}

}  // namespace workerdb::mcp

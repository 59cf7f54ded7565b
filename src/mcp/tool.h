#pragma once
// A tool as data: what a client sees of it, and the function that answers a call. The table stands in registry.cc.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mcp/data_door.h"
#include "value/builder.h"

namespace workerdb::mcp {

// What an answer may cost. Tools cut to these, whatever the door brings.
struct AnswerLimits {
  uint64_t rows_default = 20;
  uint64_t rows_most = 200;
  uint64_t bytes = 64 * 1024;  // of the structured answer as JSON
};

// What a handler sees. Its arguments have passed the input schema.
struct ToolCall {
  DataDoor& door;
  const Call& call;
  value::Slice arguments;
  const AnswerLimits& limits;
};

// One sentence for the model and the data for its program; both go out together.
struct ToolAnswer {
  std::string summary;
  value::Buffer structured;  // of the shape of output_schema
};

using ToolHandler = base::Result<ToolAnswer> (*)(const ToolCall& call);

struct Tool {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  std::string_view input_schema;   // JSON
  std::string_view output_schema;  // JSON
  bool is_read_only = true;        // readOnlyHint; what is not read-only here adds and never destroys
  bool is_idempotent = true;
  bool needs_publish = false;  // shown only to whom may publish
  std::string_view example;    // arguments that work, as JSON; quoted in errors
  ToolHandler handler;
};

// All tools in the order in which they are listed. Constant.
std::span<const Tool> tools();
const Tool* find_tool(std::string_view name);

// What a model needs to mend its call: what is wrong, the rule, what would be allowed, an example. Plain text.
std::string mending_text(const Tool& tool, const ToolCall& call, const base::Error& error);
std::string mending_text(const Tool& tool, const std::vector<std::string>& problems);

// ---- for handlers ----------------------------------------------------------------------------------------

// The argument's text, or `otherwise`.
std::string text_argument(const ToolCall& call, std::string_view name, std::string_view otherwise = {});
// The argument's number within [1, limits.rows_most], or the default of the limits.
uint64_t rows_argument(const ToolCall& call);
// Of an argument that the schema holds to an enum of store names.
access::StoreKind store_argument(const ToolCall& call, access::StoreKind otherwise);

base::Result<ToolAnswer> get_context_databases(const ToolCall& call);
base::Result<ToolAnswer> describe(const ToolCall& call);
base::Result<ToolAnswer> query_documents(const ToolCall& call);
base::Result<ToolAnswer> query_relational(const ToolCall& call);
base::Result<ToolAnswer> explain(const ToolCall& call);
base::Result<ToolAnswer> cache_get(const ToolCall& call);
base::Result<ToolAnswer> get_credential(const ToolCall& call);
base::Result<ToolAnswer> publish_event(const ToolCall& call);

}  // namespace workerdb::mcp

#pragma once
// workerdb context: list, use, show, add, remove.
#include <string>

#include "access/context/context.h"
#include "base/result.h"

namespace workerdb::cli {

base::Result<> list_contexts(bool as_json);
base::Result<> use_context(const std::string& name);
// An empty name is the one in use.
base::Result<> show_context(const std::string& name);
// kDuplicateName when the name is there. Checked like a written file.
base::Result<> add_context(const access::Context& context, bool use);
// What an external MCP server says about its databases (get_context_databases).
base::Result<> show_databases_of(const std::string& mcp_server);
base::Result<> remove_context(const std::string& name);

}  // namespace workerdb::cli

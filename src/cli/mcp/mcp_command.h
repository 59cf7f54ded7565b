#pragma once
// workerdb mcp and workerdb skill.
#include <string>

#include "base/result.h"
#include "cli/command_line/command_line.h"

namespace workerdb::cli {

// Serves MCP on standard input and output until the end of the input. Who asks through it is an agent, whoever
// started the program.
base::Result<int> run_mcp(const CommonOptions& options, const std::string& catalog_folder);

// Prints the page for agents; the stores need not be up.
base::Result<int> run_skill(const CommonOptions& options, const std::string& catalog_folder);

}  // namespace workerdb::cli

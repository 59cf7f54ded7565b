// mcp, skill.
#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.h"
#include "cli/mcp/mcp_command.h"

namespace workerdb::cli {

void add_agent_commands(CLI::App& app, CommandLine& line) {
  auto catalog = std::make_shared<std::string>();
  CLI::App* mcp = app.add_subcommand(
      "mcp", "Serve the databases to an AI agent: the Model Context Protocol on standard input and output");
  CLI::App* skill =
      app.add_subcommand("skill", "Print what an AI agent has to know about the databases, from the catalog");
  for (CLI::App* command : {mcp, skill}) {
    add_data_option(*command, line);
    command->add_option("--context", line.common.context, "Where the stores are (see `workerdb context`)")
        ->type_name("NAME");
    command->add_option("--catalog", *catalog, "The catalog's folder")->type_name("DIR");
  }
  mcp->footer(
      "The same over HTTP: POST /mcp on the stack's control port, with the bearer token in DIR/secrets/mcp-token.");
  mcp->callback([catalog, &line] { line.run = [catalog, &line] { return run_mcp(line.common, *catalog); }; });
  skill->callback([catalog, &line] { line.run = [catalog, &line] { return run_skill(line.common, *catalog); }; });
}

}  // namespace workerdb::cli

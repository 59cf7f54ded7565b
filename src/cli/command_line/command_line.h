#pragma once
// The command line: what all commands share, and one function a group of commands. A group declares its
// subcommands on the parser, keeps what their options are parsed into alive, and says in `run` what the one that
// was given does.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
}

namespace workerdb::cli {

struct CommonOptions {
  std::string data;           // --data: the local stack's folder
  std::string context;        // --context: where the stores are; empty: the current context
  bool write = false;         // --write: outside the local stack commands only read without it
  bool audit_values = false;  // --audit-values: the audit log keeps the statement and its values, too
  std::string approval;       // --approval: what a person allowed (`workerdb approve`)
  int64_t approve_for_s = 0;  // under `workerdb approve`: how long what the command needs is allowed; 0 elsewhere
};

struct CommandLine {
  CommonOptions common;
  // Set by the parser's callbacks; called once, after parsing. An exit code, or an error that main prints.
  std::function<base::Result<int>()> run;
  // Set by `approve`: the words of the command to ask about, which main parses anew.
  std::vector<std::string> words_to_approve;
};

// Options that several commands have.
void add_data_option(CLI::App& command, CommandLine& line);
// --data, --context, --write, --approval: for commands that reach stores.
void add_store_options(CLI::App& command, CommandLine& line);

// up, down, status, logs, env, doctor, serve.
void add_stack_commands(CLI::App& app, CommandLine& line);
// aql, sql, redis, import.
void add_query_commands(CLI::App& app, CommandLine& line);
// sh.
void add_shell_commands(CLI::App& app, CommandLine& line);
// plan, apply, drop, truncate, reset.
void add_catalog_commands(CLI::App& app, CommandLine& line);
// guard, audit.
void add_guard_commands(CLI::App& app, CommandLine& line);
// approve.
void add_approval_commands(CLI::App& app, CommandLine& line);
// credential.
void add_credential_commands(CLI::App& app, CommandLine& line);
// context.
void add_context_commands(CLI::App& app, CommandLine& line);
// mcp, skill.
void add_agent_commands(CLI::App& app, CommandLine& line);
// tunnel.
void add_tunnel_commands(CLI::App& app, CommandLine& line);

}  // namespace workerdb::cli

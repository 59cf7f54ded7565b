// The program: parses the command line, runs one command, turns its end into an exit code.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>

#include "base/process_memory.h"
#include "base/version.h"
#include "cli/command_line/command_line.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/sh/argument_secrets.h"
#include "cli/stack/data_folder.h"

namespace workerdb::cli {
namespace {

int report(const base::Error& error) {
  if (error.code() == base::ErrorCode::kNoError) return int(ExitCode::kSuccess);  // all was said
  fmt::print(stderr, "{} {}\n", styled(stderr, fmt::format("error {}:", error.number()), kRed), error.message());
  return int(exit_code_of(error));
}

// Words as the shell gave them, without the program's name. `approve_for_s`: the command is only asked about.
int run_words(std::vector<std::string> words, int64_t approve_for_s) {
  CLI::App app("workerdb: documents, PostgreSQL and Redis of a workflow platform in one program", "workerdb");
  app.set_version_flag("--version", std::string(base::kVersion));
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 success, 1 failure, 2 usage, 3 a store does not answer, 4 not allowed, 5 not found, 6 conflict, "
      "7 syntax, 8 needs a person's approval, 9 limit, 10 records left out.");
  CommandLine line;
  line.common.data = default_data_folder();
  line.common.approve_for_s = approve_for_s;
  add_stack_commands(app, line);
  add_query_commands(app, line);
  add_shell_commands(app, line);
  add_catalog_commands(app, line);
  add_context_commands(app, line);
  add_tunnel_commands(app, line);
  add_credential_commands(app, line);
  add_agent_commands(app, line);
  add_guard_commands(app, line);
  if (approve_for_s == 0) add_approval_commands(app, line);
  std::reverse(words.begin(), words.end());  // as the parser wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    // Help and version come here too, with 0.
    return app.exit(error) == 0 ? int(ExitCode::kSuccess) : int(ExitCode::kUsage);
  }
  auto code = line.run();
  if (code && !line.words_to_approve.empty())
    return run_words(std::move(line.words_to_approve), line.common.approve_for_s);
  return code ? *code : report(code.error());
}

int main_of(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return run_words(std::move(take_arguments(argc, argv, {"--server.password"}).words), 0);
}

}  // namespace
}  // namespace workerdb::cli

int main(int argc, char** argv) {
  workerdb::base::keep_memory_private();
  try {
    return workerdb::cli::main_of(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "workerdb: {}\n", error.what());
    return 1;
  }
}

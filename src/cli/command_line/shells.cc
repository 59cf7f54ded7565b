// workerdb sh.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.h"
#include "cli/sh_command.h"

namespace workerdb::cli {
namespace {

constexpr const char* kHelp =
    "Without an endpoint: the documents of the context, with its login, each request as the guard decides it. The "
    "password of another server: "
    "--server.password-file, $ARANGO_PASSWORD_FILE or $ARANGO_PASSWORD, else a question on the terminal.";

void add_server_options(CLI::App& sh, ShOptions& to) {
  sh.add_option("--server.endpoint", to.endpoint, "http://HOST:PORT, tcp://HOST:PORT or http+tcp://HOST:PORT");
  sh.add_option("--server.username", to.user, "The user")->capture_default_str();
  sh.add_option("--server.password", to.password, "Shows in the process list for a moment: prefer a file")
      ->each([&to](const std::string&) { to.has_password = true; });
  sh.add_option("--server.password-file", to.password_file, "A file that holds it")->type_name("FILE");
  sh.add_option("--server.database", to.database, "The database; without it the context's, else _system");
  sh.add_option("--server.authentication", to.authentication, "false: send no login")->capture_default_str();
  sh.add_option("--server.request-timeout", to.request_timeout_s, "Seconds of one request")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sh.add_option("--server.connection-timeout", to.connection_timeout_s, "Seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void add_script_options(CLI::App& sh, ShOptions& to) {
  sh.add_option("--javascript.execute-string", to.execute_strings, "Run this and leave; may be repeated")
      ->allow_extra_args(false);
  sh.add_option("--javascript.execute", to.execute_files, "Run this file and leave; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  sh.add_option("files", to.execute_files, "Files to run");
  sh.add_option("--javascript.execution-deadline", to.deadline_s,
                "Seconds after which a script or statement is ended; 0 never")
      ->check(CLI::NonNegativeNumber);
  sh.add_option("--javascript.max-memory", to.memory_mib, "MiB after which it is ended")
      ->check(CLI::Range(128, 1 << 20))
      ->capture_default_str();
}

}  // namespace

void add_shell_commands(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ShOptions>();
  CLI::App* sh = app.add_subcommand("sh", "A JavaScript shell on documents, as arangosh is one");
  add_store_options(*sh, line);
  add_server_options(*sh, *options);
  add_script_options(*sh, *options);
  sh->add_flag("--read-only", options->read_only, "Send nothing that writes");
  sh->add_flag("-q,--quiet", options->quiet, "No greeting");
  sh->footer(kHelp);
  sh->callback([options, &line] {
    line.run = [options, &line]() -> base::Result<int> {
      if (options->has_password) {
        fmt::print(stderr,
                   "warning: --server.password shows in the process list and in the history of the command line; "
                   "--server.password-file does not\n");
      }
      options->common = line.common;
      return run_sh(*options);
    };
  });
}

}  // namespace workerdb::cli

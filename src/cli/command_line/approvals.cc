// workerdb approve.
#include <CLI/CLI.hpp>

#include "cli/command_line/command_line.h"
#include "cli/credential_command.h"
#include "cli/exit_code.h"

namespace workerdb::cli {

using base::Result;

void add_approval_commands(CLI::App& app, CommandLine& line) {
  auto lifetime = std::make_shared<std::string>("10m");
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* approve = app.add_subcommand(
      "approve", "Allow once what destroys production data: asks a person, prints the --approval to use");
  approve->add_option("--for", *lifetime, "How long the approval may wait: 90s, 10m, at most 1h")
      ->capture_default_str();
  approve->add_option("command", *words, "The command as it is to run: approve -- drop flowmaster schedules")
      ->required();
  approve->prefix_command();
  approve->callback([lifetime, words, approve, &line] {
    line.run = [lifetime, words, approve, &line]() -> Result<int> {
      line.common.approve_for_s = TRY(parse_lifetime(*lifetime));
      line.words_to_approve = *words;
      for (const std::string& rest : approve->remaining()) {
        if (rest != "--" || !line.words_to_approve.empty()) line.words_to_approve.push_back(rest);
      }
      return int(ExitCode::kSuccess);
    };
  });
}

}  // namespace workerdb::cli

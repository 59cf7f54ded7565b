// guard, audit.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "access/guard/policy.h"
#include "cli/audit_command.h"
#include "cli/command_line/command_line.h"
#include "cli/exit_code.h"

namespace workerdb::cli {

using base::Result;

namespace {

using Run = std::function<Result<>(const AuditOptions&)>;

CLI::App* add_audit(CLI::App& parent, CommandLine& line, const char* name, const char* help,
                    const std::shared_ptr<AuditOptions>& options, Run run) {
  CLI::App* added = parent.add_subcommand(name, help);
  added->add_option("--folder", options->folder, "Another log than the one that commands write to")->type_name("DIR");
  added->callback([options, run = std::move(run), &line] {
    line.run = [options, run]() -> Result<int> {
      TRY(run(*options));
      return int(ExitCode::kSuccess);
    };
  });
  return added;
}

}  // namespace

void add_guard_commands(CLI::App& app, CommandLine& line) {
  CLI::App* guard = app.add_subcommand("guard", "Who may do what where: the tables that every access is decided by");
  auto all = std::make_shared<bool>(false);
  guard->add_flag("--markdown", *all,
                  "Also the matrix of every command, identity, place and class; as in docs/GUARD.md");
  guard->callback([all, &line] {
    line.run = [all]() -> Result<int> {
      fmt::print("{}", *all ? access::guard_markdown()
                            : access::policy_markdown() + "\n" + access::limits_markdown() + "\n" +
                                  access::commands_markdown());
      return int(ExitCode::kSuccess);
    };
  });

  CLI::App* audit = app.add_subcommand("audit", "The log of every access");
  audit->require_subcommand(1);
  auto options = std::make_shared<AuditOptions>();
  CLI::App* verify = add_audit(*audit, line, "verify", "Whether the log is as it was written", options, verify_audit);
  verify->add_flag("--json", options->as_json, "JSON also on a terminal");
  CLI::App* tail = add_audit(*audit, line, "tail", "The last entries", options, tail_audit);
  tail->add_option("-n,--lines", options->lines, "Entries of the past")->capture_default_str();
  tail->add_flag("-F,--follow", options->follow, "Go on as entries come");
  CLI::App* publish = add_audit(*audit, line, "publish", "Copy new entries into the collection workerdb_audit", options,
                                [&line](const AuditOptions& given) -> Result<> {
                                  auto door = TRY(Door::open(line.common));
                                  return publish_audit(door, given);
                                });
  add_store_options(*publish, line);
  publish->add_option("-d,--database", options->database, "The database")->default_str("flowmaster");
}

}  // namespace workerdb::cli

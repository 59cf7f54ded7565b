// The commands of a stack's life.
#include <CLI/CLI.hpp>
#include <iostream>

#include "base/byte_count.h"
#include "catalog/load.h"
#include "cli/command_line/command_line.h"
#include "cli/composition.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/serve_command.h"
#include "cli/stack/doctor.h"
#include "cli/stack/down.h"
#include "cli/stack/env.h"
#include "cli/stack/logs.h"
#include "cli/stack/status.h"
#include "cli/stack/up.h"

namespace workerdb::cli {

using base::Result;

namespace {

Output terminal_output() { return {std::cout, std::cerr, is_terminal(stdout)}; }

void add_stack_options(CLI::App& command, StackOptions& stack) {
  command.add_option("--documents-port", stack.ports.documents, "HTTP, ArangoDB's API")->capture_default_str();
  command.add_option("--postgres-port", stack.ports.postgres, "PostgreSQL")->capture_default_str();
  command.add_option("--redis-port", stack.ports.redis, "Redis")->capture_default_str();
  command.add_option("--control-port", stack.ports.control, "/health, /ready, /metrics, /mcp")->capture_default_str();
  command.add_option("--bind", stack.bind_address, "The address to listen on")->capture_default_str();
  command.add_option("--user", stack.user, "Started by root: whom PostgreSQL and Redis run as");
}

void add_memory_budget(CLI::App& command, uint64_t& bytes) {
  auto check = [](const std::string& text) {
    return base::parse_byte_count(text) ? std::string() : "'" + text + "' is no size such as 512MiB";
  };
  auto take = [&bytes](const std::string& text) { bytes = base::parse_byte_count(text).value_or(0); };
  command
      .add_option_function<std::string>("--memory-budget", take,
                                        "What the document server may keep in memory, such as 512MiB")
      ->type_name("SIZE")
      ->check(check);
}

void add_up(CLI::App& app, CommandLine& line) {
  struct Options {
    UpOptions up;
    std::string catalog;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("up", "Start documents, PostgreSQL and Redis, and bring them to the catalog");
  add_data_option(*command, line);
  command->add_option("--catalog", options->catalog, "The catalog's folder")->type_name("DIR");
  command->add_flag("--detach", options->up.detach, "Return when everything is ready, and go on in the background");
  add_stack_options(*command, options->up.stack);
  add_memory_budget(*command, options->up.stack.documents_memory_budget_bytes);
  command->callback([options, &line] {
    line.run = [options, &line]() -> Result<int> {
      options->up.stack.data_folder = line.common.data;
      std::string folder = TRY(find_catalog(options->catalog));
      add_cache_users(TRY(catalog::load_catalog(folder)), options->up.stack);
      return up(options->up, compose_stack(folder), terminal_output());
    };
  });
}

// The passwords that `env` hands out are those of the stack's own logins, which write and do not end.
Result<> enter_for_env(CommonOptions options, bool only_files) {
  options.context = "local";
  options.write = !only_files;
  auto door = TRY(Door::open(options));
  Intent intent;
  intent.store = access::StoreKind::kRelational;
  intent.operation = access::Operation::kCredential;
  intent.command = "env";
  auto passage = door.enter(intent);
  if (passage) return passage->finish();
  return std::move(passage).error().with_context("passwords (with --only-files there are none)");
}

void add_env(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<EnvOptions>();
  CLI::App* command =
      app.add_subcommand("env", "Shell exports for psql, redis-cli and the drivers: eval \"$(workerdb env)\"");
  add_data_option(*command, line);
  command->add_flag("--only-files", options->only_files, "Leave out what needs a password in the environment");
  command->footer(kEnvHelp);
  command->callback([options, &line] {
    line.run = [options, &line]() -> Result<int> {
      options->data_folder = line.common.data;
      TRY(enter_for_env(line.common, options->only_files));
      return env(*options, terminal_output());
    };
  });
}

void add_logs(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<LogsOptions>();
  CLI::App* command = app.add_subcommand("logs", "What the services wrote");
  add_data_option(*command, line);
  command->add_option("service", options->service, "documents, postgres, redis, control or catalog; without it all");
  command->add_option("-n,--lines", options->lines, "Lines of the past")->capture_default_str();
  command->add_flag("-F,--follow", options->follow, "Go on as lines come");
  command->callback([options, &line] {
    line.run = [options, &line] {
      options->data_folder = line.common.data;
      return logs(*options, terminal_output());
    };
  });
}

void add_doctor(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command = app.add_subcommand("doctor", "Check packages, ports, folders, limits");
  add_data_option(*command, line);
  command->add_flag("--json", options->json, "JSON lines also on a terminal");
  command->callback([options, &line] {
    line.run = [options, &line] {
      options->stack.data_folder = line.common.data;
      return doctor(*options, terminal_output());
    };
  });
}

void add_serve(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Only the document server, in the foreground");
  command->add_option("--data", options->folder, "The engine's folder")->required()->type_name("DIR");
  command->add_option("--documents-port", options->port, "0: any free one")->capture_default_str();
  command->add_option("--bind", options->address, "The address to listen on")->capture_default_str();
  command->add_option("--root-password-file", options->root_password_file, "The password of root in a new folder")
      ->type_name("FILE");
  command->add_flag("--no-authentication{false}", options->authentication, "Everybody may do everything");
  add_memory_budget(*command, options->memory_budget_bytes);
  command->callback([options, &line] {
    line.run = [options]() -> Result<int> {
      TRY(run_serve(*options));
      return 0;
    };
  });
}

}  // namespace

void add_stack_commands(CLI::App& app, CommandLine& line) {
  add_up(app, line);
  CLI::App* down_command = app.add_subcommand("down", "Stop a stack in order");
  add_data_option(*down_command, line);
  down_command->callback([&line] {
    line.run = [&line] {
      DownOptions options;
      options.data_folder = line.common.data;
      return down(options, terminal_output());
    };
  });
  auto options = std::make_shared<StatusOptions>();
  CLI::App* status_command = app.add_subcommand("status", "What runs, since when");
  add_data_option(*status_command, line);
  status_command->add_flag("--json", options->json, "JSON lines also on a terminal");
  status_command->callback([options, &line] {
    line.run = [options, &line] {
      options->data_folder = line.common.data;
      return status(*options, terminal_output());
    };
  });
  add_logs(app, line);
  add_env(app, line);
  add_doctor(app, line);
  add_serve(app, line);
}

}  // namespace workerdb::cli

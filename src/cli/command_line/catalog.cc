// The commands that shape the stores.
#include <CLI/CLI.hpp>

#include "cli/catalog_commands.h"
#include "cli/command_line/command_line.h"
#include "cli/composition.h"
#include "cli/door.h"
#include "cli/exit_code.h"

namespace workerdb::cli {

using base::Result;

namespace {

struct CatalogArguments {
  CatalogCommandOptions options;
  std::string database, collection;
};

void add_catalog(CLI::App& command, CatalogArguments& to) {
  command.add_option("--catalog", to.options.folder, "The catalog's folder")->type_name("DIR");
}

template <typename Run>
void on_command(CLI::App& command, CommandLine& line, std::shared_ptr<CatalogArguments> arguments, bool needs_catalog,
                Run run) {
  command.callback([&line, arguments, needs_catalog, run] {
    line.run = [&line, arguments, needs_catalog, run]() -> Result<int> {
      auto door = TRY(Door::open(line.common));
      if (needs_catalog) {
        arguments->options.folder = TRY(find_catalog(arguments->options.folder));
        arguments->options.passwords = TRY(door.catalog_passwords(arguments->options.folder));
      }
      TRY(run(door, *arguments));
      return int(ExitCode::kSuccess);
    };
  });
}

}  // namespace

void add_catalog_commands(CLI::App& app, CommandLine& line) {
  auto plan = std::make_shared<CatalogArguments>();
  CLI::App* plan_command = app.add_subcommand("plan", "Show the difference between the stores and the catalog");
  add_store_options(*plan_command, line);
  add_catalog(*plan_command, *plan);
  plan_command->add_flag("--json", plan->options.as_json, "As JSON");
  on_command(*plan_command, line, plan, true,
             [](Door& door, CatalogArguments& to) { return run_plan(door, to.options); });

  auto apply = std::make_shared<CatalogArguments>();
  CLI::App* apply_command = app.add_subcommand("apply", "Remove that difference");
  add_store_options(*apply_command, line);
  add_catalog(*apply_command, *apply);
  apply_command->add_flag("--json", apply->options.as_json, "As JSON");
  on_command(*apply_command, line, apply, true,
             [](Door& door, CatalogArguments& to) { return run_apply(door, to.options); });

  auto arguments = std::make_shared<CatalogArguments>();
  CLI::App* drop = app.add_subcommand("drop", "Drop a document database or a collection");
  CLI::App* truncate = app.add_subcommand("truncate", "Remove all documents of a collection");
  CLI::App* reset = app.add_subcommand("reset", "Drop a document database and make it anew, empty");
  for (CLI::App* command : {drop, truncate, reset}) {
    add_store_options(*command, line);
    command->add_option("database", arguments->database, "The database")->required();
  }
  drop->add_option("collection", arguments->collection, "The collection; without it the whole database");
  truncate->add_option("collection", arguments->collection, "The collection")->required();
  add_catalog(*reset, *arguments);
  on_command(*drop, line, arguments, false,
             [](Door& door, CatalogArguments& to) { return run_drop(door, to.database, to.collection); });
  on_command(*truncate, line, arguments, false,
             [](Door& door, CatalogArguments& to) { return run_truncate(door, to.database, to.collection); });
  on_command(*reset, line, arguments, true,
             [](Door& door, CatalogArguments& to) { return run_reset(door, to.database, to.options); });
}

}  // namespace workerdb::cli

// The commands that read and write records.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/private_file.h"
#include "cli/command_line/command_line.h"
#include "cli/door.h"
#include "cli/exit_code.h"
#include "cli/import_command.h"
#include "cli/query_commands.h"

namespace workerdb::cli {

using base::Result;

namespace {

struct QueryArguments {
  QueryOptions query;
  std::string file;
  std::vector<std::string> words;
};

void add_format(CLI::App& command, QueryOptions& query) {
  static const std::map<std::string, OutputFormat> kFormats = {{"auto", OutputFormat::kAutomatic},
                                                               {"table", OutputFormat::kTable},
                                                               {"jsonl", OutputFormat::kJsonLines},
                                                               {"json", OutputFormat::kJson}};
  command.add_option("--format", query.format, "auto, table, jsonl or json")
      ->transform(CLI::CheckedTransformer(kFormats));
}

void add_query_options(CLI::App& command, QueryArguments& to, const char* database, const char* bind_help) {
  command.add_option("query", to.query.text, "The query; without it, standard input or the interactive mode");
  command.add_option("-f,--file", to.file, "Read the query from a file")->type_name("FILE");
  command.add_option("-d,--database", to.query.database, "The database")->default_str(database);
  command.add_option("-b,--bind", to.query.bind, bind_help)->allow_extra_args(false);
  command.add_option("--max-runtime", to.query.max_runtime_s, "Seconds after which the query is ended; 0 never");
  add_format(command, to.query);
}

// Reads the text of --file, opens the door and runs.
template <typename Run>
void on_command(CLI::App& command, CommandLine& line, std::shared_ptr<QueryArguments> arguments, Run run) {
  command.callback([&line, arguments, run] {
    line.run = [&line, arguments, run]() -> Result<int> {
      if (!arguments->file.empty()) arguments->query.text = TRY(base::read_small_file(arguments->file));
      auto door = TRY(Door::open(line.common));
      TRY(run(door, *arguments));
      return int(ExitCode::kSuccess);
    };
  });
}

void add_import(CLI::App& app, CommandLine& line) {
  using Mode = stores::documents::OverwriteMode;
  static const std::map<std::string, Mode> kModes = {
      {"error", Mode::kConflict}, {"ignore", Mode::kIgnore}, {"replace", Mode::kReplace}, {"update", Mode::kUpdate}};
  auto options = std::make_shared<ImportCommandOptions>();
  CLI::App* import = app.add_subcommand("import", "Put JSON lines, CSV and BPMN models into collections");
  add_store_options(*import, line);
  import->add_option("files", options->files, "Files; - is standard input")->required();
  import->add_option("-d,--database", options->database, "The database")->capture_default_str();
  import->add_option("-c,--collection", options->collection, "Where the records of JSON lines and CSV belong");
  import->add_option("--format", options->format, "jsonl, csv or bpmn; without it by the file's ending");
  import->add_option("--separator", options->separator, "Between the fields of CSV")->capture_default_str();
  import->add_option("--key", options->key, "The key of a BPMN model's process definition");
  import->add_option("--on-duplicate", options->on_duplicate, "error, ignore, replace or update")
      ->transform(CLI::CheckedTransformer(kModes));
  import->add_flag("--create-collection", options->create_collection, "Make a missing collection");
  import->add_flag("-q,--quiet", options->quiet, "No progress bar");
  import->callback([options, &line] {
    line.run = [options, &line]() -> Result<int> {
      auto door = TRY(Door::open(line.common));
  auto counts = TRY(run_import(door, *options));
  fmt::print(stderr, "{} created, {} ignored, {} failed\n", counts.created, counts.ignored, counts.failed);
  return int(counts.failed == 0 ? ExitCode::kSuccess : ExitCode::kPartly);
};
}  // namespace
);
}  // namespace workerdb::cli

}  // namespace

void add_query_commands(CLI::App& app, CommandLine& line) {
  auto aql = std::make_shared<QueryArguments>();
  CLI::App* aql_command = app.add_subcommand("aql", "Run AQL on documents");
  add_store_options(*aql_command, line);
  add_query_options(*aql_command, *aql, "flowmaster",
                    "A bind parameter, name=value (JSON, else a string); @name=collection for @@name");
  aql_command->add_flag("--explain", aql->query.explain, "Show the plan instead of running it");
  aql_command->add_flag("--full-count", aql->query.full_count, "Count what the last LIMIT cut off");
  on_command(*aql_command, line, aql, [](Door& door, QueryArguments& to) { return run_aql(door, to.query); });

  auto sql = std::make_shared<QueryArguments>();
  CLI::App* sql_command = app.add_subcommand("sql", "Run SQL on PostgreSQL");
  add_store_options(*sql_command, line);
  add_query_options(*sql_command, *sql, "flowmaster_core", "The value of $1, then of $2 …");
  on_command(*sql_command, line, sql, [](Door& door, QueryArguments& to) { return run_sql(door, to.query); });

  auto redis = std::make_shared<QueryArguments>();
  CLI::App* redis_command = app.add_subcommand("redis", "Run a command on Redis");
  add_store_options(*redis_command, line);
  add_format(*redis_command, redis->query);
  redis_command->add_option("command", redis->words, "The command and its arguments");
  redis_command->prefix_command();
  on_command(*redis_command, line, redis,
             [](Door& door, QueryArguments& to) { return run_redis(door, to.words, to.query); });

  add_import(app, line);
}

}  // namespace workerdb::cli

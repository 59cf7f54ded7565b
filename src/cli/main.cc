// The program: parses the command line, runs one command, turns its end into an exit code.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "base/version.h"
#include "catalog/load.h"
#include "cli/catalog_commands.h"
#include "cli/composition.h"
#include "cli/exit_code.h"
#include "cli/import_command.h"
#include "cli/query_commands.h"
#include "cli/serve_command.h"
#include "cli/stack/doctor.h"
#include "cli/stack/down.h"
#include "cli/stack/env.h"
#include "cli/stack/logs.h"
#include "cli/stack/private_file.h"
#include "cli/stack/status.h"
#include "cli/stack/up.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

// What the options of all commands are parsed into.
struct Arguments {
  UpOptions up;
  DownOptions down;
  StatusOptions status;
  LogsOptions logs;
  EnvOptions env;
  DoctorOptions doctor;
  ServeOptions serve;
  QueryOptions query;
  ImportCommandOptions import;
  CatalogCommandOptions catalog;
  std::string data, query_file, format = "auto", on_duplicate = "error", database, collection;
  std::vector<std::string> words;
  bool no_authentication = false;
};

Result<OutputFormat> parse_format(const std::string& name) {
  if (name == "auto") return OutputFormat::kAutomatic;
  if (name == "table") return OutputFormat::kTable;
  if (name == "jsonl") return OutputFormat::kJsonLines;
  return OutputFormat::kJson;
}

stores::documents::OverwriteMode parse_on_duplicate(const std::string& name) {
  using Mode = stores::documents::OverwriteMode;
  return name == "ignore" ? Mode::kIgnore : name == "replace" ? Mode::kReplace : name == "update" ? Mode::kUpdate : Mode::kConflict;
}

Output terminal_output() { return {std::cout, std::cerr, is_terminal(stdout)}; }

int report(const Error& error) {
  fmt::print(stderr, "{} {}\n", styled(stderr, fmt::format("error {}:", error.number()), kRed), error.message());
  return int(exit_code_of(error));
}

int finish(const Result<>& result) { return result ? int(ExitCode::kSuccess) : report(result.error()); }
int finish(const Result<int>& result) { return result ? *result : report(result.error()); }

Result<Session> open_session(const Arguments& arguments) {
  auto endpoints = TRY(stack_endpoints(arguments.data));
  return Session(std::move(endpoints));
}

Result<int> start_stack(Arguments& arguments) {
  arguments.up.stack.data_folder = arguments.data;
  std::string folder = TRY(find_catalog(arguments.catalog.folder));
  add_cache_users(TRY(catalog::load_catalog(folder)), arguments.up.stack);
  return up(arguments.up, compose_stack(folder), terminal_output());
}

Result<> query_text(Arguments& arguments) {
  if (arguments.query_file.empty()) return {};
  arguments.query.text = TRY(read_file(arguments.query_file));
  return {};
}

Result<> aql(Arguments& arguments) {
  auto session = TRY(open_session(arguments));
  TRY(query_text(arguments));
  return run_aql(session, arguments.query);
}

Result<> sql(Arguments& arguments) {
  auto session = TRY(open_session(arguments));
  TRY(query_text(arguments));
  return run_sql(session, arguments.query);
}

Result<> redis(Arguments& arguments) {
  auto session = TRY(open_session(arguments));
  return run_redis(session, arguments.words, arguments.query);
}

Result<int> import_files(Arguments& arguments) {
  auto session = TRY(open_session(arguments));
  arguments.import.on_duplicate = parse_on_duplicate(arguments.on_duplicate);
  auto counts = TRY(run_import(session, arguments.import));
  fmt::print(stderr, "{} created, {} ignored, {} failed\n", counts.created, counts.ignored, counts.failed);
  return int(counts.failed == 0 ? ExitCode::kSuccess : ExitCode::kPartly);
}

Result<Session> prepare_catalog(Arguments& arguments) {
  arguments.catalog.folder = TRY(find_catalog(arguments.catalog.folder));
  arguments.catalog.passwords = TRY(stack_passwords(arguments.data, arguments.catalog.folder));
  return open_session(arguments);
}

Result<int> show_plan(Arguments& arguments) {
  auto session = TRY(prepare_catalog(arguments));
  TRY(run_plan(session, arguments.catalog));
  return int(ExitCode::kSuccess);
}

Result<> apply(Arguments& arguments) {
  auto session = TRY(prepare_catalog(arguments));
  return run_apply(session, arguments.catalog);
}

Result<> drop(Arguments& arguments) {
  auto session = TRY(open_session(arguments));
  return run_drop(session, arguments.database, arguments.collection, arguments.catalog.confirmed);
}

Result<> truncate(Arguments& arguments) {
  auto session = TRY(open_session(arguments));
  return run_truncate(session, arguments.database, arguments.collection, arguments.catalog.confirmed);
}

Result<> reset(Arguments& arguments) {
  auto session = TRY(prepare_catalog(arguments));
  return run_reset(session, arguments.database, arguments.catalog);
}

// ---- the command line ------------------------------------------------------------------------------------

void add_data(CLI::App& command, Arguments& to) {
  command.add_option("--data", to.data, "The stack's data folder")->type_name("DIR")->capture_default_str();
}

void add_query_options(CLI::App& command, Arguments& to, const char* database, const char* bind_help) {
  add_data(command, to);
  command.add_option("query", to.query.text, "The query; without it, standard input or the interactive mode");
  command.add_option("-f,--file", to.query_file, "Read the query from a file")->type_name("FILE");
  command.add_option("-d,--database", to.query.database, "The database")->default_str(database);
  command.add_option("-b,--bind", to.query.bind, bind_help)->allow_extra_args(false);
  command.add_option("--max-runtime", to.query.max_runtime_s, "Seconds after which the query is ended; 0 never");
  command.add_option("--format", to.format, "auto, table, jsonl or json")->check(CLI::IsMember({"auto", "table", "jsonl", "json"}));
}

void add_confirm(CLI::App& command, Arguments& to) {
  command.add_option("--confirm", to.catalog.confirmed, "The name of a production-class database that may lose data")->allow_extra_args(false);
}

void add_catalog(CLI::App& command, Arguments& to) {
  add_data(command, to);
  command.add_option("--catalog", to.catalog.folder, "The catalog's folder")->type_name("DIR");
}

void add_stack_commands(CLI::App& app, Arguments& to) {
  CLI::App* up = app.add_subcommand("up", "Start documents, PostgreSQL and Redis, and bring them to the catalog");
  add_catalog(*up, to);
  up->add_flag("--detach", to.up.detach, "Return when everything is ready, and go on in the background");
  up->add_option("--documents-port", to.up.stack.ports.documents, "HTTP, ArangoDB's API")->capture_default_str();
  up->add_option("--postgres-port", to.up.stack.ports.postgres, "PostgreSQL")->capture_default_str();
  up->add_option("--redis-port", to.up.stack.ports.redis, "Redis")->capture_default_str();
  up->add_option("--control-port", to.up.stack.ports.control, "/health, /ready, /metrics")->capture_default_str();
  up->add_option("--bind", to.up.stack.bind_address, "The address to listen on")->capture_default_str();
  up->add_option("--user", to.up.stack.user, "Started by root: whom PostgreSQL and Redis run as");
  add_data(*app.add_subcommand("down", "Stop a stack in order"), to);
  CLI::App* status = app.add_subcommand("status", "What runs, since when");
  add_data(*status, to);
  status->add_flag("--json", to.status.json, "JSON lines also on a terminal");
  CLI::App* logs = app.add_subcommand("logs", "What the services wrote");
  add_data(*logs, to);
  logs->add_option("service", to.logs.service, "documents, postgres, redis, control or catalog; without it all");
  logs->add_option("-n,--lines", to.logs.lines, "Lines of the past")->capture_default_str();
  logs->add_flag("-F,--follow", to.logs.follow, "Go on as lines come");
  CLI::App* env = app.add_subcommand("env", "Shell exports for psql, redis-cli and the drivers: eval \"$(workerdb env)\"");
  add_data(*env, to);
  env->add_flag("--only-files", to.env.only_files, "Leave out what needs a password in the environment");
  env->footer(kEnvHelp);
  CLI::App* doctor = app.add_subcommand("doctor", "Check packages, ports, folders, limits");
  add_data(*doctor, to);
  doctor->add_flag("--json", to.doctor.json, "JSON lines also on a terminal");
  CLI::App* serve = app.add_subcommand("serve", "Only the document server, in the foreground");
  serve->add_option("--data", to.serve.folder, "The engine's folder")->required()->type_name("DIR");
  serve->add_option("--documents-port", to.serve.port, "0: any free one")->capture_default_str();
  serve->add_option("--bind", to.serve.address, "The address to listen on")->capture_default_str();
  serve->add_option("--root-password-file", to.serve.root_password_file, "The password of root in a new folder")->type_name("FILE");
  serve->add_flag("--no-authentication", to.no_authentication, "Everybody may do everything");
}

void add_query_commands(CLI::App& app, Arguments& to) {
  CLI::App* aql = app.add_subcommand("aql", "Run AQL on documents");
  add_query_options(*aql, to, "flowmaster", "A bind parameter, name=value (JSON, else a string); @name=collection for @@name");
  aql->add_flag("--explain", to.query.explain, "Show the plan instead of running it");
  aql->add_flag("--full-count", to.query.full_count, "Count what the last LIMIT cut off");
  CLI::App* sql = app.add_subcommand("sql", "Run SQL on PostgreSQL");
  add_query_options(*sql, to, "flowmaster_core", "The value of $1, then of $2 …");
  sql->add_option("--confirm", to.query.confirm, "The name of a production-class database that may lose data");
  CLI::App* redis = app.add_subcommand("redis", "Run a command on Redis");
  add_data(*redis, to);
  redis->add_option("--confirm", to.query.confirm, "'redis': data may be lost although it is production");
  redis->add_option("--format", to.format, "auto, table, jsonl or json")->check(CLI::IsMember({"auto", "table", "jsonl", "json"}));
  redis->add_option("command", to.words, "The command and its arguments");
  redis->prefix_command();
  CLI::App* import = app.add_subcommand("import", "Put JSON lines, CSV and BPMN models into collections");
  add_data(*import, to);
  import->add_option("files", to.import.files, "Files; - is standard input")->required();
  import->add_option("-d,--database", to.import.database, "The database")->capture_default_str();
  import->add_option("-c,--collection", to.import.collection, "Where the records of JSON lines and CSV belong");
  import->add_option("--format", to.import.format, "jsonl, csv or bpmn; without it by the file's ending");
  import->add_option("--separator", to.import.separator, "Between the fields of CSV")->capture_default_str();
  import->add_option("--key", to.import.key, "The key of a BPMN model's process definition");
  import->add_option("--on-duplicate", to.on_duplicate, "error, ignore, replace or update")
      ->check(CLI::IsMember({"error", "ignore", "replace", "update"}));
  import->add_flag("--create-collection", to.import.create_collection, "Make a missing collection");
  import->add_flag("-q,--quiet", to.import.quiet, "No progress bar");
}

void add_catalog_commands(CLI::App& app, Arguments& to) {
  CLI::App* plan = app.add_subcommand("plan", "Show the difference between the stores and the catalog");
  add_catalog(*plan, to);
  plan->add_flag("--json", to.catalog.as_json, "As JSON");
  CLI::App* apply = app.add_subcommand("apply", "Remove that difference");
  add_catalog(*apply, to);
  add_confirm(*apply, to);
  apply->add_flag("--json", to.catalog.as_json, "As JSON");
  CLI::App* drop = app.add_subcommand("drop", "Drop a document database or a collection");
  CLI::App* truncate = app.add_subcommand("truncate", "Remove all documents of a collection");
  CLI::App* reset = app.add_subcommand("reset", "Drop a document database and make it anew, empty");
  for (CLI::App* command : {drop, truncate, reset}) {
    (command == reset ? add_catalog : add_data)(*command, to);
    add_confirm(*command, to);
    command->add_option("database", to.database, "The database")->required();
  }
  drop->add_option("collection", to.collection, "The collection; without it the whole database");
  truncate->add_option("collection", to.collection, "The collection")->required();
}

int run(const std::string& command, Arguments& to) {
  to.query.format = *parse_format(to.format);
  to.serve.authentication = !to.no_authentication;
  Output output = terminal_output();
  to.down.data_folder = to.status.data_folder = to.logs.data_folder = to.env.data_folder = to.data;
  to.doctor.stack = to.up.stack;
  to.doctor.stack.data_folder = to.data;
  if (command == "up") return finish(start_stack(to));
  if (command == "down") return finish(down(to.down, output));
  if (command == "status") return finish(status(to.status, output));
  if (command == "logs") return finish(logs(to.logs, output));
  if (command == "env") return finish(env(to.env, output));
  if (command == "doctor") return finish(doctor(to.doctor, output));
  if (command == "serve") return finish(run_serve(to.serve));
  if (command == "aql") return finish(aql(to));
  if (command == "sql") return finish(sql(to));
  if (command == "redis") return finish(redis(to));
  if (command == "import") return finish(import_files(to));
  if (command == "plan") return finish(show_plan(to));
  if (command == "apply") return finish(apply(to));
  if (command == "drop") return finish(drop(to));
  if (command == "truncate") return finish(truncate(to));
  return finish(reset(to));
}

int main_of(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("workerdb: documents, PostgreSQL and Redis of a workflow platform in one program", "workerdb");
  app.set_version_flag("--version", std::string(base::kVersion));
  app.require_subcommand(1);
  app.footer("Exit codes: 0 success, 1 failure, 2 usage, 3 a store does not answer, 4 not allowed, 5 not found, 6 conflict, "
             "7 syntax, 8 not confirmed, 9 limit, 10 records left out.");
  Arguments arguments;
  arguments.data = default_data_folder();
  add_stack_commands(app, arguments);
  add_query_commands(app, arguments);
  add_catalog_commands(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version come here too, with 0.
    return app.exit(error) == 0 ? int(ExitCode::kSuccess) : int(ExitCode::kUsage);
  }
  return run(app.get_subcommands().front()->get_name(), arguments);
}

}  // namespace
}  // namespace workerdb::cli

int main(int argc, char** argv) {
  try {
    return workerdb::cli::main_of(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "workerdb: {}\n", error.what());
    return 1;
  }
}

#pragma once
// workerdb aql, sql, redis: one query, a query from a pipe, or an interactive mode.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/door.h"
#include "cli/output.h"

namespace workerdb::cli {

struct QueryOptions {
  std::string text;  // empty: standard input, or the interactive mode on a terminal
  std::string database;
  std::vector<std::string> bind;  // aql: "name=value", JSON or else a string; sql: values of $1, $2 …
  OutputFormat format = OutputFormat::kAutomatic;
  bool full_count = false;  // aql
  bool explain = false;     // aql
  double max_runtime_s = 0;
};

base::Result<> run_aql(Door& door, const QueryOptions& options);
base::Result<> run_sql(Door& door, const QueryOptions& options);
// `arguments` as redis-cli takes them; none: interactive, or one command a line from a pipe.
base::Result<> run_redis(Door& door, const std::vector<std::string>& arguments, const QueryOptions& options);

// Bind parameters as an object. kIllegalOption for what has no '='.
base::Result<value::Buffer> parse_bind(const std::vector<std::string>& bind);
// Says on standard error that the guard's limits cut an answer off; nothing when they did not.
void tell_cut(const std::optional<std::string>& limit, uint64_t rows);
// All of standard input. kResourceLimit beyond 64 MiB.
base::Result<std::string> read_standard_input();

}  // namespace workerdb::cli

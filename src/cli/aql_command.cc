#include <fmt/format.h>

#include "access/guard/read_only.h"
#include "catalog/environment_class.h"
#include "cli/query_commands.h"
#include "cli/shell.h"
#include "value/json.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::documents::DocumentDatabase;
using value::Slice;

Result<value::Buffer> parse_bind(const std::vector<std::string>& bind) {
  value::Builder to;
  to.open_object();
  for (const auto& item : bind) {
    size_t equals = item.find('=');
    if (equals == item.npos || equals == 0) {
      return Error(ErrorCode::kIllegalOption, fmt::format("--bind takes name=value, not '{}'", item));
    }
    to.key(std::string_view(item).substr(0, equals));
    std::string_view text = std::string_view(item).substr(equals + 1);
    // What is no JSON is a string, so that --bind status=running needs no quotes.
    auto parsed = value::parse_json(text);
    if (parsed) {
      to.slice(parsed->slice());
    } else {
      to.string(text);
    }
  }
  to.close();
  return to.take();
}

void tell_cut(const std::optional<std::string>& limit, uint64_t rows) {
  if (!limit) return;
  fmt::print(stderr, "{} cut off after {} rows: the limit of {} (see `workerdb guard`)\n",
             styled(stderr, "warning", kYellow), rows, *limit);
}

Result<std::string> read_standard_input() {
  constexpr size_t kLongest = size_t(64) << 20;
  std::string text;
  char block[64 * 1024];
  while (size_t count = std::fread(block, 1, sizeof block, stdin)) {
    text.append(block, count);
    if (text.size() > kLongest) return Error(ErrorCode::kResourceLimit, "standard input holds more than 64 MiB");
  }
  return text;
}

namespace {

void print_warnings(Slice extra) {
  for (value::ArrayIterator item(extra.get("warnings")); item.valid(); item.next()) {
    Slice message = item.value().get("message");
    fmt::print(stderr, "{} {} {}\n", styled(stderr, "warning", kYellow), value::to_json(item.value().get("code")),
               message.is_string() ? message.as_string() : "");
  }
}

void print_write_counts(Slice statistics) {
  Slice executed = statistics.get("writesExecuted"), ignored = statistics.get("writesIgnored");
  if (!executed.is_int64() || executed.as_int64() == 0) return;
  fmt::print(stderr, "{} written, {} ignored\n", executed.as_int64(), ignored.is_int64() ? ignored.as_int64() : 0);
}

Result<Intent> intent_of(Door& door, DocumentDatabase& database, const std::string& text, const QueryOptions& options,
                         Slice bind) {
  Intent intent;
  intent.database = database.name();
  intent.command = "aql";
  intent.data_class = TRY(catalog::environment_of(door.session().documents(), database.name()));
  intent.statement_digest = access::digest_of_aql(text);
  intent.values = text + "\n" + value::to_json(bind);
  intent.operation = access::Operation::kDescribe;
  if (options.explain) return intent;
  auto analysis = TRY(access::analyze_aql(database, text, bind));
  intent.operation = analysis.operation;
  intent.objects = analysis.objects;
  intent.parameters = access::digest_of_parameters(std::vector<std::string>{text, value::to_json(bind)});
  return intent;
}

stores::documents::QueryOptions store_options(const QueryOptions& options, const access::Limits& limits) {
  stores::documents::QueryOptions to;
  to.full_count = options.full_count;
  to.max_runtime_ms = int64_t(options.max_runtime_s * 1000);
  if (limits.time_ms > 0 && (to.max_runtime_ms == 0 || to.max_runtime_ms > limits.time_ms))
    to.max_runtime_ms = limits.time_ms;
  return to;
}

Result<> run_one(Door& door, DocumentDatabase& database, const std::string& text, const QueryOptions& options,
                 Slice bind) {
  auto passage = TRY(door.enter(TRY(intent_of(door, database, text, options, bind))));
  if (options.explain) {
    auto plan = TRY(database.explain(text, bind));
    fmt::print("{}\n", value::to_pretty_json(plan.slice().get("plan")));
    return passage.finish();
  }
  RowPrinter printer(stdout, options.format);
  if (passage.is_read_only()) {
    access::ReadScope scope{.limits = passage.limits(), .objects = {}};
    auto outcome = TRY(access::read_documents(database, text, bind, scope, store_options(options, passage.limits()),
                                              [&](Slice row) -> Result<> {
                                                printer.print(row);
                                                return {};
                                              }));
    printer.finish();
    for (const auto& warning : outcome.warnings)
      fmt::print(stderr, "{} {}\n", styled(stderr, "warning", kYellow), warning);
    tell_cut(outcome.truncated, outcome.rows);
    return passage.finish(outcome.rows);
  }
  auto cursor = TRY(database.query(text, bind, store_options(options, passage.limits())));
  while (auto batch = TRY(cursor->next_batch())) {
    for (value::ArrayIterator row(*batch); row.valid(); row.next()) printer.print(row.value());
  }
  printer.finish();
  print_warnings(cursor->extra());
  if (is_terminal(stdout)) print_write_counts(cursor->extra().get("stats"));
  return passage.finish(printer.row_count());
}

Result<std::vector<std::string>> completion_words(DocumentDatabase& database) {
  std::vector<std::string> words = {"FOR",    "IN",      "FILTER", "RETURN",    "SORT",     "LIMIT",
                                    "LET",    "COLLECT", "INSERT", "UPDATE",    "REPLACE",  "REMOVE",
                                    "UPSERT", "INTO",    "WITH",   "AGGREGATE", "DISTINCT", "ASC",
                                    "DESC",   "OPTIONS", "LENGTH", "DOCUMENT",  "DATE_NOW", "MERGE"};
  for (const auto& collection : TRY(database.collections())) {
    if (!collection.is_system) words.push_back(collection.name);
  }
  return words;
}

}  // namespace

Result<> run_aql(Door& door, const QueryOptions& options) {
  auto bind = TRY(parse_bind(options.bind));
  std::string name = door.database_or(access::StoreKind::kDocuments, options.database, "flowmaster");
  auto database = TRY(door.session().documents().open(name));
  if (!options.text.empty()) return run_one(door, *database, options.text, options, bind.slice());
  if (!is_terminal(stdin)) return run_one(door, *database, TRY(read_standard_input()), options, bind.slice());
  ShellOptions shell;
  shell.name = "aql";
  shell.prompt = door.prompt("aql", name);
  shell.words = TRY(completion_words(*database));
  return run_shell(shell,
                   [&](const std::string& text) { return run_one(door, *database, text, options, bind.slice()); });
}

}  // namespace workerdb::cli

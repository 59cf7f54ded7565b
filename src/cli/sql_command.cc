#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "access/credentials/lease.h"
#include "access/guard/read_only.h"
#include "catalog/environment_class.h"
#include "cli/query_commands.h"
#include "cli/shell.h"
#include "stores/relational/rows_json.h"
#include "stores/relational/sql_analysis.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::Connection;
using stores::relational::Rows;
using stores::relational::SqlAnalysis;

namespace {

Result<Intent> intent_of(Connection& connection, const SqlAnalysis& analysis, const std::string& text,
                         const QueryOptions& options) {
  Intent intent;
  intent.store = access::StoreKind::kRelational;
  intent.database = connection.database();
  intent.operation = access::operation_of(analysis.effect);
  intent.command = "sql";
  intent.objects = analysis.tables;
  std::vector<std::string> parts = options.bind;
  parts.push_back(text);
  intent.values = fmt::format("{}", fmt::join(parts, "\n"));
  intent.parameters = access::digest_of_parameters(parts);
  intent.statement_digest = analysis.digest;
  intent.data_class = TRY(catalog::environment_of(connection));
  return intent;
}

void print_rows(const Rows& rows, OutputFormat format) {
  if (rows.column_count() == 0) {
    fmt::print(stderr, "{}\n", rows.command_tag());
    return;
  }
  RowPrinter printer(stdout, format);
  value::Builder row;
  for (int i = 0; i < rows.row_count(); ++i) {
    row.clear();
    stores::relational::append_row(rows, i, row);
    printer.print(row.slice());
  }
}

// What a program reads with: a login that can do no more, where the context's own may make one. A read-only
// transaction alone does not keep a superuser, which the stack's login is, from the server's files. Gone with its
// scope.
class ReaderLogin {
 public:
  ReaderLogin(Door& door, const std::string& database) : store_(door.session().relational()), login_(store_.options()) {
    login_.database = database;
  }
  ~ReaderLogin() {
    // A failure is the sweeper's to mend: the login ends by itself.
    if (lease_) (void)access::end_relational_lease(store_, lease_->credential.user);
  }
  ReaderLogin(const ReaderLogin&) = delete;
  ReaderLogin& operator=(const ReaderLogin&) = delete;

  Result<> narrow() {
    auto lease = access::lease_relational(store_, {login_.database, {}, {}, false}, access::kLongestLeaseS);
    if (!lease && lease.error().code() == ErrorCode::kForbidden) return {};
    lease_ = TRY(std::move(lease));
    login_.user = lease_->credential.user;
    login_.password = std::string(lease_->credential.secret.expose());
    login_.passfile.clear();
    return {};
  }
  const stores::relational::ConnectionOptions& options() const { return login_; }

 private:
  stores::relational::RelationalStore& store_;
  stores::relational::ConnectionOptions login_;
  std::optional<access::Lease> lease_;
};

Result<> read_one(Door& door, Connection& connection, const std::string& text, const QueryOptions& options,
                  Passage& passage) {
  ReaderLogin login(door, connection.database());
  if (door.principal().kind != access::PrincipalKind::kPerson) TRY(login.narrow());
  std::vector<stores::relational::Parameter> parameters(options.bind.begin(), options.bind.end());
  access::ReadScope scope{.limits = passage.limits(), .objects = {}};
  if (options.max_runtime_s > 0) {
    int64_t wished_ms = int64_t(options.max_runtime_s * 1000);
    scope.limits.time_ms = scope.limits.time_ms > 0 ? std::min(scope.limits.time_ms, wished_ms) : wished_ms;
  }
  RowPrinter printer(stdout, options.format);
  value::Builder row;
  auto outcome =
      TRY(access::read_relational(login.options(), text, parameters, scope, [&](const Rows& rows) -> Result<> {
        for (int i = 0; i < rows.row_count(); ++i) {
          row.clear();
          stores::relational::append_row(rows, i, row);
          printer.print(row.slice());
        }
        return {};
      }));
  printer.finish();
  tell_cut(outcome.truncated, outcome.rows);
  return passage.finish(outcome.rows);
}

Result<> run_one(Door& door, Connection& connection, const std::string& text, const QueryOptions& options) {
  auto analysis = TRY(stores::relational::analyze_sql(text));
  auto passage = TRY(door.enter(TRY(intent_of(connection, analysis, text, options))));
  if (passage.is_read_only()) return read_one(door, connection, text, options, passage);
  if (options.max_runtime_s > 0) TRY(connection.set_statement_timeout_ms(int(options.max_runtime_s * 1000)));
  if (!options.bind.empty()) {
    std::vector<stores::relational::Parameter> parameters(options.bind.begin(), options.bind.end());
    auto rows = TRY(connection.query(text, parameters));
    print_rows(rows, options.format);
    return passage.finish(uint64_t(rows.affected_rows()));
  }
  uint64_t count = 0;
  for (const Rows& rows : TRY(connection.run_script(text))) {
    print_rows(rows, options.format);
    count += uint64_t(rows.affected_rows());
  }
  return passage.finish(count);
}

std::vector<std::string> completion_words(Connection& connection) {
  std::vector<std::string> words = {"SELECT", "FROM",      "WHERE",  "INSERT",  "INTO",  "VALUES", "UPDATE",
                                    "SET",    "DELETE",    "JOIN",   "ON",      "GROUP", "ORDER",  "BY",
                                    "LIMIT",  "RETURNING", "WITH",   "AND",     "OR",    "NOT",    "NULL",
                                    "COUNT",  "BEGIN",     "COMMIT", "ROLLBACK"};
  auto tables = connection.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
  for (int i = 0; tables && i < tables->row_count(); ++i) words.emplace_back(tables->text_or_empty(i, 0));
  return words;
}

}  // namespace

Result<> run_sql(Door& door, const QueryOptions& options) {
  std::string name = door.database_or(access::StoreKind::kRelational, options.database, "flowmaster_core");
  auto connection = TRY(door.session().relational().connect(name));
  connection.on_notice([](std::string_view text) { fmt::print(stderr, "{}", text); });
  if (!options.text.empty()) return run_one(door, connection, options.text, options);
  if (!is_terminal(stdin)) return run_one(door, connection, TRY(read_standard_input()), options);
  ShellOptions shell;
  shell.name = "sql";
  shell.prompt = door.prompt("sql", name);
  shell.words = completion_words(connection);
  return run_shell(shell, [&](const std::string& text) { return run_one(door, connection, text, options); });
}

}  // namespace workerdb::cli

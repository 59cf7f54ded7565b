#include "access/guard/read_only.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::Connection;

namespace {

constexpr int kLockTimeoutMs = 2'000;

// Ends a stream of rows without being a failure.
const Error& enough() {
  static const Error error(ErrorCode::kResourceLimit, "workerdb: enough rows");
  return error;
}

// Counts what was handed out; false when the next row is too much.
class Meter {
 public:
  explicit Meter(const Limits& limits) : limits_(limits) {}
  bool has_room(uint64_t bytes) {
    if (limits_.rows > 0 && outcome.rows >= limits_.rows) outcome.truncated = "rows";
    // The first row always passes, or nobody could see why there is none.
    if (limits_.bytes > 0 && outcome.rows > 0 && outcome.bytes + bytes > limits_.bytes) outcome.truncated = "bytes";
    if (outcome.truncated) return false;
    ++outcome.rows;
    outcome.bytes += bytes;
    return true;
  }
  ReadOutcome outcome;

 private:
  const Limits& limits_;
};

bool is_over_time(const Error& error) {
  return error.code() == ErrorCode::kQueryKilled || stores::relational::sqlstate(error) == "57014";
}

// What came before the time was over is an answer; nothing is none.
Result<ReadOutcome> ended(Meter& meter, Error error) {
  if (error == enough()) return std::move(meter.outcome);
  if (!is_over_time(error) || meter.outcome.rows == 0) return error;
  meter.outcome.truncated = "time";
  return std::move(meter.outcome);
}

uint64_t size_of(const stores::relational::Rows& rows) {
  uint64_t bytes = 0;
  for (int column = 0; column < rows.column_count(); ++column) bytes += rows.text_or_empty(0, column).size();
  return bytes;
}

Result<> check_statement(Connection& connection, std::string_view sql, const ReadScope& scope) {
  if (scope.second_layer == SecondLayer::kOff) return {};
  auto analysis = TRY(stores::relational::analyze_sql(sql));
  TRY(check_sql_read(analysis, scope.objects));
  return check_functions(connection, analysis.functions);
}

void add_warnings(value::Slice extra, std::vector<std::string>& warnings) {
  value::Slice list = extra.get("warnings");
  if (!list.is_array()) return;
  for (value::ArrayIterator warning(list); warning.valid(); warning.next()) {
    value::Slice message = warning.value().get("message");
    if (message.is_string()) warnings.emplace_back(message.as_string());
  }
}

void cut(stores::cache::Reply& reply, const Limits& limits, uint64_t& bytes, std::optional<std::string>& truncated) {
  if (limits.bytes > 0 && bytes + reply.text.size() > limits.bytes) {
    reply.text.resize(limits.bytes - std::min(bytes, limits.bytes));
    truncated = "bytes";
  }
  bytes += reply.text.size();
  if (limits.rows > 0 && reply.elements.size() > limits.rows) {
    reply.elements.resize(limits.rows);
    truncated = "rows";
  }
  for (size_t i = 0; i < reply.elements.size(); ++i) {
    if (limits.bytes > 0 && bytes >= limits.bytes) {
      reply.elements.resize(i);
      truncated = "bytes";
      return;
    }
    cut(reply.elements[i], limits, bytes, truncated);
  }
}

}  // namespace

Result<ReadOutcome> read_relational(const stores::relational::ConnectionOptions& login, std::string_view sql,
                                    std::span<const stores::relational::Parameter> parameters, const ReadScope& scope,
                                    const std::function<Result<>(const stores::relational::Rows&)>& on_row) {
  auto connection = TRY(Connection::connect(login));
  TRY(check_statement(connection, sql, scope));
  TRY(
      connection.execute(fmt::format("BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; "
                                     "SET LOCAL idle_in_transaction_session_timeout = 60000",
                                     std::max<int64_t>(scope.limits.time_ms, 0), kLockTimeoutMs)));
  if (scope.on_start) scope.on_start(connection.canceller());
  Meter meter(scope.limits);
  auto done = connection.stream(sql, parameters, [&](const stores::relational::Rows& row) -> Result<> {
    if (!meter.has_room(size_of(row))) return enough();
    return on_row(row);
  });
  // The connection goes with this scope, and the server rolls back.
  if (!done) return ended(meter, std::move(done).error());
  return std::move(meter.outcome);
}

Result<ReadOutcome> read_documents(stores::documents::DocumentDatabase& database, std::string_view text,
                                   value::Slice bind, const ReadScope& scope, stores::documents::QueryOptions options,
                                   const std::function<Result<>(value::Slice)>& on_row) {
  if (scope.second_layer == SecondLayer::kOn)
    TRY(check_aql_read(TRY(analyze_aql(database, text, bind)), scope.objects));
  options.read_only = true;
  if (scope.objects) {
    options.allowed_collections = scope.objects;
  } else {
    options.allowed_collections.emplace();
    for (auto& collection : TRY(database.collections())) {
      if (!collection.is_system && !collection.name.starts_with('_'))
        options.allowed_collections->push_back(std::move(collection.name));
    }
  }
  if (scope.limits.time_ms > 0 && (options.max_runtime_ms == 0 || options.max_runtime_ms > scope.limits.time_ms)) {
    options.max_runtime_ms = scope.limits.time_ms;
  }
  auto cursor = TRY(database.query(text, bind, options));
  Meter meter(scope.limits);
  while (true) {
    auto batch = cursor->next_batch();
    if (!batch) return ended(meter, std::move(batch).error());
    if (!*batch) break;
    for (value::ArrayIterator row(**batch); row.valid(); row.next()) {
      if (!meter.has_room(row.value().byte_size())) return std::move(meter.outcome);
      TRY(on_row(row.value()));
    }
  }
  add_warnings(cursor->extra(), meter.outcome.warnings);
  return std::move(meter.outcome);
}

Result<CacheOutcome> read_cache(const stores::cache::CacheOptions& login, const stores::cache::Command& command,
                                const ReadScope& scope) {
  stores::cache::CacheOptions options = login;
  if (scope.limits.time_ms > 0)
    options.command_timeout_ms = int(std::min<int64_t>(
        scope.limits.time_ms, options.command_timeout_ms > 0 ? options.command_timeout_ms : scope.limits.time_ms));
  stores::cache::CacheStore store(options);
  if (scope.second_layer == SecondLayer::kOn)
    TRY(check_cache_read(TRY(analyze_command(store, command)), scope.objects));
  CacheOutcome outcome;
  outcome.reply = TRY(store.call(command));
  uint64_t bytes = 0;
  cut(outcome.reply, scope.limits, bytes, outcome.truncated);
  return outcome;
}

}  // namespace workerdb::access

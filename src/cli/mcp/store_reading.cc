// Values: AQL, SQL, one key, plans.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "access/guard/analysis.h"
#include "access/guard/read_only.h"
#include "base/digest.h"
#include "cli/mcp/store_door.h"
#include "stores/relational/rows_json.h"
#include "stores/relational/sql_analysis.h"
#include "value/json.h"

namespace workerdb::cli {

using access::Operation;
using access::StoreKind;
using base::Error;
using base::ErrorCode;
using base::Result;
using mcp::Call;
using mcp::RowSet;
using value::Slice;

namespace {

Error cancelled() { return Error(ErrorCode::kQueryKilled, "the call was cancelled"); }

int64_t time_for(const Call& call, const access::Limits& most) {
  return most.time_ms > 0 ? std::min(call.left_ms(), most.time_ms) : call.left_ms();
}

uint64_t rows_for(const mcp::ReadLimits& limits, const access::Limits& most) {
  return most.rows > 0 ? std::min(limits.rows, most.rows) : limits.rows;
}

// Ends a running statement when its caller is gone, and asks again as long as it runs: a request to cancel that comes
// before the statement does nothing. Stops watching with the scope.
class CancelWatch {
 public:
  explicit CancelWatch(const Call& call) : cancelled_(call.cancelled) {}
  void start(stores::relational::Canceller canceller) {
    if (cancelled_ == nullptr) return;
    thread_ = std::thread([this, canceller = std::move(canceller)] {
      while (!is_over_.load()) {
        if (cancelled_->load()) (void)canceller.cancel();
        std::this_thread::sleep_for(std::chrono::milliseconds(cancelled_->load() ? 100 : 10));
      }
    });
  }
  ~CancelWatch() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  CancelWatch(const CancelWatch&) = delete;
  CancelWatch& operator=(const CancelWatch&) = delete;

 private:
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

// The rows of one page: leaves out those of earlier pages, and notes that there are more than fit.
class Page {
 public:
  Page(const mcp::ReadLimits& limits, uint64_t most_rows) : limits_(limits), most_rows_(most_rows) {
    array.open_array();
  }
  bool wants(uint64_t bytes) {
    if (seen_++ < limits_.skip) return false;
    if (has_more_ || taken_ >= most_rows_ || (taken_ > 0 && bytes_ + bytes > limits_.bytes)) {
      has_more_ = true;
      return false;
    }
    ++taken_;
    bytes_ += bytes;
    return true;
  }
  RowSet finish() {
    array.close();
    RowSet rows;
    rows.rows = array.take();
    rows.has_more = has_more_;
    return rows;
  }
  value::Builder array;

 private:
  const mcp::ReadLimits& limits_;
  const uint64_t most_rows_;
  uint64_t seen_ = 0, taken_ = 0, bytes_ = 0;
  bool has_more_ = false;
};

std::vector<stores::relational::Parameter> parameters_of(Slice array) {
  std::vector<stores::relational::Parameter> parameters;
  for (value::ArrayIterator item(array); item.valid(); item.next()) {
    if (item.value().is_string()) {
      parameters.emplace_back(std::string(item.value().as_string()));
    } else {
      parameters.emplace_back(std::nullopt);
    }
  }
  return parameters;
}

std::string_view type_name(stores::relational::ColumnType type) {
  using stores::relational::ColumnType;
  switch (type) {
    case ColumnType::kBoolean: return "boolean";
    case ColumnType::kInteger: return "integer";
    case ColumnType::kReal: return "real";
    case ColumnType::kNumeric: return "numeric";
    case ColumnType::kJson: return "json";
    case ColumnType::kTimestamp: return "timestamp";
    case ColumnType::kArray: return "array";
    case ColumnType::kBytes: return "bytes";
    case ColumnType::kText: break;
  }
  return "text";
}

// One line a node of an AQL plan: what it does, with which indexes, how many rows it expects.
std::string plan_text(Slice plan) {
  std::string text;
  for (value::ArrayIterator node(plan.get("nodes")); node.valid(); node.next()) {
    Slice type = node.value().get("type"), rows = node.value().get("estimatedNrItems"),
          collection = node.value().get("collection");
    text += type.is_string() ? std::string(type.as_string()) : "?";
    if (collection.is_string()) text += fmt::format(" {}", collection.as_string());
    for (value::ArrayIterator index(node.value().get("indexes")); index.valid(); index.next()) {
      Slice name = index.value().get("name");
      if (name.is_string()) text += fmt::format(" index {}", name.as_string());
    }
    if (rows.is_number()) text += fmt::format("  (about {:.0f} rows)", rows.as_double());
    text += '\n';
  }
  Slice cost = plan.get("estimatedCost");
  if (cost.is_number()) text += fmt::format("estimated cost {:.1f}\n", cost.as_double());
  return text;
}

}  // namespace

Result<RowSet> StoreDoor::run_aql(const std::string& database, std::string_view text, Slice bind,
                                  const mcp::ReadLimits& limits, const access::Limits& most, const Call& call) {
  auto opened = TRY(stores().documents->open(database));
  access::ReadScope scope;
  scope.limits.time_ms = time_for(call, most);
  scope.limits.rows = limits.skip + rows_for(limits, most) + 1;
  stores::documents::QueryOptions options;
  options.batch_size = std::clamp<size_t>(scope.limits.rows, 1, 1000);
  Page page(limits, rows_for(limits, most));
  auto take = [&](Slice row) -> Result<> {
    if (call.is_cancelled()) return cancelled();
    if (page.wants(row.byte_size())) page.array.slice(row);
    return {};
  };
  auto outcome = TRY(access::read_documents(*opened, text, bind, scope, std::move(options), take));
  RowSet rows = page.finish();
  rows.warnings = std::move(outcome.warnings);
  return rows;
}

Result<RowSet> StoreDoor::run_sql(const std::string& database, std::string_view text, Slice parameters,
                                  const mcp::ReadLimits& limits, const access::Limits& most, const Call& call) {
  auto login = TRY(reader(database));
  if (call.is_cancelled()) return cancelled();
  CancelWatch watch(call);
  access::ReadScope scope;
  scope.limits.time_ms = time_for(call, most);
  scope.limits.rows = limits.skip + rows_for(limits, most) + 1;
  scope.on_start = [&](const stores::relational::Canceller& canceller) { watch.start(canceller); };
  Page page(limits, rows_for(limits, most));
  RowSet head;
  auto take = [&](const stores::relational::Rows& row) -> Result<> {
    uint64_t bytes = 0;
    for (int column = 0; column < row.column_count(); ++column) bytes += row.text_or_empty(0, column).size();
    if (!page.wants(bytes)) return {};
    if (head.columns.empty()) {
      for (const auto& column : row.columns()) {
        head.columns.push_back(column.name);
        head.column_types.emplace_back(type_name(column.type));
      }
    }
    page.array.open_array();
    for (int column = 0; column < row.column_count(); ++column)
      stores::relational::append_cell(row, 0, column, page.array);
    page.array.close();
    return {};
  };
  auto given = parameters_of(parameters);
  TRY(access::read_relational(login, text, given, scope, take));
  RowSet rows = page.finish();
  rows.columns = std::move(head.columns);
  rows.column_types = std::move(head.column_types);
  return rows;
}

Result<mcp::QueryPlan> StoreDoor::explain(const Call& call, StoreKind store, std::string_view name,
                                          std::string_view text, Slice bind) {
  std::string database(name);
  Access access = TRY(admit(call, {store, database, Operation::kDescribe, {}, base::sha256_hex(text)}));
  auto run = [&]() -> Result<mcp::QueryPlan> {
    mcp::QueryPlan plan;
    if (store == StoreKind::kDocuments) {
      auto opened = TRY(stores().documents->open(database));
      auto explained = TRY(opened->explain(text, bind));
      plan.text = plan_text(explained.slice().get("plan"));
      return plan;
    }
    access::ReadScope scope;
    scope.limits.time_ms = call.left_ms();
    auto given = parameters_of(bind);
    TRY(access::check_sql_read(TRY(stores::relational::analyze_sql(text)), std::nullopt));
    TRY(access::read_relational(TRY(reader(database)), fmt::format("EXPLAIN {}", text), given, scope,
                                [&](const stores::relational::Rows& row) -> Result<> {
                                  plan.text += std::string(row.text_or_empty(0, 0)) + "\n";
                                  return {};
                                }));
    return plan;
  };
  auto plan = run();
  TRY(note(std::move(access), std::nullopt, plan ? nullptr : &plan.error()));
  return plan;
}

}  // namespace workerdb::cli

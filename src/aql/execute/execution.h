#pragma once
// Runs a plan against a transaction and hands out its rows. A plan is compiled once to a Program, which any number of
// executions may share; an Execution is one run of it.
//
//   auto program = TRY(compile(std::move(plan)));
//   auto execution = TRY(Execution::create(program, store, database, transaction, options));
//   for (auto rows = TRY(execution->next(1000)); !rows.empty(); rows = TRY(execution->next(1000))) send(rows);
//
// Writes go into the transaction at a savepoint of the execution's own: a query that fails, or whose execution is
// destroyed before its end, leaves the transaction as it was before the query. Committing is the caller's.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aql/functions/context.h"
#include "aql/plan/node.h"
#include "base/result.h"
#include "storage/store.h"
#include "storage/transaction.h"
#include "value/builder.h"

namespace workerdb::graph {
class AdjacencyCache;
}

namespace workerdb::aql::execute {

class QueryControl;  // interrupt.h
class MemoryPool;

// Whether the query's user may read a collection that only a function's argument names (DOCUMENT …); an error ends it.
using ReadAuthorization = std::function<base::Result<>(std::string_view collection)>;

struct ExecutionOptions {
  size_t memory_limit_bytes = 0;  // 0: none; beyond: kResourceLimit
  int64_t deadline_ns = 0;        // of base::steady_time_ns(); 0: none; behind it: kQueryKilled
  size_t batch_rows = 1000;  // rows in flight between two operators; 1-1000, for tests; results do not depend on it
  size_t max_warnings = 10;  // that are kept; all are counted
  bool fail_on_warning = false;
  bool full_count = false;  // the outermost plan's last LIMIT counts on behind its end
  uint8_t profile = 0;      // 1 and 2: statistics of every node
  // Sorts and groups that take more memory, or more rows, go into files without names in the folder. Empty: they do
  // not.
  std::string spill_folder;
  // For each of them; less when the query, or all queries, have little left.
  size_t spill_from_bytes = size_t(128) << 20;
  uint64_t spill_from_rows = 5'000'000;
  // A collection of at least so many documents may be read into memory as the inner side of a join.
  uint64_t join_table_from = 100;
  size_t threads = 0;           // that may share the scan of a large collection; 0: as many as there are cores; 1: none
  int64_t now_ms = 0;           // DATE_NOW(); 0: the clock when the execution is created
  std::string database, user;   // CURRENT_DATABASE(), CURRENT_USER()
  value::Slice bind_variables;  // an object that outlives the execution; for programs that keep their parameters
  std::shared_ptr<QueryControl> control;       // how others end the query and see its memory; null: one of its own
  ReadAuthorization authorize_read;            // null: everything may be read
  MemoryPool* memory_pool = nullptr;           // of all queries, outlives the execution; null: none
  graph::AdjacencyCache* adjacency = nullptr;  // edges that are held in memory; null: none are
};

struct NodeStatistics {
  uint32_t node_id;               // plan::Node::id
  uint64_t calls = 0, items = 0;  // batches asked for, rows given
  uint64_t filtered = 0;
  uint64_t runtime_ns = 0;                 // of this node without those in front of it
  uint64_t fetching_ns = 0;                // of those
  int64_t held_bytes = 0, peak_bytes = 0;  // memory that it took and did not give back: at the end, and at most
};

struct ExecutionStatistics {
  uint64_t writes_executed = 0, writes_ignored = 0;
  uint64_t scanned_full = 0, scanned_index = 0;  // documents of collections, entries of indexes
  uint64_t cursors_created = 0, cursors_rearmed = 0;
  uint64_t document_lookups = 0, seeks = 0;
  uint64_t filtered = 0;
  uint64_t full_count = 0;  // rows in front of the last LIMIT; meaningful when has_full_count
  bool has_full_count = false;
  uint64_t peak_memory_bytes = 0;
  uint64_t execution_time_ns = 0;     // inside next() and create()
  std::vector<NodeStatistics> nodes;  // with profile; in the order of the plan, subplans in front of their node
};

// A compiled plan. Immutable: any number of threads may run it at once.
class Program;

// With `keeps_parameters` the program reads bind parameters from ExecutionOptions when it runs; otherwise their values
// are those of the plan. Errors: kQueryTooMuchNesting for more than 1000 registers.
base::Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const plan::Plan> plan,
                                                     bool keeps_parameters = false);
const plan::Plan& plan_of(const Program& program);

// One run. For one thread at a time, but kill() may come from any.
class Execution {
 public:
  // The store, the database's name in it and the transaction outlive the execution.
  // Errors: kCollectionNotFound, kIndexNotFound when they were dropped after the plan was made.
  static base::Result<std::unique_ptr<Execution>> create(std::shared_ptr<const Program> program,
                                                         const storage::Store& store, const storage::Database& database,
                                                         storage::Transaction& transaction,
                                                         const ExecutionOptions& options = {});
  virtual ~Execution() = default;

  // Up to `limit` more rows (fewer does not mean the end, none does), borrowed until the next call.
  // After an error, or the end, it gives no more. Errors: what the query failed with; kQueryKilled after kill() or the
  // deadline; kResourceLimit.
  virtual base::Result<std::span<const value::Slice>> next(size_t limit) = 0;
  // Whether next() would give a row. Works ahead by at most one batch; slices handed out before stay valid only until
  // this call.
  virtual base::Result<bool> has_more() = 0;

  // Thread-safe, returns at once; the query ends with kQueryKilled at its next checkpoint.
  virtual void kill() = 0;
  // Counts rows that the caller keeps for the memory limit. kResourceLimit, or why else the query is to end.
  virtual base::Result<> keep(size_t bytes) = 0;

  // Complete at the end; in between, of what was done so far.
  virtual const ExecutionStatistics& statistics() const = 0;
  virtual const std::vector<functions::Warning>& warnings() const = 0;
  virtual uint64_t warning_count() const = 0;
};

}  // namespace workerdb::aql::execute

#pragma once
// The embeddable engine: documents, indexes and AQL in one folder, in your process. See examples/embedded.cc.
//
//   auto engine = TRY(engine::Engine::open("data"));
//   auto database = TRY(engine->create_database("shop"));
//   auto orders = TRY(database.create_collection("orders"));
//   TRY(orders.insert(TRY(value::parse_json(R"({"_key": "1", "total": 12.5})")).slice()));
//   auto cursor = TRY(database.query("FOR o IN orders FILTER o.total > 10 RETURN o"));
//
// Every class here is thread-safe unless its comment says otherwise. Errors carry ArangoDB's numbers.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/database.h"
#include "engine/types.h"

namespace workerdb::engine {

// memory_budget.h derives those that bound memory from one number.
struct EngineOptions {
  uint64_t memory_budget_bytes = 0;  // what the others were derived from; 0: they stand for themselves
  size_t block_cache_bytes = size_t(256) << 20;
  bool memtables_in_block_cache = false;  // they take their room from the block cache's
  size_t write_buffer_bytes = size_t(64) << 20;
  size_t document_cache_bytes = size_t(64) << 20;  // documents that were read by key
  uint32_t sync_interval_ms = 100;                 // how long an acknowledged write may wait for its fsync
  uint32_t ttl_interval_ms = 30'000;
  size_t graph_cache_bytes = size_t(256) << 20;  // edges that traversals keep in memory between queries; 0 none
  uint64_t query_memory_limit_bytes = uint64_t(1) << 30;  // a query that names no limit of its own; 0 none
  double query_max_runtime_s = 0;                         // likewise; 0 none
  uint64_t all_queries_memory_limit_bytes = 0;  // of all queries together, with the rows that cursors hold; 0 none
  uint64_t transaction_limit_bytes =
      UINT64_MAX;  // what one transaction may write at most, whatever it asks for; all together twice that
  uint64_t spill_from_bytes = uint64_t(128) << 20;         // a sort or a group beyond goes to the disk
  uint64_t spill_results_from_bytes = uint64_t(64) << 20;  // and the finished rows of a cursor
  uint64_t largest_result_bytes = uint64_t(4)
                                  << 30;  // of a cursor's rows, on the disk or not; a stream has no such limit
  uint64_t answer_bytes = UINT64_MAX;     // of rows in one answer over HTTP; the cursor keeps the others
  double slow_query_s = 10;               // longer ones are kept in the list of slow queries
};

struct EngineStatistics {
  uint64_t live_bytes, memtable_bytes, block_cache_bytes, wal_bytes, open_transactions;
  uint64_t queries_started, queries_failed, queries_running;
};

class Engine {
 public:
  // Opens or creates the folder; one process at a time (kDatadirLocked). Errors: see storage::Store::open.
  static Result<std::unique_ptr<Engine>> open(const std::string& folder, const EngineOptions& options = {});
  ~Engine();

  // kDatabaseNotFound. "_system" is always there.
  Result<Database> database(std::string_view name);
  // `properties`: an object that is kept with the database, such as {"environment": "production"}; or none.
  // kDuplicateName, kDatabaseNameInvalid.
  Result<Database> create_database(std::string_view name, Slice properties = {});
  Result<> set_database_properties(std::string_view name, Slice properties);
  Result<> drop_database(std::string_view name);
  std::vector<std::string> databases() const;  // sorted

  // Queries of a database, or of all where its name is empty. See Database::set_tracking().
  std::vector<RunningQuery> running_queries(std::string_view database) const;
  std::vector<RunningQuery> slow_queries(std::string_view database) const;
  void clear_slow_queries(std::string_view database);
  // kQueryNotFound for an id that does not run there. `user`: only one of this user's; empty: anybody's.
  Result<> kill_query(std::string_view database, uint64_t id, std::string_view user = {});

  ResultCacheProperties result_cache() const;
  void set_result_cache(const ResultCacheProperties& properties);

  // All that is acknowledged is on the disk when this returns.
  Result<> sync();
  uint64_t new_tick();
  EngineStatistics statistics() const;

 private:
  explicit Engine(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace workerdb::engine

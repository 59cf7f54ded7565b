#pragma once
// What a query may be told, and what comes back.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace workerdb::engine {

// Turns true when nobody waits for the query any more: it ends with kQueryKilled soon after. Null: somebody always
// does.
using CancelledFlag = std::shared_ptr<const std::atomic<bool>>;

// Names and defaults: aql-language.tsv, "query option".
struct QueryOptions {
  uint64_t memory_limit_bytes = 0;  // 0: the engine's
  double max_runtime_s = 0;         // 0: the engine's
  bool full_count = false;
  bool stream = false;
  bool fail_on_warning = false;
  size_t max_warnings = 10;
  int profile = 0;         // 0, 1 or 2
  bool all_plans = false;  // explain
  size_t max_plans = 128;
  std::vector<std::string> optimizer_rules;  // "+name", "-name", "-all" …, left to right
  // spillOverThresholdMemoryUsage and spillOverThresholdNumRows: a sort goes to the disk beyond. None: 128 MiB, 5
  // million.
  std::optional<uint64_t> spill_from_bytes, spill_from_rows;
  size_t threads = 0;                       // that may share a large scan; 0: as many as there are cores
  std::optional<uint64_t> join_table_from;  // documents from which on a join reads its inner side at once
  size_t batch_size = 0;                    // rows of an execution's internal batch; 0 the default. For tests.
  std::optional<bool> cache;                // whether the results cache is used; none: its mode decides
  CancelledFlag cancelled;
  bool use_plan_cache = false;  // 1584 unless the query may be kept; its plan is listed
  bool read_only = false;       // a query that writes is refused with kReadOnly
  std::string user;             // CURRENT_USER
  // Asked once for each collection that the query reads or writes, before anything runs; an error ends the query.
  std::function<Result<>(std::string_view collection, bool writes)> authorize;
};

// An entry of the plan cache that users see.
struct CachedPlanDescription {
  uint64_t key, text_hash;
  std::string text;
  Buffer bind_variables;  // those that name collections
  bool full_count;
  std::vector<std::string> collections;
  int64_t created_unix_ms;
  uint64_t hits, bytes;
};

// The rules of the optimizer, in their order.
struct OptimizerRule {
  std::string_view name;
  bool is_hidden, can_be_disabled, can_create_plans, is_disabled_by_default;
};
std::vector<OptimizerRule> optimizer_rules();

// What a database keeps of its queries ("Track queries"). Names in the HTTP API: enabled, trackSlowQueries,
// trackBindVars, maxSlowQueries, slowQueryThreshold, slowStreamingQueryThreshold, maxQueryStringLength.
struct QueryTracking {
  bool enabled = true, slow_queries = true, bind_variables = true;
  uint64_t most_slow = 64;
  double slow_s = 10, slow_stream_s = 10;
  uint64_t text_length = 4096;  // bytes
};

struct RunningQuery {
  uint64_t id = 0;
  std::string database, user, text;
  Buffer bind_variables;  // none where they are not tracked
  int64_t started_unix_ms = 0;
  double run_time_s = 0;
  std::string state;  // "executing", "killed" …
  bool stream = false, modifies = false;
  uint64_t warnings = 0;
  uint64_t peak_memory_bytes = 0;  // in steps of 32 KiB
  int exit_code = 0;               // of a slow one: the error that it ended with
};

// The cache of results, for all databases ("The AQL query results cache").
struct ResultCacheProperties {
  enum class Mode : uint8_t { kOff, kOn, kDemand };
  Mode mode = Mode::kOff;
  uint64_t most_results = 128;                // of each database
  uint64_t most_bytes = uint64_t(256) << 20;  // of each database
  uint64_t most_entry_bytes = uint64_t(16) << 20;
  bool include_system = false;  // queries that read system collections

  bool operator==(const ResultCacheProperties&) const = default;
};

struct CachedResultDescription {
  uint64_t key = 0;
  std::string text;
  Buffer bind_variables;
  uint64_t bytes = 0, rows = 0, hits = 0;
  double run_time_s = 0;
  int64_t stored_unix_ms = 0;
  std::vector<std::string> sources;  // collections and views, by name
};

// The rows of a query. Not for two threads at once, except kill().
class Cursor {
 public:
  ~Cursor();
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;

  // The next row, borrowed until the next call; none behind the last one (a row that is null is null).
  Result<Slice> next();
  // Appends up to `count` rows to `rows`, each JSON, separated by commas; returns how many. Fewer where they take more
  // than `most_bytes`. For the wire.
  Result<size_t> append_json(size_t count, std::string& rows, size_t most_bytes = SIZE_MAX);
  // True when another row is there; in a stream this may make it.
  Result<bool> has_more();
  // Rows in total; nullopt in a stream.
  std::optional<uint64_t> count() const;
  // {"warnings": […], "stats": {…}, "profile": {…}, "plan": {…}}: complete behind the last row.
  Buffer extra() const;
  // From now on its rows are made for somebody who may leave (see QueryOptions::cancelled).
  void set_cancelled(CancelledFlag cancelled);
  // The rows were made by an earlier run of the query.
  bool cached() const;
  // True if the query could write.
  bool modifies() const;
  uint64_t id() const;
  // The plan cache's key, where the query asked for the cache and its plan came from there.
  std::optional<uint64_t> plan_cache_key() const;

 private:
  friend class Database;
  friend struct QueryRun;
  struct State;
  explicit Cursor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace workerdb::engine

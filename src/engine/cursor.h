#pragma once
// What stands behind a Cursor. Private to this folder.
#include <memory>
#include <string>
#include <vector>

#include "aql/execute/execution.h"
#include "aql/functions/context.h"
#include "engine/compiled_query.h"
#include "engine/core.h"
#include "engine/kept_rows.h"
#include "engine/plan_cache.h"
#include "engine/query.h"
#include "engine/query_registry.h"
#include "engine/result_cache.h"

namespace workerdb::engine {

// Members are destroyed from the last to the first: the execution before its transaction, that before the store.
struct Cursor::State {
  ~State();

  // Runs the query to its end, keeps the rows and commits.
  Result<> materialize();
  // Rows that are kept or, in a stream, made now. Sets current_; false behind the last row.
  Result<bool> advance();
  // An error if a stream is to end before its time.
  Result<> check_stop();
  // Commits what the query did in a transaction of its own.
  Result<> finish();
  void fail(const Error& error);
  // Takes the rows of an earlier run.
  void serve(CachedResultPtr result);
  Slice next_served();
  void keep_result();
  Buffer make_extra(bool with_profile) const;
  void append_statistics(Builder& to, bool with_nodes) const;

  std::shared_ptr<Core> core;
  storage::DatabasePtr database;
  std::shared_ptr<TrackedQuery> tracked;
  std::unique_ptr<storage::Transaction> own_transaction;  // null inside a caller's transaction
  CompiledQueryPtr compiled;
  CachedPlanPtr cached;  // where the plan is kept; may be null
  std::optional<uint64_t> plan_cache_key;
  Buffer bind_variables;                   // the execution reads them
  std::shared_ptr<ReadRecorder> recorder;  // where the result may be kept; null elsewhere
  uint64_t result_generation = 0;
  std::string text;  // likewise
  QueryOptions options;
  std::unique_ptr<aql::execute::Execution> execution;  // null where the rows are an earlier run's
  CachedResultPtr served;
  bool finished = false;  // committed and no longer tracked

  // A finished query's rows: its own, or those of a kept result.
  uint64_t spill_from_bytes = 0, largest_result_bytes = 0;
  std::unique_ptr<KeptRows> kept;
  size_t chunk = 0, offset = 0;  // in the kept result's
  uint64_t row_count = 0, rows_read = 0;

  // A stream's rows that were made but not read.
  std::span<const Slice> made;
  Slice current;
};

}  // namespace workerdb::engine

#pragma once
// What stands behind a Cursor. Private to this folder.
#include <memory>
#include <string>
#include <vector>

#include "aql/execute/execution.h"
#include "aql/functions/context.h"
#include "engine/compiled_query.h"
#include "engine/core.h"
#include "engine/plan_cache.h"
#include "engine/query.h"
#include "engine/query_registry.h"

namespace workerdb::engine {

// Members are destroyed from the last to the first: the execution before its transaction, that before the store.
struct Cursor::State {
  ~State();

  // Runs the query to its end, keeps the rows and commits.
  Result<> materialize();
  // Rows that are kept or, in a stream, made now. Sets current_; false behind the last row.
  Result<bool> advance();
  Result<> finish(bool failed);
  void append_statistics(Builder& to) const;
  void append_profile(Builder& to) const;

  std::shared_ptr<Core> core;
  std::shared_ptr<TrackedQuery> tracked;
  std::unique_ptr<storage::Transaction> own_transaction;   // null inside a caller's transaction
  CompiledQueryPtr compiled;
  CachedPlanPtr cached;                                    // where the plan is kept; may be null
  std::optional<uint64_t> plan_cache_key;
  Buffer bind_variables;                                   // the execution reads them
  std::unique_ptr<aql::execute::Execution> execution;
  int profile = 0;
  uint64_t memory_limit_bytes = 0;
  bool finished = false;       // committed and no longer tracked
  bool stream = false;
  bool compiled_now = false;   // its plan was not kept from an earlier run

  // A finished query's rows, one behind the other in each chunk.
  std::vector<std::string> chunks;
  size_t chunk = 0, offset = 0;
  uint64_t row_count = 0, rows_read = 0;

  // A stream's rows that were made but not read.
  std::span<const Slice> made;
  Slice current;
};

}  // namespace workerdb::engine

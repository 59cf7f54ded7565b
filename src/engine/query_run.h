#pragma once
// The way of a query from its text to a running execution. Private to this folder.
#include <optional>
#include <string_view>

#include "engine/compiled_query.h"
#include "engine/core.h"
#include "engine/plan_cache.h"

namespace workerdb::engine {

// The plan of a query: one that was kept, or a new one, which is kept then.
struct PlanOfQuery {
  CompiledQueryPtr compiled;
  CachedPlanPtr cached;
  std::optional<uint64_t> key;  // of a plan that was kept for users
};

// `phases`: of the query that is about to run, or null.
Result<PlanOfQuery> plan_of_query(Core& core, const storage::Database& database, std::string_view text,
                                  Slice bind_variables, const QueryOptions& options, PhaseClock* phases);

}  // namespace workerdb::engine

#pragma once
// What all handles of one open engine share. Private to this folder.
#include <memory>

#include "aql/execute/memory_pool.h"
#include "engine/engine.h"
#include "engine/plan_cache.h"
#include "engine/query_registry.h"
#include "engine/result_cache.h"
#include "graph/adjacency_cache.h"
#include "storage/store.h"

namespace workerdb::engine {

struct Core {
  explicit Core(EngineOptions engine_options) : options(engine_options), queries(engine_options.slow_query_s) {}

  EngineOptions options;
  std::string folder;  // where sorts put rows that do not fit into memory
  QueryRegistry queries;
  PlanCache plans;
  ResultCache results;
  aql::execute::MemoryPool query_memory{options.all_queries_memory_limit_bytes};
  graph::AdjacencyCache adjacency{options.graph_cache_bytes};
  std::unique_ptr<storage::Store> store;  // destroyed first: nothing of it is in use when the last handle goes
};

}  // namespace workerdb::engine

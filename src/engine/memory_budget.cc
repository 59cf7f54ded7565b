#include "engine/memory_budget.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::engine {
namespace {

// Program, libraries, stacks of threads, buffers of connections: measured on an idle server, rounded up.
constexpr uint64_t kOfProcess = uint64_t(40) << 20;

}  // namespace

Result<EngineOptions> options_within(uint64_t budget_bytes) {
  if (budget_bytes < kLeastMemoryBudgetBytes) {
    return Error(ErrorCode::kBadParameter,
                 fmt::format("a memory budget must be at least {} MiB", kLeastMemoryBudgetBytes >> 20));
  }
  // In sixteenths of what is left: 4 + 1 + 1 + 2 + 5; three that nobody is given, for what the allocator loses.
  const uint64_t sixteenth = (budget_bytes - kOfProcess) / 16;
  EngineOptions options;
  options.memory_budget_bytes = budget_bytes;
  options.block_cache_bytes = 4 * sixteenth;
  options.memtables_in_block_cache = true;
  options.write_buffer_bytes = std::clamp<uint64_t>(sixteenth / 2, uint64_t(1) << 20, uint64_t(64) << 20);
  options.document_cache_bytes = std::min<uint64_t>(sixteenth, options.document_cache_bytes);
  options.graph_cache_bytes = std::min<uint64_t>(sixteenth, options.graph_cache_bytes);
  options.transaction_limit_bytes = std::min<uint64_t>(2 * sixteenth, options.transaction_limit_bytes);
  options.all_queries_memory_limit_bytes = 5 * sixteenth;
  options.query_memory_limit_bytes = std::min<uint64_t>(4 * sixteenth, options.query_memory_limit_bytes);
  options.spill_from_bytes = std::min<uint64_t>(sixteenth, options.spill_from_bytes);
  options.spill_results_from_bytes = std::min<uint64_t>(sixteenth / 4, options.spill_results_from_bytes);
  options.answer_bytes = std::clamp<uint64_t>(sixteenth / 4, uint64_t(1) << 20, uint64_t(64) << 20);
  return options;
}

}  // namespace workerdb::engine

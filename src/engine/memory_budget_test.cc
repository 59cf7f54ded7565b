#include "engine/memory_budget.h"

#include <gtest/gtest.h>

namespace workerdb::engine {
namespace {

constexpr uint64_t kMib = uint64_t(1) << 20;

TEST(MemoryBudget, SharesStayWithinIt) {
  for (uint64_t budget : {96 * kMib, 512 * kMib, 2048 * kMib, 65536 * kMib}) {
    auto options = options_within(budget);
    ASSERT_TRUE(options.has_value()) << budget;
    uint64_t shares = options->block_cache_bytes + options->document_cache_bytes + options->graph_cache_bytes +
                      options->transaction_limit_bytes + options->all_queries_memory_limit_bytes;
    EXPECT_LT(shares, budget);
    EXPECT_LE(4 * options->write_buffer_bytes, options->block_cache_bytes) << budget;
    EXPECT_LE(options->query_memory_limit_bytes, options->all_queries_memory_limit_bytes) << budget;
    EXPECT_LE(2 * options->spill_from_bytes, options->query_memory_limit_bytes) << budget;
    EXPECT_LE(options->spill_results_from_bytes, options->spill_from_bytes) << budget;
  }
}

TEST(MemoryBudget, RefusesWhatIsTooLittle) {
  auto options = options_within(kLeastMemoryBudgetBytes - 1);
  ASSERT_FALSE(options.has_value());
  EXPECT_EQ(options.error().number(), 10);
}

}  // namespace
}  // namespace workerdb::engine

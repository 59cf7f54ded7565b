#include "engine/machine_options.h"

#include <gtest/gtest.h>

namespace workerdb::engine {
namespace {

TEST(MachineOptions, CachesGrowWithTheMachine) {
  EngineOptions options = options_for_machine(uint64_t(16) << 30);
  EXPECT_EQ(options.block_cache_bytes, size_t(4) << 30);
  EXPECT_EQ(options.document_cache_bytes, size_t(1) << 30);
}

TEST(MachineOptions, ASmallOrUnknownMachineHasTheDefaults) {
  for (uint64_t bytes : {uint64_t(0), uint64_t(512) << 20}) {
    EngineOptions options = options_for_machine(bytes), defaults;
    EXPECT_EQ(options.block_cache_bytes, defaults.block_cache_bytes);
    EXPECT_EQ(options.document_cache_bytes, defaults.document_cache_bytes);
  }
}

}  // namespace
}  // namespace workerdb::engine

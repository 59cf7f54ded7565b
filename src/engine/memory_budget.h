#pragma once
// One number for the memory of a process, and what everything that could grow may take of it. docs/MEMORY.md says what
// each share holds, and what stands outside of all of them.
#include <cstdint>

#include "engine/engine.h"

namespace workerdb::engine {

// Below it the parts that do not shrink with the budget (the program, its libraries, threads) would be most of it.
inline constexpr uint64_t kLeastMemoryBudgetBytes = uint64_t(96) << 20;

// Options whose shares add up to the budget together with what the process takes for itself.
// kBadParameter below kLeastMemoryBudgetBytes.
Result<EngineOptions> options_within(uint64_t budget_bytes);

}  // namespace workerdb::engine

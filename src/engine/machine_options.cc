#include "engine/machine_options.h"

#include <algorithm>

namespace workerdb::engine {

EngineOptions options_for_machine(uint64_t memory_bytes) {
  EngineOptions options;
  options.block_cache_bytes = std::max<uint64_t>(options.block_cache_bytes, memory_bytes / 4);
  options.document_cache_bytes = std::max<uint64_t>(options.document_cache_bytes, memory_bytes / 16);
  return options;
}

}  // namespace workerdb::engine

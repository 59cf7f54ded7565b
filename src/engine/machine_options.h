#pragma once
// What a server, which has a machine or a container for itself, keeps in memory when nobody says how much.
#include "engine/engine.h"

namespace workerdb::engine {

// Defaults, with caches that grow with the memory (0: unknown): a quarter of it for blocks, a sixteenth for documents.
// Caches take only what is read.
EngineOptions options_for_machine(uint64_t memory_bytes);

}  // namespace workerdb::engine

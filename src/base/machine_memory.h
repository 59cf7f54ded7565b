#pragma once
// How much memory there is for a process that sizes its caches by it.
#include <cstdint>
#include <string>

namespace workerdb::base {

// Bytes of the machine, or what the control group of this process may take of it (a container's limit), whichever is
// less. `root` stands in front of the paths of the system, for tests. 0 where nothing is known.
uint64_t machine_memory_bytes(const std::string& root = "");

}  // namespace workerdb::base

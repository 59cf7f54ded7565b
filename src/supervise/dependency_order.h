#pragma once
// The order of starting: what others depend on comes first. Stopping uses the reverse.
#include <string>
#include <vector>

#include "base/result.h"

namespace workerdb::supervise {

struct Dependencies {
  std::string name;
  std::vector<std::string> depends_on;
};

// Positions of `services` in start order; among those that are free to start, the given order is kept.
// Fails with kBadParameter on a name used twice, a dependency on nobody, or a cycle (named in the message).
base::Result<std::vector<size_t>> start_order(const std::vector<Dependencies>& services);

}  // namespace workerdb::supervise

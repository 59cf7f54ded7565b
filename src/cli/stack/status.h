#pragma once
// workerdb status.
#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct StatusOptions {
  std::string data_folder;
  bool json = false;  // one JSON object a service and line; otherwise a table
};

// 0 when all services are ready, 3 when nothing is up, 4 when something is not ready.
inline constexpr int kStatusDown = 3;
inline constexpr int kStatusNotReady = 4;
base::Result<int> status(const StatusOptions& options, const Output& output);

}  // namespace workerdb::cli

#pragma once
// workerdb down.
#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct DownOptions {
  std::string data_folder;
  int64_t timeout_ms = 160'000;  // then it is an error; nothing is killed
};

// Asks the stack of the folder to stop and waits for it. The process is the one that was written down (pid,
// start time and boot); what a killed supervisor left behind is ended too. 0 also when nothing was up.
base::Result<int> down(const DownOptions& options, const Output& output);

}  // namespace workerdb::cli

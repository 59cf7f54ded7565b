#pragma once
// workerdb logs.
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct LogsOptions {
  std::string data_folder;
  std::string service;  // empty: all, each line with its service in front
  bool follow = false;
  size_t lines = 100;  // of the past, in all
  // Ends a follow; asked a few times a second. Empty: never.
  std::function<bool()> is_over;
};

// Past lines of all files are merged by their time. 0; fails with kFileNotFound for a service without a log.
base::Result<int> logs(const LogsOptions& options, const Output& output);

}  // namespace workerdb::cli

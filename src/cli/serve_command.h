#pragma once
// workerdb serve: the document engine and its HTTP server alone, in the foreground, unsupervised.
#include <string>

#include "base/result.h"

namespace workerdb::cli {

struct ServeOptions {
  std::string folder;
  std::string address = "127.0.0.1";
  uint16_t port = 8529;            // 0: any free one
  std::string root_password_file;  // for a new folder; empty: no password
  bool authentication = true;
  uint64_t memory_budget_bytes = 0;  // 0: each part takes what it takes by default
};

// Prints "ready http://ADDRESS:PORT" once it answers; returns after SIGINT or SIGTERM.
base::Result<> run_serve(const ServeOptions& options);

}  // namespace workerdb::cli

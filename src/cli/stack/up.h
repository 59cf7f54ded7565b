#pragma once
// workerdb up.
#include "base/result.h"
#include "cli/stack/options.h"
#include "cli/stack/stack.h"

namespace workerdb::cli {

struct UpOptions {
  StackOptions stack;
  bool detach = false;  // return when ready, go on in the background
  int64_t ready_timeout_ms = 300'000;
};

// Runs until SIGINT, SIGTERM or SIGHUP (a second one ends everything at once), with a live view on a terminal
// and a line a change elsewhere. 0 after an ordered stop; 1 when a service gave up before all were ready. A
// service whose hook failed keeps running in the foreground (the line says why); detached, it ends the start.
//
// With detach it must be called before this process has a second thread, as it forks. The child leaves by
// _exit; the parent returns 0 when all is ready, or the error that the child met.
base::Result<int> up(const UpOptions& options, const StackComposer& composer, const Output& output);

}  // namespace workerdb::cli

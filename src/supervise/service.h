#pragma once
// What a caller says about a service, and what the supervisor says back.
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "supervise/crash_history.h"
#include "supervise/machine.h"
#include "supervise/process.h"
#include "supervise/service_log.h"

namespace workerdb::supervise {

// A service that lives in this process. Both functions run on the service's own thread and may block; an
// error of start counts as a crash. stop is called once for each start that succeeded or was interrupted.
struct InProcessSpec {
  std::function<base::Result<>()> start;
  std::function<void()> stop;
};

// Asks whether the service answers. Runs on the service's own thread; must return within timeout_ms.
using Probe = std::function<base::Result<>(int64_t timeout_ms)>;

// Runs after each start, once the probe has passed and before the service counts as ready; so it must be
// idempotent. Hooks of a service run one after another, the first error ends them.
struct Hook {
  std::string name;
  std::function<base::Result<>()> run;
};

struct ServiceSpec {
  std::string name;
  std::variant<ProcessSpec, InProcessSpec> body;
  std::vector<std::string> depends_on;  // names that must be ready before, and that stop after
  Probe probe;                          // empty: running means ready
  std::vector<Hook> hooks;
  int64_t starting_probe_interval_ms = 20;
  int64_t probe_interval_ms = 2000;
  int64_t probe_timeout_ms = 2000;
  int probe_failures_allowed = 2;         // one more in a row makes the service unhealthy
  int64_t start_timeout_ms = 60'000;      // until the probe passes; then the process is killed
  int64_t unhealthy_timeout_ms = 30'000;  // until the probe passes again; then the process is killed
  int64_t stop_grace_ms = 15'000;         // after the stop signal; then the process group is killed
  RestartPolicy restart;
  ServiceLogOptions log;
};

// A snapshot of one service.
struct ServiceStatus {
  std::string name;
  State state = State::kStopped;
  bool in_process = false;
  ProcessIdentity process;      // pid 0 when none runs
  int stop_signal = 0;          // of a child
  int64_t since_ms = 0;         // unix time of the last change of state
  int64_t started_ms = 0;       // unix time of the last start; 0 before the first
  int64_t ready_after_ms = -1;  // from the last start to ready; -1 while it was not
  int64_t starts = 0;           // all starts
  int64_t restarts = 0;         // starts after a crash
  int64_t probe_failures = 0;   // all of them
  // Why the service is not ready, or what ended it last: one sentence, with the last log lines after a crash.
  std::string reason;
};

}  // namespace workerdb::supervise

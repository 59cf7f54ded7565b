#include "cli/stack/down.h"

#include <fmt/format.h>
#include <signal.h>

#include "cli/stack/state_file.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

Result<int> down(const DownOptions& options, const Output& output) {
  DataFolder folder = TRY(find_data_folder(options.data_folder));
  auto state = read_state(folder);
  if (!state && state.error().code() == ErrorCode::kFileNotFound) {
    output.out << state.error().message() << std::endl;
    return 0;
  }
  if (!state) return std::move(state).error();
  bool was_up = supervise::is_alive(state->process);
  if (was_up) {
    if (!supervise::signal_process(state->process, SIGTERM)) {
      return Error(ErrorCode::kForbidden,
                   fmt::format("you may not end pid {}; run as the user who started it", state->process.pid));
    }
    if (!supervise::wait_until_gone(state->process, options.timeout_ms)) {
      return Error(ErrorCode::kLockTimeout,
                   fmt::format("workerdb (pid {}) has not stopped after {} s; `workerdb status` shows who is slow, a "
                               "second `workerdb down` ends everything at once",
                               state->process.pid, options.timeout_ms / 1000));
    }
  }
  int ended = 0;
  for (const supervise::ServiceStatus& service : state->services) {
    if (service.in_process || !supervise::is_alive(service.process)) continue;
    supervise::signal_process(service.process, service.stop_signal > 0 ? service.stop_signal : SIGTERM);
    if (!supervise::wait_until_gone(service.process, options.timeout_ms)) {
      return Error(ErrorCode::kLockTimeout, fmt::format("{} (pid {}) does not end", service.name, service.process.pid));
    }
    ++ended;
  }
  output.out << (was_up || ended > 0 ? "workerdb is down" : "workerdb was not up") << std::endl;
  return 0;
}

}  // namespace workerdb::cli

#include "cli/stack/status.h"

#include <fmt/format.h>

#include "base/time.h"
#include "cli/stack/live_view.h"
#include "cli/stack/state_file.h"

namespace workerdb::cli {

using base::ErrorCode;
using base::Result;
using supervise::ServiceStatus;
using supervise::State;

namespace {

// "3 d 4 h", "12 min", "8 s".
std::string duration_text(int64_t duration_ms) {
  int64_t seconds = duration_ms / 1000;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

}  // namespace

Result<int> status(const StatusOptions& options, const Output& output) {
  DataFolder folder = TRY(find_data_folder(options.data_folder));
  auto state = read_state(folder);
  if (!state && state.error().code() != ErrorCode::kFileNotFound) return std::move(state).error();
  if (!state || !supervise::is_alive(state->process)) {
    if (!options.json) {
      output.out << fmt::format("nothing is up on '{0}'; start it with `workerdb up --data {0}`", folder.path)
                 << std::endl;
    }
    return kStatusDown;
  }
  bool ready = true;
  for (const ServiceStatus& service : state->services) {
    ready = ready && service.state == State::kReady;
    output.out << (options.json ? service_json(service, true)
                                : service_line(service, state->ports, state->bind_address))
               << "\n";
  }
  if (!options.json) {
    output.out << fmt::format("up for {} (pid {}), data in '{}'\n",
                              duration_text(base::unix_time_ms() - state->started_ms), state->process.pid, folder.path);
  }
  output.out.flush();
  return ready ? 0 : kStatusNotReady;
}

}  // namespace workerdb::cli

#pragma once
// run/state.json: what the other commands know about a stack that is up, or was.
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/options.h"
#include "supervise/process_identity.h"
#include "supervise/service.h"

namespace workerdb::cli {

struct StackState {
  supervise::ProcessIdentity process;  // the supervisor's
  std::string bind_address;
  StackPorts ports;
  int64_t started_ms = 0;       // unix time
  int64_t ready_after_ms = -1;  // -1: not yet
  std::vector<supervise::ServiceStatus> services;
};

// Fails like write_private_file().
base::Result<> write_state(const DataFolder& folder, const StackState& state);
// Fails with kFileNotFound when no stack was ever up here, kCorruptedDatafile when the file makes no sense.
base::Result<StackState> read_state(const DataFolder& folder);
// One service as JSON, as in the file and in the control port's answers; with the reason only where the
// reader is the folder's owner, as log lines may hold data.
std::string service_json(const supervise::ServiceStatus& status, bool with_reason);

}  // namespace workerdb::cli

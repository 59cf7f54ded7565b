#pragma once
// Which process a pid meant. A pid alone is reused; a pid with its start time and boot is not.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace workerdb::supervise {

struct ProcessIdentity {
  pid_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat: clock ticks since boot
  std::string boot_id;       // /proc/sys/kernel/random/boot_id

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// Absent when no such process runs; a process that ended but was not reaped yet counts as absent.
std::optional<ProcessIdentity> identify_process(pid_t pid);
// True while the very process is running that `identity` was taken from.
bool is_alive(const ProcessIdentity& identity);
// Sends `signal_number` to that very process and no other. False when it is gone or the kernel refuses.
bool signal_process(const ProcessIdentity& identity, int signal_number);
// Waits until it is gone. False when it still runs after timeout_ms.
bool wait_until_gone(const ProcessIdentity& identity, int64_t timeout_ms);

}  // namespace workerdb::supervise

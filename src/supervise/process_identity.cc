#include "supervise/process_identity.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/time.h"

namespace workerdb::supervise {
namespace {

// The start of a file of /proc; empty when it cannot be read. No stream: those throw when the process ends
// between the opening and the reading.
std::string read_start(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char buffer[4096];
  ssize_t got = ::read(file, buffer, sizeof buffer);
  ::close(file);
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
}

std::string boot_id() {
  std::string id = read_start("/proc/sys/kernel/random/boot_id");
  return id.substr(0, id.find('\n'));
}

// An open pidfd keeps meaning the same process, so what is checked after opening it is what gets the signal.
class ProcessHandle {
 public:
  explicit ProcessHandle(pid_t pid) : descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~ProcessHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  ProcessHandle(const ProcessHandle&) = delete;
  ProcessHandle& operator=(const ProcessHandle&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::optional<ProcessIdentity> identify_process(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  std::string text = read_start("/proc/" + std::to_string(pid) + "/stat");
  // The second field is the program's name in brackets and may hold spaces and brackets itself.
  size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(name_end + 2);
  if (rest.starts_with('Z') || rest.starts_with('X')) return std::nullopt;
  for (int field = 3; field < 22; ++field) {
    size_t space = rest.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(space + 1);
  }
  ProcessIdentity identity{.pid = pid, .boot_id = boot_id()};
  auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), identity.start_ticks);
  if (parsed.ec != std::errc()) return std::nullopt;
  return identity;
}

bool is_alive(const ProcessIdentity& identity) { return identify_process(identity.pid) == identity; }

bool signal_process(const ProcessIdentity& identity, int signal_number) {
  ProcessHandle handle(identity.pid);
  if (!is_alive(identity)) return false;
  if (handle.descriptor() < 0) return ::kill(identity.pid, signal_number) == 0;
  return ::syscall(SYS_pidfd_send_signal, handle.descriptor(), signal_number, nullptr, 0) == 0;
}

bool wait_until_gone(const ProcessIdentity& identity, int64_t timeout_ms) {
  ProcessHandle handle(identity.pid);
  int64_t end_ns = base::steady_time_ns() + timeout_ms * 1'000'000;
  while (is_alive(identity)) {
    int64_t left_ms = (end_ns - base::steady_time_ns()) / 1'000'000;
    if (left_ms <= 0) return false;
    if (handle.descriptor() >= 0) {
      struct pollfd entry {
        handle.descriptor(), POLLIN, 0
      };
      ::poll(&entry, 1, static_cast<int>(std::min<int64_t>(left_ms, 1000)));
    } else {
      ::poll(nullptr, 0, 20);
    }
  }
  return true;
}

}  // namespace workerdb::supervise

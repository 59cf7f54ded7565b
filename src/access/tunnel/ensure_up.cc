// Starting, finding and ending the process that carries a tunnel, from any other one.
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "access/tunnel/status_json.h"
#include "access/tunnel/tunnel_folder.h"
#include "base/number.h"
#include "base/time.h"

extern char** environ;

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::State;

namespace {

using namespace tunnel;  // NOLINT: this file is the room's own outer wall

constexpr int kPollMs = 10;
constexpr int64_t kStartTimeoutMs = 10'000;
constexpr int64_t kStopTimeoutMs = 5'000;

int64_t steady_ms() { return base::steady_time_ns() / 1'000'000; }

// A program of ours with pipes at its standard input and output, and nothing else of ours.
Result<pid_t> spawn_carrier(const std::string& name, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, 1);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  // The very program that runs, also after its file was replaced.
  const char* program = "/proc/self/exe";
  std::string words[] = {"workerdb", kCarryArguments[0], kCarryArguments[1], name};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  pid_t child = 0;
  int code = ::posix_spawn(&child, program, &actions, &attributes, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) return Error(ErrorCode::kSysError, fmt::format("cannot start '{}': {}", program, ::strerror(code)));
  return child;
}

// Until the other side closes it or the time is over.
std::string read_report(int descriptor) {
  std::string text;
  int64_t end_ms = steady_ms() + kStartTimeoutMs;
  while (text.size() < 4096) {
    struct pollfd entry {
      descriptor, POLLIN, 0
    };
    int64_t left_ms = end_ms - steady_ms();
    if (left_ms <= 0 || ::poll(&entry, 1, static_cast<int>(left_ms)) == 0) break;
    char buffer[1024];
    ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

Error reported_error(const std::string& report) {
  size_t space = report.find(' ');
  if (space == std::string::npos) {
    return Error(ErrorCode::kInternal, "the tunnel's process ended before it said anything");
  }
  auto number = base::parse_integer<int>(std::string_view(report).substr(0, space));
  return Error(static_cast<ErrorCode>(number.value_or(int(ErrorCode::kInternal))), report.substr(space + 1));
}

// kLocked: somebody else was faster.
Result<> start_carrier(const TunnelSpec& spec) {
  int input[2], output[2];
  if (::pipe2(input, O_CLOEXEC) != 0) return Error(ErrorCode::kSysError, "cannot make a pipe");
  Descriptor spec_out(input[0]), spec_in(input[1]);
  if (::pipe2(output, O_CLOEXEC) != 0) return Error(ErrorCode::kSysError, "cannot make a pipe");
  Descriptor report_out(output[0]), report_in(output[1]);
  pid_t child = TRY(spawn_carrier(spec.name, spec_out.get(), report_in.get()));
  spec_out.reset();
  report_in.reset();
  std::string text = spec_json(spec);  // far below what a pipe holds: no waiting
  bool sent = ::write(spec_in.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  spec_in.reset();
  std::string report = read_report(report_out.get());
  ::waitpid(child, nullptr, 0);  // it has long given way to the one in the background
  if (!sent || report != "0") return reported_error(report);
  return {};
}

TunnelStatus status_in(const TunnelFolder& folder, const std::string& name) {
  TunnelStatus stopped;
  stopped.spec.name = name;
  std::optional<TunnelStatus> status = read_status(folder);
  if (!status || status->spec.name != name) return stopped;
  if (supervise::is_alive(status->process)) return *std::move(status);
  status->state = State::kFailed;
  status->reason = "its process was killed; `workerdb tunnel up` starts it again";
  return *std::move(status);
}

bool is_up(const TunnelStatus& status) { return supervise::is_alive(status.process); }

Result<TunnelStatus> wait_until_ready(const TunnelFolder& folder, const std::string& name, int64_t wait_ms) {
  int64_t end_ms = steady_ms() + wait_ms;
  while (true) {
    TunnelStatus status = status_in(folder, name);
    if (wait_ms == 0 || status.state == State::kReady) return status;
    if (status.state == State::kFailed || steady_ms() >= end_ms) {
      return Error(ErrorCode::kSimpleClientCouldNotConnect,
                   status.state == State::kFailed || status.reason.empty()
                       ? fmt::format("tunnel '{}' is not ready: {}", name,
                                     status.reason.empty() ? "it does not answer yet" : status.reason)
                       : fmt::format("tunnel '{}' is not ready after {} ms: {}", name, wait_ms, status.reason));
    }
    ::poll(nullptr, 0, kPollMs);
  }
}

bool end_process(const supervise::ProcessIdentity& process, int signal_number, int64_t timeout_ms) {
  if (!supervise::is_alive(process)) return true;
  supervise::signal_process(process, signal_number);
  return supervise::wait_until_gone(process, timeout_ms);
}

}  // namespace

Result<OpenedTunnel> ensure_up(const TunnelSpec& spec, int64_t wait_ms) {
  TRY(check_spec(spec));
  TunnelFolder folder = TRY(folder_of(spec.name));
  OpenedTunnel opened{.status = status_in(folder, spec.name)};
  if (!is_up(opened.status)) {
    Result<> started = start_carrier(spec);
    opened.started = started.has_value();
    if (!started && started.error().code() != ErrorCode::kLocked) return std::move(started).error();
    opened.status = status_in(folder, spec.name);
  }
  if (is_up(opened.status) && opened.status.spec != spec) {
    return Error(
        ErrorCode::kConflict,
        fmt::format("a tunnel '{0}' is up, but for something else; end it with `workerdb tunnel down {0}`", spec.name));
  }
  auto ready = wait_until_ready(folder, spec.name, wait_ms);
  if (ready) {
    opened.status = *std::move(ready);
    return opened;
  }
  TunnelStatus last = status_in(folder, spec.name);
  if (opened.started && last.state == State::kFailed) {
    (void)stop_tunnel(spec.name, kStopTimeoutMs);
  }
  return std::move(ready).error();
}

std::vector<TunnelStatus> tunnels() {
  std::vector<TunnelStatus> all;
  for (const std::string& name : known_tunnels()) {
    TunnelStatus status = tunnel_status(name);
    if (status.state != State::kStopped) all.push_back(std::move(status));
  }
  return all;
}

TunnelStatus tunnel_status(const std::string& name) {
  auto folder = folder_of(name);
  if (folder) return status_in(*folder, name);
  TunnelStatus stopped;
  stopped.spec.name = name;
  return stopped;
}

Result<bool> stop_tunnel(const std::string& name, int64_t timeout_ms) {
  TunnelFolder folder = TRY(folder_of(name));
  TunnelStatus status = status_in(folder, name);
  if (status.state == State::kStopped) return false;
  bool was_up = is_up(status);
  if (!end_process(status.process, SIGTERM, timeout_ms)) {
    return Error(ErrorCode::kLockTimeout, fmt::format("tunnel '{}' (pid {}) does not end", name, status.process.pid));
  }
  // What a killed process left behind. The kernel ends ssh with it, so there rarely is anything.
  if (!end_process(status.ssh, SIGTERM, timeout_ms)) {
    return Error(ErrorCode::kLockTimeout, fmt::format("ssh (pid {}) does not end", status.ssh.pid));
  }
  if (!was_up) ::unlink(folder.state_file().c_str());
  return was_up;
}

}  // namespace workerdb::access

#include "supervise/process.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/time.h"
#include "supervise/child_side.h"

namespace workerdb::supervise {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongestInput = 64 * 1024;
constexpr size_t kOutputKept = 64 * 1024;

// Both ends of a pipe, closed unless taken.
class Pipe {
 public:
  Pipe() { opened_ = ::pipe2(ends_, O_CLOEXEC) == 0; }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool opened() const { return opened_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  int take_read_end() { return std::exchange(ends_[0], -1); }
  void close_write_end() { close_end(1); }

 private:
  void close_end(int which) {
    if (ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }
  int ends_[2] = {-1, -1};
  bool opened_ = false;
};

std::vector<std::string> environment_of(const ProcessSpec& spec) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : spec.environment) lines.push_back(name + "=" + value);
  for (const std::string& name : spec.inherited_environment) {
    bool given = std::any_of(spec.environment.begin(), spec.environment.end(),
                             [&](const auto& entry) { return entry.first == name; });
    const char* value = ::getenv(name.c_str());
    if (value != nullptr && !given) lines.push_back(name + "=" + value);
  }
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Error start_error(const ProcessSpec& spec, const ChildFailure& failure) {
  static constexpr const char* kSteps[] = {"prepare its descriptors", "enter its folder", "change its user",
                                           "execute the program"};
  return Error(ErrorCode::kSysError, fmt::format("cannot start '{}': could not {}: {}", spec.executable,
                                                 kSteps[static_cast<int>(failure.step)], ::strerror(failure.code)));
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal_number == 0) return fmt::format("exited with code {}", code);
  return fmt::format("was killed by signal {} ({})", signal_number, ::strsignal(signal_number));
}

Result<Process> Process::start(const ProcessSpec& spec, std::string_view input) {
  if (input.size() > kLongestInput) return Error(ErrorCode::kBadParameter, "the input of a child is too long");
  Pipe output, failure, text;
  if (!output.opened() || !failure.opened() || !text.opened()) {
    return Error(ErrorCode::kSysError, fmt::format("cannot make a pipe: {}", ::strerror(errno)));
  }
  if (!input.empty() && ::write(text.write_end(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    return Error(ErrorCode::kSysError, fmt::format("cannot fill a pipe: {}", ::strerror(errno)));
  }
  // Everything that allocates happens before the fork: afterwards other threads' locks are frozen.
  std::vector<std::string> arguments = spec.arguments;
  arguments.insert(arguments.begin(), spec.executable);
  std::vector<std::string> environment = environment_of(spec);
  std::vector<char*> argument_pointers = pointers_to(arguments);
  std::vector<char*> environment_pointers = pointers_to(environment);
  ChildPlan plan{.executable = spec.executable.c_str(),
                 .arguments = argument_pointers.data(),
                 .environment = environment_pointers.data(),
                 .working_folder = spec.working_folder.c_str(),
                 .user = spec.user ? &*spec.user : nullptr,
                 .death_signal = spec.death_signal,
                 .parent = ::getpid(),
                 .input = input.empty() ? -1 : text.read_end(),
                 .output = output.write_end(),
                 .failure = failure.write_end()};
  pid_t pid = ::fork();
  if (pid < 0) return Error(ErrorCode::kSysError, fmt::format("cannot fork: {}", ::strerror(errno)));
  if (pid == 0) become_child(plan);

  ::setpgid(pid, pid);  // the child does the same: whoever is first
  output.close_write_end();
  failure.close_write_end();
  ChildFailure reported{};
  ssize_t got;
  while ((got = ::read(failure.read_end(), &reported, sizeof reported)) < 0 && errno == EINTR) {
  }
  if (got == sizeof reported) {
    ::waitpid(pid, nullptr, 0);
    return start_error(spec, reported);
  }
  Process process;
  process.identity_ = identify_process(pid).value_or(ProcessIdentity{.pid = pid});
  process.output_ = output.take_read_end();
  ::fcntl(process.output_, F_SETFL, O_NONBLOCK);
  process.ended_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  process.reaped_ = false;
  return process;
}

Process::~Process() { close_all(); }

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  close_all();
  identity_ = std::exchange(other.identity_, {});
  output_ = std::exchange(other.output_, -1);
  ended_ = std::exchange(other.ended_, -1);
  reaped_ = std::exchange(other.reaped_, true);
  return *this;
}

void Process::close_all() {
  if (!reaped_) {
    kill_group();
    ::waitpid(identity_.pid, nullptr, 0);
    reaped_ = true;
  }
  if (output_ >= 0) ::close(output_);
  if (ended_ >= 0) ::close(ended_);
  output_ = ended_ = -1;
}

bool Process::drain_output(const std::function<void(std::string_view)>& sink) {
  char buffer[16 * 1024];
  // Bounded, so that a child that writes without end cannot hold the caller.
  for (int round = 0; round < 16 && output_ >= 0; ++round) {
    ssize_t got = ::read(output_, buffer, sizeof buffer);
    if (got > 0) {
      sink({buffer, static_cast<size_t>(got)});
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else if (got < 0 && errno == EAGAIN) {
      return true;
    } else {
      ::close(output_);
      output_ = -1;
    }
  }
  return output_ >= 0;
}

void Process::signal(int signal_number) const {
  if (!reaped_) ::kill(identity_.pid, signal_number);
}

void Process::kill_group() const {
  if (reaped_) return;
  ::kill(-identity_.pid, SIGKILL);
  ::kill(identity_.pid, SIGKILL);
}

std::optional<ExitStatus> Process::try_reap() {
  if (reaped_) return ExitStatus{};
  siginfo_t information{};
  int waited = ::waitid(P_PID, static_cast<id_t>(identity_.pid), &information, WEXITED | WNOHANG | WNOWAIT);
  if (waited == 0 && information.si_pid == 0) return std::nullopt;
  ExitStatus status;
  if (waited == 0) {
    // Ended, not reaped: the pid is still ours, so the group number cannot belong to somebody else.
    ::kill(-identity_.pid, SIGKILL);
    int raw = 0;
    ::waitpid(identity_.pid, &raw, 0);
    if (WIFSIGNALED(raw)) status.signal_number = WTERMSIG(raw);
    if (WIFEXITED(raw)) status.code = WEXITSTATUS(raw);
  }
  reaped_ = true;
  return status;
}

Result<CompletedProcess> run_to_end(const ProcessSpec& spec, int64_t timeout_ms, std::string_view input) {
  Process process = TRY(Process::start(spec, input));
  CompletedProcess completed;
  auto keep = [&](std::string_view bytes) {
    completed.output.append(bytes);
    if (completed.output.size() > kOutputKept) completed.output.erase(0, completed.output.size() - kOutputKept);
  };
  int64_t end_ns = base::steady_time_ns() + timeout_ms * 1'000'000;
  while (true) {
    process.drain_output(keep);
    if (auto status = process.try_reap()) {
      process.drain_output(keep);
      completed.status = *status;
      return completed;
    }
    int64_t left_ms = (end_ns - base::steady_time_ns()) / 1'000'000;
    if (left_ms <= 0) {
      return Error(ErrorCode::kLockTimeout,
                   fmt::format("'{}' did not end within {} ms and was killed", spec.executable, timeout_ms));
    }
    struct pollfd entries[2] = {{process.output(), POLLIN, 0}, {process.ended(), POLLIN, 0}};
    ::poll(entries, 2, static_cast<int>(std::min<int64_t>(left_ms, process.ended() >= 0 ? 1000 : 10)));
  }
}

Result<UserIdentity> find_user(const std::string& name) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return Error(ErrorCode::kBadParameter, fmt::format("there is no user '{}' on this system", name));
  }
  UserIdentity user{.name = name, .uid = entry.pw_uid, .gid = entry.pw_gid};
  int count = 64;
  user.groups.resize(static_cast<size_t>(count));
  if (::getgrouplist(name.c_str(), entry.pw_gid, user.groups.data(), &count) < 0) count = 0;
  user.groups.resize(static_cast<size_t>(std::clamp(count, 0, 64)));
  return user;
}

}  // namespace workerdb::supervise

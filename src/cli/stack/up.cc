#include "cli/stack/up.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "base/log.h"
#include "base/number.h"
#include "base/time.h"
#include "cli/stack/live_view.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::ServiceStatus;
using supervise::State;

namespace {

constexpr int kTickMs = 20;
constexpr int64_t kStopTimeoutMs = 150'000;

// Changes on their way from the supervisor's thread to the one that prints.
class ChangeQueue {
 public:
  void put(const ServiceStatus& status) {
    std::lock_guard lock(mutex_);
    changes_.push_back(status);
  }
  std::vector<ServiceStatus> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(changes_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<ServiceStatus> changes_;
};

// The signals that end a stack, blocked in all threads (they inherit it) and fetched by one.
class EndSignals {
 public:
  EndSignals() {
    ::sigemptyset(&set_);
    for (int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set_, number);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~EndSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
  bool arrived_within(int timeout_ms) const {
    struct timespec timeout {
      timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000L
    };
    return ::sigtimedwait(&set_, nullptr, &timeout) > 0;
  }

 private:
  sigset_t set_, before_;
};

// Told once: everything is ready, or the first error.
using ReadyReport = std::function<void(const Result<>&)>;

class Run {
 public:
  Run(const UpOptions& options, const Output& output, ReadyReport report)
      : options_(options), view_(output, options.stack.ports, options.stack.bind_address), report_(std::move(report)) {}

  Result<int> run(const StackComposer& composer) {
    int64_t began_ns = base::steady_time_ns();
    StackEvents events{.progress = [this](const std::string& sentence) { view_.say(sentence); },
                       .change = [this](const ServiceStatus& status) { changes_.put(status); }};
    auto stack = TRY(Stack::prepare(options_.stack, composer, std::move(events)));
    supervise::Supervisor& supervisor = stack->supervisor();
    stack->start();
    bool failed = !watch_start(*stack, began_ns);
    if (!failed) {
      while (!signals_.arrived_within(10 * kTickMs)) show(supervisor);
    }
    stop(supervisor);
    return failed ? 1 : 0;
  }

 private:
  void show(const supervise::Supervisor& supervisor) { view_.show(changes_.take(), supervisor.status()); }

  // False when the stack is to be stopped because it did not get ready.
  bool watch_start(Stack& stack, int64_t began_ns) {
    supervise::Supervisor& supervisor = stack.supervisor();
    int64_t end_ns = base::steady_time_ns() + options_.ready_timeout_ms * 1'000'000;
    while (true) {
      Result<> ready = supervisor.wait_until_ready(kTickMs);
      show(supervisor);
      int64_t now_ns = base::steady_time_ns();
      if (ready) {
        int64_t after_ms = (now_ns - began_ns) / 1'000'000;
        stack.note_ready(after_ms);
        view_.say(fmt::format("ready after {} ms; `workerdb env --data {}` prints how to connect", after_ms,
                              stack.context().folder.path));
        report_({});
        return true;
      }
      bool over = ready.error().code() != ErrorCode::kLockTimeout || now_ns > end_ns;
      if (over) {
        bool runs_on = !options_.detach && !has_failed(supervisor);
        view_.say(runs_on ? ready.error().message() : "not ready: " + ready.error().message());
        report_(ready);
        return runs_on;
      }
      if (signals_.arrived_within(0)) {
        report_(Error(ErrorCode::kRequestCanceled, "stopped before all services were ready"));
        return false;
      }
    }
  }

  static bool has_failed(const supervise::Supervisor& supervisor) {
    for (const ServiceStatus& status : supervisor.status()) {
      if (status.state == State::kFailed) return true;
    }
    return false;
  }

  void stop(supervise::Supervisor& supervisor) {
    view_.say("stopping");
    supervisor.begin_stop();
    int64_t end_ns = base::steady_time_ns() + kStopTimeoutMs * 1'000'000;
    while (!supervisor.wait_until_stopped(kTickMs)) {
      show(supervisor);
      if (signals_.arrived_within(0) || base::steady_time_ns() > end_ns) supervisor.hurry();
    }
    show(supervisor);
    view_.say("stopped");
  }

  const UpOptions& options_;
  EndSignals signals_;
  ChangeQueue changes_;
  LiveView view_;
  ReadyReport report_;
};

// The background process: no terminal, its output in a log file, its news through `report`.
[[noreturn]] void run_detached(const UpOptions& options, const StackComposer& composer, int report) {
  ::setsid();
  ::umask(0077);
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int descriptor : {0, 1, 2}) ::dup2(null, descriptor);
  auto tell = [report, told = false](const std::string& text) mutable {
    if (!std::exchange(told, true) && ::write(report, text.data(), text.size()) < 0) return;
    ::close(report);
  };
  std::ofstream nowhere;
  Output output{nowhere, nowhere, false};
  bool reported = false;
  auto say = [&](const Result<>& result) {
    if (std::exchange(reported, true)) return;
    // Only now is it sure that the folder is ours to write into.
    if (result) {
      (void)base::configure_log(base::LogLevel::kInfo, DataFolder{options.stack.data_folder}.log_file("workerdb"));
    }
    tell(result ? "0" : fmt::format("{} {}", result.error().number(), result.error().message()));
  };
  Run run(options, output, say);
  Result<int> code = run.run(composer);
  if (!code) say(std::move(code).error());
  ::_exit(code ? *code : 1);
}

Result<int> wait_for_detached(int report, pid_t child, const Output& output) {
  std::string text;
  char buffer[4096];
  ssize_t got;
  while ((got = ::read(report, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(buffer, static_cast<size_t>(got));
  }
  ::close(report);
  if (text == "0") {
    output.out << fmt::format("workerdb is up (pid {})", child) << std::endl;
    return 0;
  }
  ::waitpid(child, nullptr, 0);
  size_t space = text.find(' ');
  if (space == std::string::npos) {
    return Error(ErrorCode::kInternal, "the background process ended before it said anything");
  }
  auto number = base::parse_integer<int>(std::string_view(text).substr(0, space));
  return Error(static_cast<ErrorCode>(number.value_or(int(ErrorCode::kInternal))), text.substr(space + 1));
}

}  // namespace

Result<int> up(const UpOptions& options, const StackComposer& composer, const Output& output) {
  if (!options.detach) return Run(options, output, [](const Result<>&) {}).run(composer);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error(ErrorCode::kSysError, fmt::format("cannot make a pipe: {}", ::strerror(errno)));
  }
  // Buffered text would be written by both processes.
  output.out.flush();
  output.err.flush();
  pid_t child = ::fork();
  if (child < 0) return Error(ErrorCode::kSysError, fmt::format("cannot fork: {}", ::strerror(errno)));
  if (child == 0) {
    ::close(ends[0]);
    run_detached(options, composer, ends[1]);
  }
  ::close(ends[1]);
  return wait_for_detached(ends[0], child, output);
}

}  // namespace workerdb::cli

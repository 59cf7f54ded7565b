// The process that carries a tunnel: in the foreground, or in the background.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "access/tunnel/carrier.h"
#include "access/tunnel/status_json.h"
#include "access/tunnel/tunnel_folder.h"
#include "supervise/service_log.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

using namespace tunnel;  // NOLINT: this file is the room's own outer wall

constexpr size_t kLongestSpec = 64 * 1024;
constexpr int64_t kLogBytes = 1024 * 1024;

// The signals that end a tunnel, as a descriptor for the loop.
class StopSignals {
 public:
  StopSignals() {
    ::sigemptyset(&set_);
    for (int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set_, number);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
    descriptor_.reset(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~StopSignals() {
    // Taken out of the queue: unblocked, they would end the process at once.
    signalfd_siginfo information;
    while (::read(descriptor_.get(), &information, sizeof information) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  int descriptor() const { return descriptor_.get(); }

 private:
  sigset_t set_, before_;
  Descriptor descriptor_;
};

void raise_descriptor_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string sentence(const TunnelStatus& status) {
  std::string text = fmt::format("{} (connection {})", supervise::state_name(status.state), status.connects);
  return status.reason.empty() ? text : text + ": " + status.reason;
}

}  // namespace

Result<> carry_tunnel(const TunnelSpec& spec, const std::function<void(const TunnelStatus&)>& on_change) {
  TRY(check_spec(spec));
  std::string program = TRY(find_ssh());
  TunnelFolder folder = TRY(prepare_folder(spec.name));
  Descriptor held = TRY(lock(folder));
  std::string sockets = TRY(make_socket_folder(folder));
  supervise::ServiceLog log({.path = folder.log_file(), .file_bytes = kLogBytes, .files_kept = 1});
  (void)log.open();  // without it lines reach memory alone, which is no reason to be without a tunnel
  raise_descriptor_limit();
  StopSignals signals;
  auto own = supervise::identify_process(::getpid()).value_or(supervise::ProcessIdentity{});
  std::string last;
  CarrierOptions options{.spec = spec,
                         .start =
                             [&](int64_t number, int64_t now_ms) {
                               return SshLink::start(spec, {sockets, number}, program, log, now_ms);
                             },
                         .on_change =
                             [&](TunnelStatus status) {
                               status.process = own;
                               std::string now = sentence(status);
                               if (now != last) log.note(now);
                               last = now;
                               // Without its file nobody could find and end this process: a session that ended took it
                               // away.
                               bool written = write_status(folder, status).has_value();
                               if (!written) log.note("the state cannot be written; the tunnel ends");
                               on_change(status);
                               return written;
                             }};
  Carrier(std::move(options)).run(signals.descriptor());
  log.note("stopped");
  ::unlink(folder.state_file().c_str());
  std::error_code code;
  std::filesystem::remove_all(sockets, code);
  return {};
}

int carry_detached() {
  std::string text(kLongestSpec, '\0');
  size_t size = 0;
  ssize_t got;
  while (size < text.size() && (got = ::read(0, text.data() + size, text.size() - size)) > 0) {
    size += static_cast<size_t>(got);
  }
  Descriptor report(::fcntl(1, F_DUPFD_CLOEXEC, 3));
  // Not the child of who called: that one may live long and never ask for our end.
  pid_t child = ::fork();
  if (child != 0) ::_exit(child > 0 ? 0 : 1);
  ::setsid();
  ::umask(0077);
  (void)!::chdir("/");
  Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int number : {0, 1, 2}) ::dup2(null.get(), number);
  auto tell = [&report](std::string_view line) {
    if (report && ::write(report.get(), line.data(), line.size()) < 0) return;
    report.reset();
  };
  Result<> done = [&]() -> Result<> {
    TunnelSpec spec = TRY(parse_spec(std::string_view(text).substr(0, size)));
    return carry_tunnel(spec, [&tell](const TunnelStatus&) { tell("0"); });
  }();
  if (!done) tell(fmt::format("{} {}", done.error().number(), done.error().message()));
  return done ? 0 : 1;
}

}  // namespace workerdb::access

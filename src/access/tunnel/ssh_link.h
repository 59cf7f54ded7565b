#pragma once
// The life of one ssh, from its start to its end.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "access/tunnel/silence.h"
#include "access/tunnel/ssh_command.h"
#include "supervise/process.h"
#include "supervise/service_log.h"

namespace workerdb::access::tunnel {

class SshLink {
 public:
  // Starts it. `log` gets what it says. Fails with kSysError when the program cannot be run.
  static base::Result<SshLink> start(const TunnelSpec& spec, const SshSockets& sockets, const std::string& program,
                                     supervise::ServiceLog& log, int64_t now_ms);
  // Kills it, with the jump hosts' processes that belong to it, and removes its sockets.
  ~SshLink();
  SshLink(SshLink&&) noexcept = default;
  SshLink& operator=(SshLink&&) = delete;

  // Takes in what happened. False once it has ended; then end() says how.
  bool step(int64_t now_ms);
  bool is_ready() const { return ready_after_ms_ >= 0; }
  int64_t ready_after_ms() const { return ready_after_ms_; }
  int64_t started_ms() const { return started_ms_; }
  int64_t number() const { return sockets_.number; }
  std::string socket(size_t forward) const { return sockets_.forward(forward); }
  const supervise::ProcessIdentity& identity() const { return process_.identity(); }
  // Readable when there is something for step(): the output and the end; -1: not there.
  int output() const { return process_.output(); }
  int ended() const { return process_.ended(); }

  // In how many milliseconds, should nothing come until then, the server has been silent for longer than its answers
  // can take; 0 or less: it has been. Nothing when that cannot be known. Ready links only.
  std::optional<int64_t> silent_in_ms();

  struct End {
    Setback setback = Setback::kUnreachable;
    std::string reason;
  };
  End end(const TunnelSpec& spec) const;

 private:
  SshLink(SshSockets sockets, size_t forwards, supervise::Process process, supervise::ServiceLog& log, int64_t now_ms);

  SshSockets sockets_;
  size_t forwards_;
  supervise::Process process_;
  supervise::ServiceLog* log_;                    // of the tunnel
  std::unique_ptr<supervise::ServiceLog> words_;  // of this ssh alone
  int64_t started_ms_;
  int64_t ready_after_ms_ = -1;
  std::optional<supervise::ExitStatus> status_;
  std::optional<SilenceMeter> silence_;
};

}  // namespace workerdb::access::tunnel

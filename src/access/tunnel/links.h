#pragma once
// Keeps one SSH connection up: when it ends another one is made; when it falls silent another one is made beside
// it, and whichever answers first is used.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/tunnel/clients.h"
#include "access/tunnel/event_loop.h"
#include "access/tunnel/retry_pace.h"
#include "access/tunnel/ssh_link.h"
#include "access/tunnel/tunnel.h"

namespace workerdb::access::tunnel {

// Belongs to the loop's thread, which must live as long as the children.
class Links {
 public:
  // `start` makes an attempt with a number of its own.
  using Starter = std::function<base::Result<SshLink>(int64_t number, int64_t now_ms)>;

  Links(EventLoop& loop, const TunnelSpec& spec, Starter start, int64_t now_ms);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // `wanted`: somebody waits for data.
  void step(int64_t now_ms, bool wanted);
  int64_t next_wake_ms(int64_t now_ms) const;

  // What new connections may use; null while there is none, or while it is silent.
  const WayOn* way_on() const { return active_ != nullptr && !silent_ ? &way_on_ : nullptr; }
  // Numbers of the links that are gone since the last call.
  std::vector<int64_t> take_gone() { return std::exchange(gone_, {}); }

  // kReady, kUnhealthy, kStarting, kBackoff or kFailed: see TunnelStatus.
  supervise::State state() const;
  const std::string& reason() const { return reason_; }
  supervise::ProcessIdentity process() const;
  int64_t connects() const { return connects_; }
  int64_t last_outage_ms() const { return last_outage_ms_; }

 private:
  void step_links(int64_t now_ms, bool wanted);
  void note_end(const SshLink& link, int64_t now_ms, bool wanted);
  void note_setback(Setback setback, std::string reason, int64_t now_ms, bool wanted);
  void promote(SshLink* link, int64_t now_ms);
  void check_silence(int64_t now_ms);
  void maybe_start(int64_t now_ms, bool wanted);
  void remove(const SshLink* link);
  void remove_all_but(const SshLink* link);
  size_t starting() const { return links_.size() - (active_ != nullptr ? 1 : 0); }

  EventLoop& loop_;
  const TunnelSpec spec_;
  const Starter start_;
  RetryPace pace_;
  std::vector<std::unique_ptr<SshLink>> links_;
  SshLink* active_ = nullptr;  // the ready one that is used; one of links_
  WayOn way_on_;               // of active_
  bool silent_ = false;        // active_ is
  bool refused_ = false;       // the last attempt was, for good
  std::vector<int64_t> gone_;
  std::string reason_;
  int64_t attempts_ = 0;
  int64_t connects_ = 0;
  int64_t last_ready_after_ms_ = 0;
  int64_t last_outage_ms_ = -1;
  int64_t outage_since_ms_;  // meaningful while there is no way on
  int64_t last_attempt_ms_ = 0;
  int64_t next_attempt_ms_;
  int64_t next_silence_check_ms_ = 0;
};

}  // namespace workerdb::access::tunnel

#pragma once
// Tunnels to the stores of a remote environment: the system's OpenSSH, supervised. Ports on this machine's
// loopback stay ours for as long as the tunnel is up; what happens to the SSH connection behind them in the
// meantime is this room's affair. How it works and why: README.md.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "supervise/machine.h"
#include "supervise/process_identity.h"

namespace workerdb::access {

// One port here, one server there.
struct Forward {
  std::string name;         // "documents": letters, digits, '-', '_', '.'; unique in its tunnel
  uint16_t local_port = 0;  // on 127.0.0.1 and, where there is one, ::1; 0: derived_port()
  std::string target_host;  // as the SSH server resolves it
  uint16_t target_port = 0;

  friend bool operator==(const Forward&, const Forward&) = default;
};

// No secrets: keys, agents, passphrases, jump hosts and known hosts are ssh's own business.
struct TunnelSpec {
  std::string name;             // of the context: letters, digits, '-', '_', '.'; at most 64
  std::string ssh_host;         // as ssh understands it: an alias, a name, user@name
  std::string ssh_user;         // empty: what ssh's configuration says
  uint16_t ssh_port = 0;        // 0: what ssh's configuration says
  std::string ssh_config_file;  // absolute; empty: ssh's own (~/.ssh/config and the system's)
  std::vector<Forward> forwards;

  friend bool operator==(const TunnelSpec&, const TunnelSpec&) = default;
};

// kBadParameter with a sentence for a spec that cannot be carried out, or that ssh would read as an option.
base::Result<> check_spec(const TunnelSpec& spec);

// Where forwards without a port of their own go: 21000-29999, clear of the ports that Linux gives to outgoing
// connections and of Kubernetes' node ports. The same on every machine; `attempt` 0 is tried first.
uint16_t derived_port(std::string_view tunnel, std::string_view forward, int attempt = 0);

struct ForwardStatus {
  Forward forward;         // with the port that is used
  bool listening = false;  // false: somebody else has the port; it is taken as soon as it is free
  int64_t open = 0;        // connections now
  int64_t accepted = 0;    // since the start
};

struct TunnelStatus {
  TunnelSpec spec;  // as it was asked for
  // kReady: data flows. kStarting: the first connection is being made. kUnhealthy: the server has gone silent,
  // a second connection is tried beside the first. kBackoff: reconnecting. kFailed: ssh was refused for a
  // reason that only a person mends; tried again seldom. kStopped: not up.
  supervise::State state = supervise::State::kStopped;
  supervise::ProcessIdentity process;  // the tunnel's own
  supervise::ProcessIdentity ssh;      // of the connection that is used; pid 0 when there is none
  int64_t started_ms = 0;              // unix time
  int64_t since_ms = 0;                // unix time of the last change of state
  int64_t connects = 0;                // SSH connections that became ready
  int64_t last_outage_ms = -1;         // how long data did not flow, last time; -1: never since the start
  std::string reason;                  // one sentence; empty when ready
  std::vector<ForwardStatus> forwards;
};

// ---- what other rooms and the command line call; all thread-safe, none needs a running event loop ------------

struct OpenedTunnel {
  TunnelStatus status;
  bool started = false;  // by this call; false: it was up already
};

// Makes sure that the tunnel is up and data can flow: starts it in the background when it is not up, and waits
// for at most wait_ms. Fails with
//   kBadParameter               the spec
//   kConflict                   up under this name for something else: `tunnel down` first
//   kSimpleClientCouldNotConnect  not ready in time, or refused; the sentence says why. What only needs time (no
//                               network, a port that is taken) goes on being tried in the background; what this
//                               call started and was refused for good (no key, unknown host) is ended.
// With wait_ms 0 it returns as soon as the tunnel's process is up.
base::Result<OpenedTunnel> ensure_up(const TunnelSpec& spec, int64_t wait_ms);

// Tunnels that are up, by name; those whose process died without saying so come as kFailed with the reason.
std::vector<TunnelStatus> tunnels();
// kStopped when there is none of that name.
TunnelStatus tunnel_status(const std::string& name);

// Ends the tunnel's process, and an ssh that it may have left behind: by pid, start time and boot, no others.
// False when it was not up. Fails with kLockTimeout when it does not end.
base::Result<bool> stop_tunnel(const std::string& name, int64_t timeout_ms = 5000);

// One JSON object, as `tunnel status --json` prints it.
std::string tunnel_json(const TunnelStatus& status);

// ---- the process that carries a tunnel ----------------------------------------------------------------------

// How ensure_up() calls this program: argv[1..2], then the name for those who look at the process list, with the
// spec on standard input.
inline constexpr const char* kCarryArguments[] = {"tunnel", "carry"};

// The other end of it: reads the spec, goes to the background, says so on standard output, carries the tunnel
// until SIGTERM. Returns the exit code. The process must be fresh: one thread, nothing open.
int carry_detached();

// Carries the tunnel in this process until SIGTERM, SIGINT or SIGHUP. `on_change` is told each change of state,
// from this thread. Fails with kLocked when it is up already. One thread, which must be the main one: ssh dies
// with it.
base::Result<> carry_tunnel(const TunnelSpec& spec, const std::function<void(const TunnelStatus&)>& on_change);

}  // namespace workerdb::access

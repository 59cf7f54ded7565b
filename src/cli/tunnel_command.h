#pragma once
// workerdb tunnel: up, down, status.
#include <cstdint>
#include <string>
#include <vector>

#include "access/tunnel/tunnel.h"
#include "base/result.h"
#include "cli/stack/options.h"

namespace workerdb::cli {

struct TunnelUpOptions {
  // A declared context, whose tunnel it is; with ssh_host the name of a tunnel that is declared here.
  std::string name;
  std::string ssh_host, ssh_user, ssh_config_file;
  std::vector<std::string> forwards;  // [NAME=][LOCAL_PORT:]HOST:PORT, as after ssh's -L
  int64_t wait_ms = 10'000;           // 0: not at all
  bool foreground = false;
  bool json = false;
};

// 0 when data can flow; in the foreground 0 after the end. Fails like access::ensure_up().
base::Result<int> tunnel_up(const TunnelUpOptions& options, const Output& output);

struct TunnelDownOptions {
  std::string name;  // empty: `all`
  bool all = false;
};
// 0, also when there was nothing to end.
base::Result<int> tunnel_down(const TunnelDownOptions& options, const Output& output);

struct TunnelStatusOptions {
  std::string name;  // empty: all that are up
  bool json = false;
};
// 0 when all are ready, 3 when none is up, 4 when one is not ready.
base::Result<int> tunnel_status(const TunnelStatusOptions& options, const Output& output);

// "[NAME=][LOCAL_PORT:]HOST:PORT"; an IPv6 address stands in brackets. `index` names a forward without a name.
// Fails with kBadParameter.
base::Result<access::Forward> parse_forward(const std::string& text, size_t index);

}  // namespace workerdb::cli

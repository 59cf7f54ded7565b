#pragma once
// What tunnels leave on disk for other processes: a folder a tunnel, below $WORKERDB_STATE_HOME/tunnels, else
// $XDG_RUNTIME_DIR/workerdb/tunnels (or /run/user/UID/...), else base::state_folder()/tunnels; all of it for this
// user alone:
//   lock         held by the process that carries the tunnel
//   state.json   what it last said
//   tunnel.log   its own sentences and ssh's, rotated
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/tunnel/loopback.h"
#include "access/tunnel/tunnel.h"
#include "base/result.h"

namespace workerdb::access::tunnel {

// The folder of all tunnels; empty when neither a variable nor a home says where.
std::string tunnels_folder();

struct TunnelFolder {
  std::string path;
  std::string state_file() const { return path + "/state.json"; }
  std::string lock_file() const { return path + "/lock"; }
  std::string log_file() const { return path + "/tunnel.log"; }
};

// The name must have passed check_spec(). Fails with kFileNotFound when there is no place for it.
base::Result<TunnelFolder> folder_of(const std::string& tunnel);
// The same, made when it is missing. Fails with kCannotCreateDirectory, or kForbidden when it is not ours.
base::Result<TunnelFolder> prepare_folder(const std::string& tunnel);

// The lock goes with the descriptor. Fails with kLocked when another process carries the tunnel.
base::Result<Descriptor> lock(const TunnelFolder& folder);

// A folder for sockets whose paths are short enough for the kernel (107 bytes): inside `folder`, else below /tmp.
base::Result<std::string> make_socket_folder(const TunnelFolder& folder);

// Fails with kCannotWriteFile.
base::Result<> write_status(const TunnelFolder& folder, const TunnelStatus& status);
// Nothing when there is none or it makes no sense.
std::optional<TunnelStatus> read_status(const TunnelFolder& folder);

// Names of tunnels that have a folder, sorted.
std::vector<std::string> known_tunnels();

}  // namespace workerdb::access::tunnel

#pragma once
// The command line of one ssh, and what its last words mean.
#include <string>
#include <string_view>
#include <vector>

#include "access/tunnel/retry_pace.h"
#include "access/tunnel/tunnel.h"
#include "base/result.h"
#include "supervise/process.h"

namespace workerdb::access::tunnel {

// Where one ssh listens: a socket a forward in a folder that only this user can enter, and one more that
// comes last. ssh opens them in the order of its arguments and only once the server has let it in, so the last
// one's appearance means that the others listen.
struct SshSockets {
  std::string folder;
  int64_t number = 0;  // of the attempt: two connections may exist side by side

  std::string forward(size_t index) const;
  std::string last() const;
};

// `program` is the path of ssh. The user's configuration, agent, known hosts and jump hosts hold; what is said
// on the command line makes the connection ours (not shared, not in the background, without a session), lets it
// fail instead of asking, and makes it notice a dead peer.
supervise::ProcessSpec ssh_command(const TunnelSpec& spec, const SshSockets& sockets, const std::string& program);

// The path of ssh in $PATH. Fails with kFileNotFound, naming the package to install.
base::Result<std::string> find_ssh();

// What the last lines of an ssh that ended say.
Setback setback_of(const std::vector<std::string>& last_lines);
// One sentence for a person, with what to do about it where that is known.
std::string reason_of(const std::vector<std::string>& last_lines, const TunnelSpec& spec,
                      const supervise::ExitStatus& status);

}  // namespace workerdb::access::tunnel

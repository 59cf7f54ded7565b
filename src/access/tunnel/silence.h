#pragma once
// For how long a server has been silent. ssh asks it once a second (ServerAliveInterval) but tells nobody of the
// answers; the kernel knows when the last byte came. Source: sock_diag(7), struct tcp_info of linux/tcp.h.
#include <linux/inet_diag.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace workerdb::access::tunnel {

class SilenceMeter {
 public:
  struct Reading {
    int64_t silent_ms = 0;      // since the last byte from the peer
    int64_t round_trip_ms = 0;  // smoothed
  };

  // For the TCP connections that the processes of a group hold now: ssh's own, or its ProxyCommand's. Without
  // any (the kernel does not tell, or the way out is no TCP) read() knows nothing.
  static SilenceMeter of_process_group(pid_t group);
  ~SilenceMeter();
  SilenceMeter(SilenceMeter&& other) noexcept;
  SilenceMeter& operator=(SilenceMeter&& other) noexcept;

  // Of the connection that was heard last. Nothing when none is left or the kernel does not tell.
  std::optional<Reading> read();

 private:
  struct Connection {
    uint8_t family;
    inet_diag_sockid id;
  };
  SilenceMeter() = default;
  void find(const std::vector<uint64_t>& inodes, uint8_t family);
  std::optional<Reading> read_one(const Connection& connection);

  int netlink_ = -1;
  std::vector<Connection> connections_;
};

}  // namespace workerdb::access::tunnel

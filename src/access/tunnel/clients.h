#pragma once
// The side that clients see: the ports, the connections, and those that wait while there is no way on.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "access/tunnel/event_loop.h"
#include "access/tunnel/loopback.h"
#include "access/tunnel/relay.h"
#include "access/tunnel/tunnel.h"

namespace workerdb::access::tunnel {

// Where connections go on to: the sockets of one ssh, one a forward.
struct WayOn {
  int64_t number = 0;  // of the ssh
  std::vector<std::string> sockets;
};

// The ports are held from the moment they can be had to the end, whatever happens to the ways on. Belongs to the
// loop's thread.
class Clients {
 public:
  static constexpr int64_t kHoldMs = 5000;   // for which a connection waits for a way on; then it is ended
  static constexpr size_t kMostOpen = 2000;  // connections, waiting ones among them; one more is ended at once
  static constexpr int64_t kPortRetryMs = 200;

  // The forwards have their ports.
  Clients(EventLoop& loop, const std::vector<Forward>& forwards);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // New connections take it; null: they wait. Borrowed until the next call.
  void use(const WayOn* way_on) { way_on_ = way_on; }
  // While there is no way on and none can be expected, connections are ended instead of held.
  void set_hopeless(bool hopeless) { hopeless_ = hopeless; }
  // An ssh is gone: its connections end with an error.
  void drop(int64_t number);

  void step(int64_t now_ms);
  // When step() is due although no descriptor is ready.
  int64_t next_wake_ms(int64_t now_ms) const;
  bool anyone_waits() const { return !waiting_.empty(); }
  bool all_listen() const;
  // The name of the first forward whose port somebody else has, with the port.
  std::string taken_port() const;
  std::vector<ForwardStatus> status() const;
  // Connections accepted and ended so far: changes when status() does.
  int64_t changes() const { return changes_; }

 private:
  struct Port {
    Forward forward;
    std::vector<Descriptor> listeners;
    int64_t accepted = 0;
  };
  struct Waiting {
    Descriptor client;
    size_t port;
    int64_t until_ms;
  };
  struct Open {
    std::unique_ptr<Relay> relay;
    size_t port;
    int64_t number;
  };

  void listen_where_possible();
  void accept_at(size_t port, int listener);
  void take(size_t port, Descriptor client);
  // False: it has to wait.
  bool connect(size_t port, Descriptor& client);
  void hold(size_t port, Descriptor client);
  void let_go(int client);
  void serve_waiting(int64_t now_ms);

  EventLoop& loop_;
  std::vector<Port> ports_;
  std::vector<Waiting> waiting_;
  std::vector<Open> open_;
  const WayOn* way_on_ = nullptr;
  bool hopeless_ = false;
  int64_t next_listen_ms_ = 0;
  int64_t accept_again_ms_ = INT64_MAX;  // after running out of descriptors
  int64_t changes_ = 0;
};

}  // namespace workerdb::access::tunnel

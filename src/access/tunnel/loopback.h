#pragma once
// Sockets on this machine: the ports that clients connect to, and the way on to an ssh.
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace workerdb::access::tunnel {

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  int release();
  void reset(int number = -1);

 private:
  int number_;
};

// Listens on 127.0.0.1 and, where the machine has it, on ::1, which `localhost` may mean. Non-blocking. Fails with
// kSysError when either has an owner already: half a port would send some clients to a stranger.
base::Result<std::vector<Descriptor>> listen_on_loopback(uint16_t port);

enum class ConnectOutcome { kConnected, kBusy, kGone };
// To the socket of an ssh, without blocking. kBusy: try again in a moment; kGone: nobody listens there.
ConnectOutcome connect_to(const std::string& socket_path, Descriptor& to);

// Ends a client's connection so that it sees an error and not an orderly end: what it read may be incomplete.
void abort_connection(Descriptor client);

}  // namespace workerdb::access::tunnel

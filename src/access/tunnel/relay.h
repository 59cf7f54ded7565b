#pragma once
// Carries the bytes of one connection between a client and an ssh, in both directions.
#include <array>
#include <cstdint>
#include <string>

#include "access/tunnel/event_loop.h"
#include "access/tunnel/loopback.h"

namespace workerdb::access::tunnel {

// What one side does not take keeps the other from being read: at most kRelayBytes of a direction are held. An
// end of one direction travels on as such, the other goes on. An end that comes from ssh's side is held back for
// kEndHeldMs: a dying ssh closes its sockets just like a server that is done, and only the first of the two may
// be told to the client as an orderly end. Belongs to the loop's thread.
class Relay {
 public:
  static constexpr size_t kRelayBytes = 128 * 1024;
  static constexpr int64_t kEndHeldMs = 25;

  // Takes both over; non-blocking stream sockets.
  Relay(EventLoop& loop, Descriptor client, Descriptor server);
  // The client sees an error unless the relay is done.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Both directions ended, or one failed: to be destroyed.
  bool is_done() const { return state_ != State::kOpen; }
  // Lets an end go on whose time has come.
  void step(int64_t now_ms);
  // When step() is due; INT64_MAX: never.
  int64_t next_wake_ms() const { return end_due_ms_; }

 private:
  enum class State : uint8_t { kOpen, kFinished, kFailed };
  struct Side {
    Descriptor socket;
    std::string pending;  // bytes for this side that it did not take yet
    size_t sent = 0;      // of those
    bool ended = false;   // it will send no more
    bool told = false;    // it knows that there is nothing more for it
  };
  static constexpr size_t kClient = 0, kServer = 1;

  void handle(size_t side, uint32_t events);
  void read_from(size_t side);
  // False when that side is broken.
  bool flush(Side& side);
  void pass_end(size_t from);
  void update_interest();
  void fail();

  EventLoop& loop_;
  std::array<Side, 2> sides_;
  State state_ = State::kOpen;
  int64_t end_due_ms_ = INT64_MAX;
};

}  // namespace workerdb::access::tunnel

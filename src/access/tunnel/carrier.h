#pragma once
// A tunnel at work: its ports, its SSH connection, and the loop that both belong to.
#include <functional>
#include <string>

#include "access/tunnel/clients.h"
#include "access/tunnel/event_loop.h"
#include "access/tunnel/links.h"
#include "access/tunnel/tunnel.h"

namespace workerdb::access::tunnel {

struct CarrierOptions {
  TunnelSpec spec;       // as asked for
  Links::Starter start;  // makes the connections
  // Told each change of state, and what was counted at most every kCountsMs. From the loop's thread; false ends
  // the run.
  std::function<bool(const TunnelStatus&)> on_change;
};

// The forwards of a spec with the ports that they get: their own, else the first derived one that is free now and
// not taken by another forward; when none is, the first.
std::vector<Forward> with_ports(const TunnelSpec& spec);

// Belongs to the thread that calls run(), and that thread must outlive the children.
class Carrier {
 public:
  static constexpr int64_t kCountsMs = 2000;

  explicit Carrier(CarrierOptions options);
  // Returns when `stop_descriptor` becomes readable or on_change says so; everything is closed then.
  void run(int stop_descriptor);

 private:
  TunnelStatus status() const;
  // False when the run is over.
  bool publish(int64_t now_ms);

  const CarrierOptions options_;
  EventLoop loop_;
  Clients clients_;
  Links links_;
  int64_t started_ms_;  // unix time
  int64_t since_ms_;    // unix time
  TunnelStatus published_;
  bool published_once_ = false;
  int64_t published_changes_ = 0;
  int64_t next_counts_ms_ = 0;
};

}  // namespace workerdb::access::tunnel

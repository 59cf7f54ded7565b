#pragma once
// MCP over a pair of byte streams: one message a line. Requests run at once, as many as there are threads; answers go
// out as they come. Source: the pages "stdio" and "Cancellation" (2026-07-28), "Transports" (2025-11-25).
#include <functional>

#include "access/context/principal.h"
#include "base/result.h"
#include "mcp/protocol.h"

namespace workerdb::mcp {

struct StdioOptions {
  int threads = 4;
  size_t waiting_requests = 64;  // one more is refused
  // After the end of the input: how long answers may still take before what runs is cancelled. Clients end a server
  // that stays longer (the SDKs after 2 s).
  int64_t drain_ms = 1'500;
  // Called when a request that was cancelled at the end does not stop within `stuck_ms`; empty: it is waited for.
  // A program ends itself here, as a store may take long to notice that nobody waits.
  int64_t stuck_ms = 1'000;
  std::function<void()> on_stuck;
  CodecLimits codec;
};

// Serves until the end of the input, or until nobody reads the output; both are success. Fails with kSysError when
// the streams break. The descriptors stay the caller's. SIGPIPE must be ignored.
base::Result<> serve_stdio(int input, int output, Protocol& protocol, const access::Principal& principal,
                           const StdioOptions& options = {});

// For a program whose standard output is the channel: takes it over (returns a descriptor that leads where standard
// output led) and sends whatever else is printed to standard error. Fails with kSysError.
base::Result<int> claim_standard_output();

}  // namespace workerdb::mcp

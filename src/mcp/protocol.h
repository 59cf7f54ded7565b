#pragma once
// The methods of MCP, for both generations. The stateless one (2026-07-28: every request carries its version and the
// client's capabilities) is the core; the handshake one (2025-03-26 to 2025-11-25: initialize, ping) is a thin layer
// over it. No state between requests in either. Source: the specification's pages "Versioning and Compatibility",
// "Discovery", "Tools", "Caching", "Subscriptions"; for the older one "Lifecycle" and "Ping".
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/context/principal.h"
#include "base/thread_annotations.h"
#include "mcp/data_door.h"
#include "mcp/json_rpc.h"
#include "mcp/tool.h"

namespace workerdb::mcp {

inline constexpr std::string_view kStatelessVersion = "2026-07-28";
// Newest first.
inline constexpr std::string_view kHandshakeVersions[] = {"2025-11-25", "2025-06-18", "2025-03-26"};
// The only one whose clients may send batches; also what a request without any version means on HTTP.
inline constexpr std::string_view kOldestVersion = "2025-03-26";

inline constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";

bool is_handshake_version(std::string_view version);

struct ProtocolOptions {
  AnswerLimits answers;
  int64_t call_timeout_ms = 30'000;
  // Calls of tools by one principal: this many at once, then so many a second.
  double burst_calls = 60;
  double calls_per_second = 10;
};

// Who sent a message, and the flag that tells that nobody waits any more (may be null).
struct Sender {
  access::Principal principal;
  std::shared_ptr<std::atomic<bool>> cancelled;
};

struct Answer {
  // What goes before the response, each a JSON line; a transport without streams sends them in one body with it.
  std::vector<std::string> notifications;
  std::string response;                 // a JSON line
  std::optional<RpcErrorNumber> error;  // what the response reports, for HTTP's status
  bool is_envelope_error = false;       // the request's own form was wrong, not what it asked for
};

// Tokens of one principal: `burst` at most, refilled evenly. Thread-safe.
class CallBudget {
 public:
  CallBudget(double burst, double per_second) : burst_(burst), per_second_(per_second) {}
  // Nothing when the call may go on, else how long to wait.
  std::optional<int64_t> take(const std::string& principal, int64_t now_ns) EXCLUDES(mutex_);

 private:
  struct Bucket {
    double tokens;
    int64_t filled_ns;
  };
  const double burst_, per_second_;
  base::Mutex mutex_;
  std::map<std::string, Bucket> buckets_ GUARDED_BY(mutex_);
};

// Thread-safe. The door is borrowed.
class Protocol {
 public:
  explicit Protocol(DataDoor& door, ProtocolOptions options = {});

  // Whether a request is of the stateless generation: it says so in its _meta, or asks for what only that one has.
  static bool is_stateless(const Message& request);
  // The version that a request names in its _meta; nothing when it names none.
  static std::optional<std::string> version_in(const Message& request);

  // A request (not a notification) of either generation. In the handshake one `version` is what was agreed on.
  Answer answer_stateless(const Message& request, const Sender& sender);
  Answer answer_handshake(const Message& request, std::string_view version, const Sender& sender);

  // The error that names the versions there are.
  static RpcError unsupported_version(std::string_view requested);
  // The version to go on with after an `initialize`: what the client asked for, or our newest.
  static std::string agreed_version(const Message& initialize);

 private:
  using Outcome = std::expected<value::Buffer, RpcError>;
  enum class Generation { kStateless, kHandshake };

  std::optional<RpcError> check_envelope(const Message& request) const;
  Outcome discover() const;
  Outcome initialize(const Message& request) const;
  Outcome list_tools(value::Slice params, Generation generation, std::string_view version, const Sender& sender);
  Outcome call_tool(value::Slice params, Generation generation, std::string_view version, const Sender& sender);
  struct ToolResult {
    std::string text;
    std::optional<value::Buffer> structured;
    bool is_error = false;
  };
  ToolResult run_tool(const Tool& tool, value::Slice input_schema, value::Slice arguments, const Sender& sender);
  Answer listen(const Message& request) const;

  struct ParsedTool {
    const Tool* tool;
    value::Buffer input_schema, output_schema;
  };

  DataDoor& door_;
  const ProtocolOptions options_;
  CallBudget budget_;
  std::vector<ParsedTool> tools_;
};

}  // namespace workerdb::mcp

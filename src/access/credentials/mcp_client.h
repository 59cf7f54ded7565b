#pragma once
// A client of one external MCP server, for the few tools that hand out credentials. Speaks 2026-07-28 (stateless:
// every request carries version and identity) and 2025-11-25 (initialize), over a child's standard streams or
// streamable HTTP. Which one a server speaks is found out as the specification's "Versioning and Compatibility"
// says: server/discover first; any answer that is no modern one means the older generation.
// Source: https://modelcontextprotocol.io/specification/2026-07-28 and /2025-11-25.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "access/credentials/mcp_servers.h"
#include "access/credentials/mcp_transport.h"
#include "base/result.h"
#include "base/secret.h"
#include "value/builder.h"

namespace workerdb::access {

inline constexpr std::string_view kStatelessProtocol = "2026-07-28";
inline constexpr std::string_view kSessionProtocol = "2025-11-25";

struct McpTimeouts {
  int64_t total_ms = 20'000;    // of everything: start, handshake, call
  int64_t discover_ms = 3'000;  // how long an older server may be silent about server/discover (stdio)
};

// What a tool answered. The content holds a credential: it is wiped with the object.
struct McpToolResult {
  base::Secret json;      // structuredContent, or the first text content, as JSON text
  bool is_error = false;  // the tool itself refused
};

// One thread.
class McpClient {
 public:
  // Starts the child or prepares the connection; nothing is sent yet.
  static base::Result<McpClient> connect(const McpServer& server, const base::Secret& token, McpTimeouts timeouts = {});

  // Calls a tool that takes one text (or none, when `argument` is empty), whatever the server calls that parameter
  // (tools/list says it). Finds the protocol out at the first call. Fails with kSimpleClientCouldNotConnect,
  // kSimpleClientCouldNotRead (an answer that makes no sense), kLockTimeout, kForbidden (the server refuses us),
  // kNotImplemented (no common protocol version, or it wants to ask a person). No message holds what the server sent
  // but a bare error number.
  base::Result<McpToolResult> call_tool(std::string_view name, std::string_view argument);

  // Empty before the first call.
  std::string_view protocol() const { return protocol_; }

 private:
  McpClient(std::string name, std::unique_ptr<McpTransport> transport, McpTimeouts timeouts);
  base::Result<> find_protocol();
  base::Result<> initialize();
  // How a tool wants its one parameter.
  struct Parameter {
    std::string name;
    std::string header;  // "x-mcp-header", or empty
  };
  base::Result<Parameter> find_parameter(std::string_view tool);
  base::Result<McpReply> request(std::string_view method, value::Slice parameters, McpEnvelope envelope,
                                 int64_t deadline_ms);
  base::Error wrong(std::string_view what) const;

  std::string name_;
  std::unique_ptr<McpTransport> transport_;
  McpTimeouts timeouts_;
  int64_t deadline_ms_ = 0;
  std::string protocol_;
  int64_t last_id_ = 0;
};

}  // namespace workerdb::access

#pragma once
// How messages reach an MCP server. Private to this folder.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "access/credentials/mcp_servers.h"
#include "base/result.h"
#include "base/secret.h"
#include "value/builder.h"

namespace workerdb::access {

// Larger answers than this are refused; a credential needs a few hundred bytes.
inline constexpr size_t kLongestMcpMessage = 256 * 1024;

// The wire's answer to one request.
struct McpReply {
  int status = 200;                     // HTTP; 200 on stdio
  std::optional<base::Secret> message;  // the JSON-RPC response as text; nothing when the body was none
};

// What HTTP repeats of a message in its headers, so that machines on the way need not read the body.
struct McpEnvelope {
  std::string_view method;
  std::string_view tool;  // of tools/call
  std::string_view protocol;
  std::string_view parameter_header, parameter_value;  // one mirrored parameter (x-mcp-header), or empty
};

// One thread.
class McpTransport {
 public:
  virtual ~McpTransport() = default;
  virtual bool is_stream() const = 0;  // stdio
  // Sends a request and returns the response with its id; notifications in between are dropped, requests of the
  // server are answered with "method not found" where that is possible.
  virtual base::Result<McpReply> exchange(std::string_view message, int64_t id, const McpEnvelope& envelope,
                                          int64_t deadline_ms) = 0;
  virtual base::Result<> notify(std::string_view message, const McpEnvelope& envelope, int64_t deadline_ms) = 0;
};

// Milliseconds of a steady clock, which deadlines are given in.
int64_t steady_ms();

base::Result<std::unique_ptr<McpTransport>> open_stdio(const McpServer& server);
base::Result<std::unique_ptr<McpTransport>> open_http(const McpServer& server, const base::Secret& token);

// Whether the text is a JSON-RPC response to this id.
bool is_response_to(value::Slice message, int64_t id);

}  // namespace workerdb::access

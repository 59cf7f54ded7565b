#pragma once
// The control port's MCP endpoint: POST /mcp, for whom holds the stack's token.
#include <functional>
#include <memory>
#include <string>

#include "cli/mcp/store_door.h"
#include "mcp/http_endpoint.h"

namespace workerdb::cli {

// In DIR/secrets: the bearer token of the endpoint.
inline constexpr const char* kMcpTokenSecret = "mcp-token";

// Thread-safe. Who holds the token is an agent called "mcp".
class McpService {
 public:
  // `hosts`: names of this machine beside the loopback's, under which the port may be asked for.
  McpService(StoreDoorOptions options, std::string token, std::vector<std::string> hosts);

  net::HttpResponse handle(const net::HttpRequest& request) { return endpoint_.handle(request); }

 private:
  StoreDoor door_;
  mcp::Protocol protocol_;
  mcp::HttpEndpoint endpoint_;
};

}  // namespace workerdb::cli

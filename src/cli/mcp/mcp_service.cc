#include "cli/mcp/mcp_service.h"

namespace workerdb::cli {

McpService::McpService(StoreDoorOptions options, std::string token, std::vector<std::string> hosts)
    : door_(std::move(options)),
      protocol_(door_),
      endpoint_(protocol_,
                [token = std::move(token)](std::string_view given) -> std::optional<access::Principal> {
                  if (!mcp::equal_in_constant_time(given, token)) return std::nullopt;
                  return access::Principal{access::PrincipalKind::kAgent, "mcp"};
                },
                {.path = "/mcp", .hosts = std::move(hosts), .origins = {}, .concurrent_requests = 8, .codec = {}}) {}

}  // namespace workerdb::cli

#include "access/tunnel/context_tunnel.h"

#include <stdlib.h>

namespace workerdb::access {

using base::Result;

namespace {

uint16_t standard_port(StoreKind kind) {
  switch (kind) {
    case StoreKind::kDocuments: return 8529;
    case StoreKind::kRelational: return 5432;
    case StoreKind::kCache: return 6379;
  }
  return 0;
}

// A person writes "~/.ssh/other"; ssh gets a path that means the same from every folder.
std::string absolute_path(const std::string& path) {
  const char* home = ::getenv("HOME");
  return path.starts_with("~/") && home != nullptr ? home + path.substr(1) : path;
}

}  // namespace

Result<std::optional<TunnelSpec>> tunnel_of(const Context& context) {
  if (context.is_local || !context.ssh || is_inside_cluster()) return std::nullopt;
  TunnelSpec spec{.name = context.name,
                  .ssh_host = context.ssh->host,
                  .ssh_user = context.ssh->user,
                  .ssh_port = context.ssh->port.value_or(0),
                  .ssh_config_file = absolute_path(context.ssh->config_file),
                  .forwards = {}};
  for (const auto& [kind, place] : context.stores) {
    if (place.service.empty()) continue;
    spec.forwards.push_back({.name = std::string(name_of(kind)),
                             .local_port = place.local_port.value_or(0),
                             .target_host = service_host(context, place),
                             .target_port = place.port != 0 ? place.port : standard_port(kind)});
  }
  if (spec.forwards.empty()) return std::nullopt;
  TRY(check_spec(spec));
  return spec;
}

uint16_t local_port_of(const TunnelStatus& status, std::string_view forward) {
  for (const ForwardStatus& one : status.forwards) {
    if (one.forward.name == forward) return one.forward.local_port;
  }
  return 0;
}

}  // namespace workerdb::access

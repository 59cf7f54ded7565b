#pragma once
// The tunnel that a declared context needs.
#include <optional>

#include "access/context/context.h"
#include "access/tunnel/tunnel.h"
#include "base/result.h"

namespace workerdb::access {

// One forward a store that is a service of the context's namespace, under the store's name ("documents",
// "relational", "cache"). A store with a URL is reached as the URL says. Nothing when no tunnel is needed: no SSH
// host, no such store, the local context, or inside the cluster. Fails with kBadParameter like check_spec().
base::Result<std::optional<TunnelSpec>> tunnel_of(const Context& context);

// Where the forward of that name is on this machine; 0 when there is none.
uint16_t local_port_of(const TunnelStatus& status, std::string_view forward);

}  // namespace workerdb::access

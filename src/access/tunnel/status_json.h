#pragma once
// Specs and states as JSON: what goes to the process that carries a tunnel, and what it writes down.
#include <optional>
#include <string>
#include <string_view>

#include "access/tunnel/tunnel.h"
#include "base/result.h"

namespace workerdb::access::tunnel {

std::string spec_json(const TunnelSpec& spec);
// Fails with kBadParameter; the result has passed check_spec().
base::Result<TunnelSpec> parse_spec(std::string_view json);

// The reverse of tunnel_json(). Nothing when it makes no sense.
std::optional<TunnelStatus> parse_status(std::string_view json);

}  // namespace workerdb::access::tunnel

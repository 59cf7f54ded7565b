#pragma once
// From a declared context to addresses and logins.
#include "access/context/context.h"
#include "base/result.h"
#include "cli/session.h"

namespace workerdb::cli {

// Resolves the credentials of each store of a remote context, and opens its tunnel when the stores are reached
// through one (never inside the cluster). Stores that the context does not have keep their defaults; see
// Door::has.
base::Result<StoreEndpoints> remote_endpoints(const access::Context& context);

}  // namespace workerdb::cli

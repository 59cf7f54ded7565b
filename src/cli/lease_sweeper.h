#pragma once
// A service of the stack that removes short-lived logins whose end has passed, whoever made them and however that
// process ended.
#include <functional>

#include "base/result.h"
#include "cli/session.h"
#include "cli/stack/stack.h"

namespace workerdb::cli {

inline constexpr const char* kLeaseService = "leases";

// Sweeps when it starts and every 15 seconds from then on, with the logins that `endpoints` gives at that time. A store
// that does not answer is asked again the next time.
InProcessService lease_sweeper(const StackContext& context, std::function<base::Result<StoreEndpoints>()> endpoints);

}  // namespace workerdb::cli

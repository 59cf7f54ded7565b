#pragma once
// Names, secrets and sweeps that the three kinds of lease share. Private to this folder.
#include <functional>
#include <string>
#include <vector>

#include "access/credentials/lease.h"

namespace workerdb::access {

// A lease with a fresh account name, a secret of 190 bits and the end. kBadParameter for the lifetime.
base::Result<Lease> new_lease(StoreKind store, const LeaseScope& scope, int64_t lifetime_s);

// kBadParameter unless the name is a lease's.
base::Result<> check_account(std::string_view account);

base::Result<size_t> sweep_accounts(const std::vector<LeaseAccount>& accounts, int64_t now_unix_s, bool all,
                                    const std::function<base::Result<>(std::string_view account)>& end);

}  // namespace workerdb::access

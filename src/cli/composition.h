#pragma once
// Where the concrete parts meet: which services a stack has, and how a command reaches the stores of one.
#include <string>

#include "base/result.h"
#include "catalog/model.h"
#include "catalog/plan.h"
#include "cli/session.h"
#include "cli/stack/stack.h"

namespace workerdb::cli {

// The catalog that a command uses: the path given, $WORKERDB_CATALOG, ./catalog/flowmaster, or the one that was
// installed or built with this program. kFileNotFound names what was tried.
base::Result<std::string> find_catalog(const std::string& given);

// The cache users of the catalog, so that the stack makes a password for each.
void add_cache_users(const catalog::Catalog& catalog, StackOptions& options);

// Documents in this process, and a service that brings the stores to the catalog once all of them are ready.
StackComposer compose_stack(std::string catalog_folder);

// The stores of the stack that is up in a data folder. kFileNotFound when none is.
base::Result<StoreEndpoints> stack_endpoints(const std::string& data_folder);
// The passwords that `apply` gives to the catalog's roles and users there.
base::Result<catalog::Passwords> stack_passwords(const std::string& data_folder, const std::string& catalog_folder);

}  // namespace workerdb::cli

#pragma once
// Where each kind of store keeps its environment class.
#include <optional>
#include <string>
#include <string_view>

#include "base/environment_class.h"
#include "base/result.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/document_store.h"
#include "stores/relational/connection.h"

namespace workerdb::catalog {

using base::EnvironmentClass;
using base::name_of;
using base::parse_environment_class;

// The class that a live database carries; nothing when it carries none (or one that this version does not
// know). Documents: where the adapter keeps it. PostgreSQL: the table `workerdb_environment`. Redis: the key
// `workerdb:environment`. Errors are the store's.
base::Result<std::optional<EnvironmentClass>> environment_of(stores::documents::DocumentStore& store,
                                                             std::string_view database);
base::Result<std::optional<EnvironmentClass>> environment_of(stores::relational::Connection& connection);
base::Result<std::optional<EnvironmentClass>> environment_of(stores::cache::CacheStore& store);

}  // namespace workerdb::catalog

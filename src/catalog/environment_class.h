#pragma once
// What a database is for. The class is stored inside the database itself, never derived from a name or a URL:
// a namespace called "databases-test" may hold production.
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "stores/cache/cache_store.h"
#include "stores/documents/document_store.h"
#include "stores/relational/connection.h"

namespace workerdb::catalog {

enum class EnvironmentClass { kLocal, kDev, kTest, kProduction };

// "local", "dev", "test", "production"; the words are stored and never change.
std::string_view name_of(EnvironmentClass environment);
std::optional<EnvironmentClass> parse_environment_class(std::string_view name);

// The class that a live database carries; nothing when it carries none (or one that this version does not
// know). Documents: where the adapter keeps it. PostgreSQL: the table `workerdb_environment`. Redis: the key
// `workerdb:environment`. Errors are the store's.
base::Result<std::optional<EnvironmentClass>> environment_of(stores::documents::DocumentStore& store,
                                                             std::string_view database);
base::Result<std::optional<EnvironmentClass>> environment_of(stores::relational::Connection& connection);
base::Result<std::optional<EnvironmentClass>> environment_of(stores::cache::CacheStore& store);

}  // namespace workerdb::catalog

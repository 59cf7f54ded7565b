#include "catalog/environment_class.h"

#include "catalog/stored_names.h"

namespace workerdb::catalog {

using base::Result;

Result<std::optional<EnvironmentClass>> environment_of(stores::documents::DocumentStore& store,
                                                       std::string_view database) {
  std::optional<std::string> name = TRY(store.environment_class(database));
  return name ? parse_environment_class(*name) : std::nullopt;
}

Result<std::optional<EnvironmentClass>> environment_of(stores::relational::Connection& connection) {
  auto present = TRY(connection.query("SELECT to_regclass('public.workerdb_environment') IS NOT NULL"));
  if (!present.is_true(0, 0)) return std::nullopt;
  auto rows = TRY(connection.query("SELECT class FROM public.workerdb_environment"));
  return parse_environment_class(rows.text_or_empty(0, 0));
}

Result<std::optional<EnvironmentClass>> environment_of(stores::cache::CacheStore& store) {
  auto reply = TRY(store.call({"GET", std::string(kCacheEnvironmentKey)}));
  return parse_environment_class(reply.text);
}

}  // namespace workerdb::catalog

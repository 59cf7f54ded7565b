#include "cli/catalog_commands.h"

#include <fmt/format.h>

#include "catalog/apply.h"
#include "catalog/confirmation.h"
#include "catalog/load.h"
#include "cli/output.h"
#include "value/json.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

catalog::LiveStores live_stores(Door& door) {
  catalog::LiveStores stores;
  if (door.has(access::StoreKind::kDocuments)) stores.documents = &door.session().documents();
  if (door.has(access::StoreKind::kRelational)) stores.relational = &door.session().relational();
  if (door.has(access::StoreKind::kCache)) stores.cache = &door.session().cache();
  return stores;
}

Result<> check(Door& door, const std::string& database, const std::string& action) {
  auto environment = TRY(catalog::environment_of(door.session().documents(), database));
  return catalog::check_confirmation(environment, database, action, door.options().confirmed);
}

}  // namespace

Result<bool> run_plan(Door& door, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  auto plan = TRY(catalog::make_plan(catalog, live_stores(door), options.passwords));
  if (options.as_json) {
    fmt::print("{}\n", value::to_pretty_json(catalog::plan_json(plan).slice()));
  } else if (plan.is_empty()) {
    fmt::print("{}Nothing to do: the stores are as the catalog says.\n", catalog::plan_text(plan));
  } else {
    fmt::print("{}{} to apply.\n", catalog::plan_text(plan),
               plan.steps.size() == 1 ? "1 step" : fmt::format("{} steps", plan.steps.size()));
  }
  return !plan.is_empty();
}

Result<> run_apply(Door& door, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  catalog::ApplyOptions apply;
  apply.confirmed = door.options().confirmed;
  apply.before_step = [&](const catalog::Step& step, size_t position, size_t count) -> Result<> {
    if (!options.as_json) {
      fmt::print("[{}/{}] {} {}{}: {}\n", position + 1, count, catalog::name_of(step.store), step.database,
                 step.object.empty() || step.database.empty() ? step.object : "", step.text);
      std::fflush(stdout);
    }
    return {};
  };
  auto done = TRY(catalog::apply_catalog(catalog, live_stores(door), options.passwords, apply));
  if (options.as_json) {
    fmt::print("{}\n", value::to_pretty_json(catalog::plan_json(done).slice()));
  } else if (done.is_empty()) {
    fmt::print("Nothing to do: the stores are as the catalog says.\n");
  }
  return {};
}

Result<> run_drop(Door& door, const std::string& database, const std::string& collection) {
  if (collection.empty()) {
    TRY(check(door, database, fmt::format("drop database '{}'", database)));
    return door.session().documents().drop_database(database);
  }
  TRY(check(door, database, fmt::format("drop collection '{}'", collection)));
  auto opened = TRY(door.session().documents().open(database));
  return opened->drop_collection(collection);
}

Result<> run_truncate(Door& door, const std::string& database, const std::string& collection) {
  TRY(check(door, database, fmt::format("truncate collection '{}'", collection)));
  auto opened = TRY(door.session().documents().open(database));
  return opened->truncate_collection(collection);
}

Result<> run_reset(Door& door, const std::string& database, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  if (catalog::find_named(catalog.document_databases, database) == nullptr) {
    return Error(ErrorCode::kDatabaseNotFound, fmt::format("the catalog has no document database '{}'", database));
  }
  TRY(check(door, database, fmt::format("reset database '{}'", database)));
  TRY(door.session().documents().drop_database(database));
  return run_apply(door, options);
}

}  // namespace workerdb::cli

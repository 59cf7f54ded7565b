#include "cli/catalog_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "catalog/apply.h"
#include "catalog/environment_class.h"
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

access::StoreKind kind_of(catalog::StoreKind store) {
  switch (store) {
    case catalog::StoreKind::kDocuments: return access::StoreKind::kDocuments;
    case catalog::StoreKind::kRelational: return access::StoreKind::kRelational;
    case catalog::StoreKind::kCache: break;
  }
  return access::StoreKind::kCache;
}

// Destroys a document database or a collection of it, when the guard lets it.
Result<> destroy(Door& door, const char* command, const std::string& database, const std::string& collection,
                 const std::function<Result<>()>& effect) {
  Intent intent;
  intent.database = database;
  intent.operation = access::Operation::kDestroy;
  intent.command = command;
  if (!collection.empty()) intent.objects = {collection};
  intent.data_class = TRY(catalog::environment_of(door.session().documents(), database));
  auto passage = TRY(door.enter(intent));
  TRY(effect());
  return passage.finish();
}

// One question about all that would be lost, under the strictest class among them.
Result<> allow_losses(Door& door, const std::vector<catalog::Loss>& losses) {
  Intent intent;
  intent.store = kind_of(losses.front().store);
  intent.operation = access::Operation::kDestroy;
  intent.command = "apply";
  std::vector<std::optional<base::EnvironmentClass>> classes;
  for (const catalog::Loss& loss : losses) {
    classes.push_back(loss.environment);
    std::string name = loss.database.empty() ? "redis" : loss.database;
    intent.database += (intent.database.empty() ? "" : ", ") + name;
    for (const std::string& step : loss.steps)
      intent.objects.push_back(fmt::format("{} {}: {}", catalog::name_of(loss.store), name, step));
  }
  intent.data_class = access::strictest_class(door.context(), classes);
  auto passage = TRY(door.enter(intent));
  return passage.finish();
}

// Comparing and creating concern all stores at once: one entry, in the name of the first store there is.
Intent catalog_intent(Door& door, const char* command, access::Operation operation) {
  Intent intent;
  for (access::StoreKind kind : access::kStoreKinds) {
    if (!door.has(kind)) continue;
    intent.store = kind;
    break;
  }
  intent.operation = operation;
  intent.command = command;
  return intent;
}

Result<Passage> enter_to_shape(Door& door) {
  return door.enter(catalog_intent(door, "apply", access::Operation::kShape));
}

}  // namespace

Result<bool> run_plan(Door& door, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  auto passage = TRY(door.enter(catalog_intent(door, "plan", access::Operation::kDescribe)));
  auto plan = TRY(catalog::make_plan(catalog, live_stores(door), options.passwords));
  TRY(passage.finish(plan.steps.size()));
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
  apply.allow = [&](const std::vector<catalog::Loss>& losses) { return allow_losses(door, losses); };
  bool is_approving = door.options().approve_for_s > 0;
  apply.before_step = [&](const catalog::Step& step, size_t position, size_t count) -> Result<> {
    if (is_approving)
      return Error(ErrorCode::kBadParameter, "this needs no approval: no step destroys production data");
    if (!options.as_json) {
      fmt::print("[{}/{}] {} {}{}: {}\n", position + 1, count, catalog::name_of(step.store), step.database,
                 step.object.empty() || step.database.empty() ? step.object : "", step.text);
      std::fflush(stdout);
    }
    return {};
  };
  std::optional<Passage> passage;
  if (!is_approving) passage.emplace(TRY(enter_to_shape(door)));
  auto done = TRY(catalog::apply_catalog(catalog, live_stores(door), options.passwords, apply));
  if (passage) TRY(passage->finish(done.steps.size()));
  if (options.as_json) {
    fmt::print("{}\n", value::to_pretty_json(catalog::plan_json(done).slice()));
  } else if (done.is_empty()) {
    fmt::print("Nothing to do: the stores are as the catalog says.\n");
  }
  return {};
}

Result<> run_drop(Door& door, const std::string& database, const std::string& collection) {
  return destroy(door, "drop", database, collection, [&]() -> Result<> {
    if (collection.empty()) return door.session().documents().drop_database(database);
    return TRY(door.session().documents().open(database))->drop_collection(collection);
  });
}

Result<> run_truncate(Door& door, const std::string& database, const std::string& collection) {
  return destroy(door, "truncate", database, collection, [&]() -> Result<> {
    return TRY(door.session().documents().open(database))->truncate_collection(collection);
  });
}

Result<> run_reset(Door& door, const std::string& database, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  if (catalog::find_named(catalog.document_databases, database) == nullptr) {
    return Error(ErrorCode::kDatabaseNotFound, fmt::format("the catalog has no document database '{}'", database));
  }
  // Before anything is gone: who may not make the database anew drops none.
  if (door.options().approve_for_s == 0) TRY(TRY(enter_to_shape(door)).finish());
  TRY(destroy(door, "reset", database, "", [&] { return door.session().documents().drop_database(database); }));
  return run_apply(door, options);
}

}  // namespace workerdb::cli

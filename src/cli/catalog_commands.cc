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

catalog::LiveStores live_stores(Session& session, const CatalogCommandOptions& options) {
  catalog::LiveStores stores;
  stores.documents = &session.documents();
  if (options.only_documents) return stores;
  stores.relational = &session.relational();
  stores.cache = &session.cache();
  return stores;
}

Result<> check(Session& session, const std::string& database, const std::string& action,
               const std::vector<std::string>& confirmed) {
  auto environment = TRY(catalog::environment_of(session.documents(), database));
  return catalog::check_confirmation(environment, database, action, confirmed);
}

}  // namespace

Result<bool> run_plan(Session& session, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  auto plan = TRY(catalog::make_plan(catalog, live_stores(session, options), options.passwords));
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

Result<> run_apply(Session& session, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  catalog::ApplyOptions apply;
  apply.confirmed = options.confirmed;
  apply.before_step = [&](const catalog::Step& step, size_t position, size_t count) -> Result<> {
    if (!options.as_json) {
      fmt::print("[{}/{}] {} {}{}: {}\n", position + 1, count, catalog::name_of(step.store), step.database,
                 step.object.empty() || step.database.empty() ? step.object : "", step.text);
      std::fflush(stdout);
    }
    return {};
  };
  auto done = TRY(catalog::apply_catalog(catalog, live_stores(session, options), options.passwords, apply));
  if (options.as_json) {
    fmt::print("{}\n", value::to_pretty_json(catalog::plan_json(done).slice()));
  } else if (done.is_empty()) {
    fmt::print("Nothing to do: the stores are as the catalog says.\n");
  }
  return {};
}

Result<> run_drop(Session& session, const std::string& database, const std::string& collection,
                  const std::vector<std::string>& confirmed) {
  if (collection.empty()) {
    TRY(check(session, database, fmt::format("drop database '{}'", database), confirmed));
    return session.documents().drop_database(database);
  }
  TRY(check(session, database, fmt::format("drop collection '{}'", collection), confirmed));
  auto opened = TRY(session.documents().open(database));
  return opened->drop_collection(collection);
}

Result<> run_truncate(Session& session, const std::string& database, const std::string& collection,
                      const std::vector<std::string>& confirmed) {
  TRY(check(session, database, fmt::format("truncate collection '{}'", collection), confirmed));
  auto opened = TRY(session.documents().open(database));
  return opened->truncate_collection(collection);
}

Result<> run_reset(Session& session, const std::string& database, const CatalogCommandOptions& options) {
  auto catalog = TRY(catalog::load_catalog(options.folder));
  if (catalog::find_named(catalog.document_databases, database) == nullptr) {
    return Error(ErrorCode::kDatabaseNotFound, fmt::format("the catalog has no document database '{}'", database));
  }
  TRY(check(session, database, fmt::format("reset database '{}'", database), options.confirmed));
  TRY(session.documents().drop_database(database));
  return run_apply(session, options);
}

}  // namespace workerdb::cli

#include "catalog/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "catalog/cache_steps.h"
#include "catalog/document_steps.h"
#include "catalog/relational_steps.h"
#include "catalog/stored_names.h"
#include "stores/relational/transaction.h"

namespace workerdb::catalog {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::AdvisoryLock;

namespace {

// The class that the step's database carries in this moment, not the one that the catalog wishes.
Result<std::optional<EnvironmentClass>> live_environment(const LiveStores& stores, const Step& step) {
  switch (step.store) {
    case StoreKind::kDocuments: return environment_of(*stores.documents, step.database);
    case StoreKind::kRelational: return environment_of(*TRY(stores.relational->lease(step.database)));
    case StoreKind::kCache: break;
  }
  return environment_of(*stores.cache);
}

Result<std::vector<Loss>> losses_of(const LiveStores& stores, const Plan& plan) {
  std::vector<Loss> losses;
  for (const Step& step : plan.steps) {
    if (!step.is_destructive()) continue;
    auto known = std::ranges::find_if(
        losses, [&](const Loss& loss) { return loss.store == step.store && loss.database == step.database; });
    if (known == losses.end()) {
      losses.push_back({step.store, step.database, TRY(live_environment(stores, step)), {}});
      known = losses.end() - 1;
    }
    known->steps.push_back(fmt::format("{} ({})", step.text, step.destroys));
  }
  return losses;
}

Result<> run_step(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords, const Step& step) {
  switch (step.store) {
    case StoreKind::kRelational: return run_relational_step(catalog, *stores.relational, passwords, step);
    case StoreKind::kDocuments: return run_document_step(catalog, *stores.documents, step);
    case StoreKind::kCache: return run_cache_step(catalog, *stores.cache, passwords, step);
  }
  return Error(ErrorCode::kInternal);
}

Result<Plan> apply_alone(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords,
                         const ApplyOptions& options) {
  Plan plan = TRY(make_plan(catalog, stores, passwords));
  std::vector<Loss> losses = TRY(losses_of(stores, plan));
  if (!losses.empty()) TRY(options.allow(losses));
  for (size_t position = 0; position < plan.steps.size(); ++position) {
    const Step& step = plan.steps[position];
    if (options.before_step) TRY(options.before_step(step, position, plan.steps.size()));
    auto done = run_step(catalog, stores, passwords, step);
    if (!done) {
      return std::move(done).error().with_context(
          fmt::format("{} {}: {}", name_of(step.store), step.database, step.text));
    }
    base::log_info("catalog", "{} {}: {}", name_of(step.store), step.database, step.text);
  }
  return plan;
}

}  // namespace

Result<> refuse_losses_of_production(const std::vector<Loss>& losses) {
  for (const Loss& loss : losses) {
    if (loss.environment && *loss.environment != EnvironmentClass::kProduction) continue;
    return Error(
        ErrorCode::kForbidden,
        fmt::format("{} destroys data of {} '{}', which {}", loss.steps.front(), name_of(loss.store), loss.database,
                    loss.environment ? "is production" : "carries no environment class and counts as production"));
  }
  return {};
}

Result<Plan> apply_catalog(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords,
                           const ApplyOptions& options) {
  if (stores.relational == nullptr) return apply_alone(catalog, stores, passwords, options);
  auto maintenance = TRY(stores.relational->connect());
  auto lock = AdvisoryLock::acquire(maintenance, kApplyLock, options.lock_timeout_ms);
  if (!lock && lock.error().code() == ErrorCode::kLockTimeout) {
    return Error(ErrorCode::kLockTimeout, "another apply is running on this PostgreSQL server; wait for it to end");
  }
  if (!lock) return std::move(lock).error();
  return apply_alone(catalog, stores, passwords, options);
}

}  // namespace workerdb::catalog

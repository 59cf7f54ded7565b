#pragma once
// Brings live stores to what the catalog says.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/plan.h"

namespace workerdb::catalog {

// What an apply would destroy in one database (or in Redis, which has no name).
struct Loss {
  StoreKind store = StoreKind::kDocuments;
  std::string database;
  // What the database carries in this moment, not what the catalog wishes; nothing when it carries none.
  std::optional<EnvironmentClass> environment;
  std::vector<std::string> steps;  // "drop collection 'schedules' (12 documents)"
};

// Passes for databases that are declared to be no production; else kForbidden. What nobody has classified may
// be anything, so it counts as production.
base::Result<> refuse_losses_of_production(const std::vector<Loss>& losses);

struct ApplyOptions {
  // Asked once, before any step, when the plan destroys something; a failure ends the apply with nothing done.
  std::function<base::Result<>(const std::vector<Loss>& losses)> allow = refuse_losses_of_production;
  // How long to wait for another apply on the same PostgreSQL server.
  int lock_timeout_ms = 60'000;
  // Called before each step, with its position from 0 and the number of steps; a failure stops the apply
  // there.
  std::function<base::Result<>(const Step& step, size_t position, size_t count)> before_step;
};

// Makes a plan and runs its steps in order, one apply at a time (an advisory lock in the maintenance
// database, when a relational store is part of it). Returns the plan that was carried out. A step that fails stops the
// apply; what was done stays, and the next apply continues. Errors besides: those of make_plan and of the stores, with
// the step in front; kLockTimeout while another apply runs.
base::Result<Plan> apply_catalog(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords,
                                 const ApplyOptions& options = {});

}  // namespace workerdb::catalog

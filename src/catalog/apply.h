#pragma once
// Brings live stores to what the catalog says.
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/plan.h"

namespace workerdb::catalog {

struct ApplyOptions {
  // The names that --confirm gave (a database, or "redis").
  std::vector<std::string> confirmed;
  // How long to wait for another apply on the same PostgreSQL server.
  int lock_timeout_ms = 60'000;
  // Called before each step, with its position from 0 and the number of steps; a failure stops the apply
  // there.
  std::function<base::Result<>(const Step& step, size_t position, size_t count)> before_step;
};

// Makes a plan and runs its steps in order, one apply at a time (an advisory lock in the maintenance
// database, when a relational store is part of it). Returns the plan that was carried out. A destructive step
// on a database of class production needs its name in `confirmed`; without it nothing at all is done
// (kForbidden). A step that fails stops the apply; what was done stays, and the next apply continues. Errors
// besides: those of make_plan and of the stores, with the step in front; kLockTimeout while another apply
// runs.
base::Result<Plan> apply_catalog(const Catalog& catalog, const LiveStores& stores, const Passwords& passwords,
                                 const ApplyOptions& options = {});

}  // namespace workerdb::catalog

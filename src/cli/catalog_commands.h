#pragma once
// workerdb plan, apply, and the commands that destroy: drop, truncate, reset.
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/plan.h"
#include "cli/door.h"

namespace workerdb::cli {

struct CatalogCommandOptions {
  std::string folder;            // of the catalog
  catalog::Passwords passwords;  // of the roles and cache users that apply makes
  bool as_json = false;
};

// Prints the difference. True: there is one.
base::Result<bool> run_plan(Door& door, const CatalogCommandOptions& options);
base::Result<> run_apply(Door& door, const CatalogCommandOptions& options);

// A document database, or one of its collections.
base::Result<> run_drop(Door& door, const std::string& database, const std::string& collection);
base::Result<> run_truncate(Door& door, const std::string& database, const std::string& collection);
// Drops a document database and makes it anew from the catalog, empty.
base::Result<> run_reset(Door& door, const std::string& database, const CatalogCommandOptions& options);

}  // namespace workerdb::cli

#pragma once
// workerdb plan, apply, and the commands that destroy: drop, truncate, reset.
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/plan.h"
#include "cli/session.h"

namespace workerdb::cli {

struct CatalogCommandOptions {
  std::string folder;                     // of the catalog
  std::vector<std::string> confirmed;     // the values of --confirm
  catalog::Passwords passwords;           // of the roles and cache users that apply makes
  bool as_json = false;
  bool only_documents = false;            // a stack without PostgreSQL and Redis
};

// Prints the difference. True: there is one.
base::Result<bool> run_plan(Session& session, const CatalogCommandOptions& options);
base::Result<> run_apply(Session& session, const CatalogCommandOptions& options);

// A document database, or one of its collections.
base::Result<> run_drop(Session& session, const std::string& database, const std::string& collection,
                        const std::vector<std::string>& confirmed);
base::Result<> run_truncate(Session& session, const std::string& database, const std::string& collection,
                            const std::vector<std::string>& confirmed);
// Drops a document database and makes it anew from the catalog, empty.
base::Result<> run_reset(Session& session, const std::string& database, const CatalogCommandOptions& options);

}  // namespace workerdb::cli

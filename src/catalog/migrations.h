#pragma once
// SQL migrations as files: versions, names, checksums.
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/model.h"
#include "yaml/map_reader.h"

namespace workerdb::catalog {

using yaml::Complaints;
using yaml::YamlValue;

// The files 0001_name.sql, 0002_name.sql... of catalog_folder/folder. Complains (at `place`, or with file and
// line) about other files, gaps, duplicate versions, empty files and statements that control the transaction,
// because each migration runs in one of its own.
std::vector<Migration> read_migrations(const std::string& catalog_folder, const std::string& folder, const Place& place,
                                       Complaints& complaints);

// A migration that a live database has run.
struct AppliedMigration {
  int version = 0;
  std::string name;
  std::string checksum;
};

// The declared migrations that have not run, in order. Fails with kIllegalState when what has run is not
// exactly the beginning of what is declared: edited, missing or renamed files, each with its sentence.
base::Result<std::vector<const Migration*>> pending_migrations(const RelationalDatabaseDeclaration& database,
                                                               const std::vector<AppliedMigration>& applied);

}  // namespace workerdb::catalog

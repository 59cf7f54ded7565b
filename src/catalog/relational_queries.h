#pragma once
// Private to this folder: what plan and apply ask a PostgreSQL server, and the SQL that they send.
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/migrations.h"
#include "catalog/model.h"
#include "stores/relational/connection.h"

namespace workerdb::catalog {

struct LiveRole {
  bool has_right_attributes = false;  // may log in, and has no power beyond its privileges
  std::string description;
  // What the server keeps of the password; nothing when this session may not see it.
  std::optional<std::string> verifier;
};

base::Result<std::optional<LiveRole>> find_role(stores::relational::Connection& maintenance, const std::string& role);
base::Result<bool> database_exists(stores::relational::Connection& maintenance, const std::string& database);
// The comment on the session's database, or "".
base::Result<std::string> database_comment(stores::relational::Connection& connection);
base::Result<bool> has_record_tables(stores::relational::Connection& connection);
// In order of version; empty without the table.
base::Result<std::vector<AppliedMigration>> applied_migrations(stores::relational::Connection& connection);
// True when the role can do what it should in the session's database, also with tables that come later, and
// the public can not connect.
base::Result<bool> has_privileges(stores::relational::Connection& connection, const std::string& role,
                                  Privileges privileges);

// The comment that apply writes: the class first, because psql's \l+ shows it.
std::string comment_of(const RelationalDatabaseDeclaration& database);
std::string record_tables_sql();
std::string environment_sql(const RelationalDatabaseDeclaration& database);
std::string privileges_sql(const std::string& database, const std::string& role, Privileges privileges);

}  // namespace workerdb::catalog

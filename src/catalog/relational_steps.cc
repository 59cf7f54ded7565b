#include "catalog/relational_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/time.h"
#include "catalog/relational_queries.h"
#include "catalog/scram.h"
#include "catalog/stored_names.h"
#include "stores/relational/transaction.h"

namespace workerdb::catalog {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::Connection;
using stores::relational::Lease;
using stores::relational::Parameter;
using stores::relational::quote_identifier;
using stores::relational::quote_literal;
using stores::relational::RelationalStore;
using stores::relational::Transaction;

namespace {

constexpr int kLockTimeoutMs = 30'000;  // a migration that waits for a table blocks everyone behind it

Step step_of(StepKind kind, const std::string& database, const std::string& object, std::string text) {
  return {
      .store = StoreKind::kRelational, .kind = kind, .database = database, .object = object, .text = std::move(text)};
}

const std::string* find_password(const Passwords& passwords, const std::string& role) {
  auto found = passwords.relational_roles.find(role);
  return found == passwords.relational_roles.end() || found->second.empty() ? nullptr : &found->second;
}

Result<> plan_role(const RelationalRoleDeclaration& role, Connection& maintenance, const Passwords& passwords,
                   Plan& plan) {
  std::optional<LiveRole> live = TRY(find_role(maintenance, role.name));
  const std::string* password = find_password(passwords, role.name);
  if (!live) {
    if (password == nullptr) {
      return Error(ErrorCode::kIllegalState, fmt::format("no password was given for the new role '{}'", role.name));
    }
    plan.steps.push_back(step_of(StepKind::kCreateRole, "", role.name, fmt::format("create role '{}'", role.name)));
    return {};
  }
  bool has_password = password == nullptr || !live->verifier || scram_verifier_matches(*live->verifier, *password);
  if (!live->has_right_attributes || live->description != role.description || !has_password) {
    plan.steps.push_back(
        step_of(StepKind::kAlterRole, "", role.name,
                fmt::format("set {} of role '{}'", has_password ? "the attributes" : "the password", role.name)));
  }
  return {};
}

void plan_migration(const RelationalDatabaseDeclaration& database, const Migration& migration, bool on_live_data,
                    Plan& plan) {
  Step step = step_of(StepKind::kRunMigration, database.name, migration.file,
                      fmt::format("run migration {:04}_{}", migration.version, migration.name));
  step.version = migration.version;
  if (on_live_data) {
    for (const stores::relational::ScriptPlace& statement : migration.destructive) {
      step.destroys += fmt::format("{}{} (line {})", step.destroys.empty() ? "" : ", ", statement.what, statement.line);
    }
  }
  plan.steps.push_back(std::move(step));
}

void plan_grant(const RelationalDatabaseDeclaration& database, const RelationalRoleDeclaration& role, Plan& plan) {
  plan.steps.push_back(
      step_of(StepKind::kGrantPrivileges, database.name, role.name,
              fmt::format("grant {} to role '{}'",
                          role.privileges == Privileges::kReadOnly ? "reading" : "reading and writing", role.name)));
}

bool belongs_to(const RelationalRoleDeclaration& role, const std::string& database) {
  return std::ranges::find(role.databases, database) != role.databases.end();
}

void plan_new_database(const Catalog& catalog, const RelationalDatabaseDeclaration& database, Plan& plan) {
  plan.steps.push_back(step_of(StepKind::kCreateDatabase, database.name, "", "create the database"));
  plan.steps.push_back(step_of(StepKind::kCreateRecords, database.name, "", "create the catalog's record tables"));
  plan.steps.push_back(step_of(StepKind::kSetEnvironment, database.name, "",
                               fmt::format("set the environment class to {}", name_of(database.environment))));
  for (const RelationalRoleDeclaration& role : catalog.relational_roles) {
    if (belongs_to(role, database.name)) plan_grant(database, role, plan);
  }
  for (const Migration& migration : database.migrations) plan_migration(database, migration, false, plan);
}

Result<> plan_environment(const RelationalDatabaseDeclaration& database, Connection& connection, Plan& plan) {
  std::optional<EnvironmentClass> environment = TRY(environment_of(connection));
  bool has_comment = TRY(database_comment(connection)) == comment_of(database);
  if (environment == database.environment && has_comment) return {};
  Step step = step_of(StepKind::kSetEnvironment, database.name, "",
                      fmt::format("set the environment class to {}", name_of(database.environment)));
  if (environment == EnvironmentClass::kProduction && database.environment != EnvironmentClass::kProduction) {
    step.destroys = "the protection of a production database";
  }
  plan.steps.push_back(std::move(step));
  return {};
}

Result<> plan_live_database(const Catalog& catalog, const RelationalDatabaseDeclaration& database,
                            RelationalStore& store, Connection& maintenance, Plan& plan) {
  Lease connection = TRY(store.lease(database.name));
  if (!TRY(has_record_tables(*connection))) {
    plan.steps.push_back(step_of(StepKind::kCreateRecords, database.name, "", "create the catalog's record tables"));
  }
  TRY(plan_environment(database, *connection, plan));
  for (const RelationalRoleDeclaration& role : catalog.relational_roles) {
    if (!belongs_to(role, database.name)) continue;
    bool exists = TRY(find_role(maintenance, role.name)).has_value();
    if (!exists || !TRY(has_privileges(*connection, role.name, role.privileges))) plan_grant(database, role, plan);
  }
  std::vector<AppliedMigration> applied = TRY(applied_migrations(*connection));
  for (const Migration* migration : TRY(pending_migrations(database, applied))) {
    plan_migration(database, *migration, true, plan);
  }
  return {};
}

}  // namespace

Result<> plan_relational(const Catalog& catalog, RelationalStore& store, const Passwords& passwords, Plan& plan) {
  Lease maintenance = TRY(store.lease());
  for (const RelationalRoleDeclaration& role : catalog.relational_roles) {
    TRY(plan_role(role, *maintenance, passwords, plan));
  }
  for (const RelationalDatabaseDeclaration& database : catalog.relational_databases) {
    if (TRY(database_exists(*maintenance, database.name))) {
      TRY(plan_live_database(catalog, database, store, *maintenance, plan));
    } else {
      plan_new_database(catalog, database, plan);
    }
  }
  return {};
}

namespace {

Result<> run_role_step(const RelationalRoleDeclaration& role, Connection& maintenance, const Passwords& passwords) {
  std::string name = quote_identifier(role.name);
  std::string attributes = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
  if (const std::string* password = find_password(passwords, role.name)) {
    attributes += " PASSWORD " + quote_literal(TRY(maintenance.encrypt_password(role.name, *password)));
  }
  bool exists = TRY(find_role(maintenance, role.name)).has_value();
  return maintenance.execute(fmt::format("{} ROLE {} {}; COMMENT ON ROLE {} IS {}", exists ? "ALTER" : "CREATE", name,
                                         attributes, name, quote_literal(role.description)));
}

Result<> create_database(Connection& maintenance, const std::string& database) {
  if (TRY(database_exists(maintenance, database))) return {};
  TRY(maintenance.query(
      fmt::format("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0", quote_identifier(database))));
  return {};
}

// The script and its record in one transaction, so that both are there or neither.
Result<> run_migration(const Migration& migration, Connection& connection) {
  int64_t start_ns = base::steady_time_ns();
  TRY(connection.set_lock_timeout_ms(kLockTimeoutMs));
  Transaction transaction = TRY(Transaction::begin(connection));
  auto ran = connection.execute(migration.sql);
  if (!ran) return std::move(ran).error().with_context(migration.file);
  int64_t duration_ms = (base::steady_time_ns() - start_ns) / 1'000'000;
  TRY(connection.query(
      fmt::format("INSERT INTO {} (version, name, checksum, duration_ms) VALUES ($1, $2, $3, $4)", kMigrationsTable),
      std::array<Parameter, 4>{std::to_string(migration.version), migration.name, migration.checksum,
                               std::to_string(duration_ms)}));
  auto committed = transaction.commit();
  if (!committed) return std::move(committed).error().with_context(migration.file);
  return {};
}

Result<> run_database_step(const Catalog& catalog, Connection& connection, const Step& step) {
  const RelationalDatabaseDeclaration& database = *find_named(catalog.relational_databases, step.database);
  switch (step.kind) {
    case StepKind::kCreateRecords: return connection.execute(record_tables_sql());
    case StepKind::kSetEnvironment: return connection.execute(environment_sql(database));
    case StepKind::kGrantPrivileges: {
      const auto* role = find_named(catalog.relational_roles, step.object);
      return connection.execute(privileges_sql(database.name, role->name, role->privileges));
    }
    case StepKind::kRunMigration: {
      auto migration = std::ranges::find(database.migrations, step.version, &Migration::version);
      return run_migration(*migration, connection);
    }
    default: return Error(ErrorCode::kInternal, "no step of a relational database");
  }
}

}  // namespace

Result<> run_relational_step(const Catalog& catalog, RelationalStore& store, const Passwords& passwords,
                             const Step& step) {
  if (step.kind == StepKind::kCreateRole || step.kind == StepKind::kAlterRole) {
    return run_role_step(*find_named(catalog.relational_roles, step.object), *TRY(store.lease()), passwords);
  }
  if (step.kind == StepKind::kCreateDatabase) return create_database(*TRY(store.lease()), step.database);
  // A session of its own: a migration may change settings of the session.
  Connection connection = TRY(store.connect(step.database));
  return run_database_step(catalog, connection, step);
}

}  // namespace workerdb::catalog

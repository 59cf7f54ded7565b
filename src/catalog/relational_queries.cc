#include "catalog/relational_queries.h"

#include <fmt/format.h>

#include <array>

#include "catalog/stored_names.h"

namespace workerdb::catalog {

using base::Result;
using stores::relational::Connection;
using stores::relational::Parameter;
using stores::relational::quote_identifier;
using stores::relational::quote_literal;

Result<std::optional<LiveRole>> find_role(Connection& maintenance, const std::string& role) {
  auto rows =
      TRY(maintenance.query("SELECT rolcanlogin AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR "
                            "rolreplication OR rolbypassrls), "
                            "coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = $1",
                            std::array<Parameter, 1>{role}));
  if (rows.row_count() == 0) return std::nullopt;
  LiveRole live{.has_right_attributes = rows.is_true(0, 0), .description = std::string(rows.text_or_empty(0, 1))};
  // Only superusers may read verifiers; for others the password counts as unchanged.
  auto verifier =
      maintenance.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", std::array<Parameter, 1>{role});
  if (verifier) {
    live.verifier = std::string(verifier->text_or_empty(0, 0));
  } else if (stores::relational::sqlstate(verifier.error()) != "42501") {
    return std::move(verifier).error();
  }
  return live;
}

Result<bool> database_exists(Connection& maintenance, const std::string& database) {
  auto rows =
      TRY(maintenance.query("SELECT 1 FROM pg_database WHERE datname = $1", std::array<Parameter, 1>{database}));
  return rows.row_count() > 0;
}

Result<std::string> database_comment(Connection& connection) {
  auto rows = TRY(connection.query(
      "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"));
  return std::string(rows.text_or_empty(0, 0));
}

Result<bool> has_record_tables(Connection& connection) {
  auto rows =
      TRY(connection.query("SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL",
                           std::array<Parameter, 2>{std::string(kMigrationsTable), std::string(kEnvironmentTable)}));
  return rows.is_true(0, 0);
}

Result<std::vector<AppliedMigration>> applied_migrations(Connection& connection) {
  std::vector<AppliedMigration> applied;
  if (!TRY(has_record_tables(connection))) return applied;
  auto rows =
      TRY(connection.query(fmt::format("SELECT version, name, checksum FROM {} ORDER BY version", kMigrationsTable)));
  for (int row = 0; row < rows.row_count(); ++row) {
    applied.push_back({.version = static_cast<int>(rows.integer(row, 0).value_or(0)),
                       .name = std::string(rows.text_or_empty(row, 1)),
                       .checksum = std::string(rows.text_or_empty(row, 2))});
  }
  return applied;
}

namespace {

// $1 is the role, $2 what it may do with every table. The last condition is about tables that are made later.
constexpr std::string_view kHasPrivileges = R"(
  SELECT has_database_privilege($1, current_database(), 'CONNECT')
     AND has_schema_privilege($1, 'public', 'USAGE')
     AND NOT has_schema_privilege($1, 'public', 'CREATE')
     AND NOT EXISTS (
       SELECT FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) granted
        WHERE d.datname = current_database() AND granted.grantee = 0)
     AND NOT EXISTS (
       SELECT FROM pg_class c, unnest($2::text[]) wanted
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
          AND c.relname NOT LIKE 'workerdb\_%' AND NOT has_table_privilege($1, c.oid, wanted))
     AND NOT EXISTS (
       SELECT FROM unnest($2::text[]) wanted
        WHERE NOT EXISTS (
          SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) granted
           WHERE d.defaclobjtype = 'r' AND d.defaclnamespace = 'public'::regnamespace
             AND d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user)
             AND granted.grantee = (SELECT oid FROM pg_roles WHERE rolname = $1)
             AND granted.privilege_type = wanted)))";

std::string table_privileges(Privileges privileges) {
  return privileges == Privileges::kReadOnly ? "SELECT" : "SELECT, INSERT, UPDATE, DELETE";
}

}  // namespace

Result<bool> has_privileges(Connection& connection, const std::string& role, Privileges privileges) {
  std::string wanted = "{" + table_privileges(privileges) + "}";
  auto rows = TRY(connection.query(kHasPrivileges, std::array<Parameter, 2>{role, wanted}));
  return rows.is_true(0, 0);
}

std::string comment_of(const RelationalDatabaseDeclaration& database) {
  return fmt::format("environment: {}; {}", name_of(database.environment), database.description);
}

std::string record_tables_sql() {
  return fmt::format(R"(
    CREATE TABLE IF NOT EXISTS {0} (
      version     bigint PRIMARY KEY CHECK (version > 0),
      name        text NOT NULL,
      checksum    text NOT NULL CHECK (checksum ~ '^[0-9a-f]{{64}}$'),
      applied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
      applied_by  text NOT NULL DEFAULT current_user,
      duration_ms bigint NOT NULL CHECK (duration_ms >= 0)
    );
    COMMENT ON TABLE {0} IS 'The catalog''s migrations that this database has run; written by workerdb apply alone.';
    CREATE TABLE IF NOT EXISTS {1} (
      is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
      class       text NOT NULL CHECK (class IN ('local', 'dev', 'test', 'production')),
      set_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
      set_by      text NOT NULL DEFAULT current_user
    );
    COMMENT ON TABLE {1} IS 'What this database is for. Destructive commands ask here.';)",
                     kMigrationsTable, kEnvironmentTable);
}

std::string environment_sql(const RelationalDatabaseDeclaration& database) {
  return fmt::format(R"(
    INSERT INTO {} (class) VALUES ({}) ON CONFLICT (is_only_row)
      DO UPDATE SET class = excluded.class, set_at = clock_timestamp(), set_by = current_user;
    COMMENT ON DATABASE {} IS {};)",
                     kEnvironmentTable, quote_literal(name_of(database.environment)), quote_identifier(database.name),
                     quote_literal(comment_of(database)));
}

std::string privileges_sql(const std::string& database, const std::string& role, Privileges privileges) {
  bool writes = privileges == Privileges::kReadWrite;
  return fmt::format(
      R"(
    REVOKE ALL ON DATABASE {database} FROM PUBLIC;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};
    REVOKE ALL ON SCHEMA public FROM {role};
    GRANT CONNECT{temporary} ON DATABASE {database} TO {role};
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT {tables} ON ALL TABLES IN SCHEMA public TO {role};
    GRANT {sequences} ON ALL SEQUENCES IN SCHEMA public TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {tables} ON TABLES TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {sequences} ON SEQUENCES TO {role};
    REVOKE ALL ON {migrations}, {environment} FROM {role};
    GRANT SELECT ON {migrations}, {environment} TO {role};)",
      fmt::arg("database", quote_identifier(database)), fmt::arg("role", quote_identifier(role)),
      fmt::arg("temporary", writes ? ", TEMPORARY" : ""), fmt::arg("tables", table_privileges(privileges)),
      fmt::arg("sequences", writes ? "USAGE, SELECT" : "SELECT"), fmt::arg("migrations", kMigrationsTable),
      fmt::arg("environment", kEnvironmentTable));
}

}  // namespace workerdb::catalog

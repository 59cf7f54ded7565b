// Leases of a PostgreSQL: roles. Source: PostgreSQL 15 documentation, chapter 22 and "Privileges" (5.7).
#include <fmt/format.h>

#include <algorithm>

#include "access/credentials/lease_account.h"
#include "base/time.h"
#include "stores/relational/transaction.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::AdvisoryLock;
using stores::relational::Connection;
using stores::relational::Parameter;
using stores::relational::quote_identifier;
using stores::relational::quote_literal;
using stores::relational::RelationalStore;
using stores::relational::Transaction;

namespace {

constexpr int kConnections = 5, kLockTimeoutMs = 10'000, kEndTimeoutMs = 5'000;
// One sweep at a time: two that drop one role disturb each other.
constexpr std::string_view kSweepLock = "workerdb leases";

// Settings are the role's defaults and may be changed by its session: they keep honest mistakes small. What it must
// not do it has no right to.
std::string create_role(const Lease& lease, const std::string& verifier) {
  std::string role = quote_identifier(lease.credential.user);
  std::string text = fmt::format(
      "CREATE ROLE {0} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS CONNECTION LIMIT "
      "{1} "
      "PASSWORD {2} VALID UNTIL {3};"
      "ALTER ROLE {0} SET statement_timeout = '30s';"
      "ALTER ROLE {0} SET lock_timeout = '5s';"
      "ALTER ROLE {0} SET idle_in_transaction_session_timeout = '60s';",
      role, kConnections, quote_literal(verifier), quote_literal(base::format_iso8601(lease.expires_unix_s * 1000)));
  if (!lease.scope.may_write) text += fmt::format("ALTER ROLE {} SET default_transaction_read_only = on;", role);
  return text;
}

struct Table {
  std::string schema, name;
  std::string quoted() const { return quote_identifier(schema) + "." + quote_identifier(name); }
};

constexpr const char* kTables =
    "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

Result<std::vector<Table>> tables_of(Connection& connection, const LeaseScope& scope) {
  std::vector<Table> tables;
  if (scope.objects.empty()) {
    auto rows = TRY(connection.query(kTables));
    for (int row = 0; row < rows.row_count(); ++row) {
      tables.push_back({std::string(rows.text_or_empty(row, 0)), std::string(rows.text_or_empty(row, 1))});
    }
    return tables;
  }
  for (const std::string& object : scope.objects) {
    size_t dot = object.find('.');
    Table table = dot == object.npos ? Table{"public", object} : Table{object.substr(0, dot), object.substr(dot + 1)};
    const Parameter names[] = {table.schema, table.name};
    auto rows = TRY(connection.query(std::string(kTables) + " AND n.nspname = $1 AND c.relname = $2", names));
    if (rows.row_count() == 0) {
      return Error(ErrorCode::kCollectionNotFound,
                   fmt::format("the database '{}' has no table '{}.{}'", scope.database, table.schema, table.name));
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

// Columns with a default of their own sequence need that sequence to be inserted into.
Result<std::string> grant_sequences(Connection& connection, const Table& table, const std::string& role) {
  const Parameter name[] = {table.quoted()};
  auto rows = TRY(connection.query(
      "SELECT n.nspname, s.relname FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' "
      "JOIN pg_namespace n ON n.oid = s.relnamespace "
      "WHERE d.classid = 'pg_class'::regclass AND d.refobjid = $1::regclass AND d.deptype IN ('a', 'i')",
      name));
  std::string text;
  for (int row = 0; row < rows.row_count(); ++row) {
    text += fmt::format("GRANT USAGE ON SEQUENCE {}.{} TO {};", quote_identifier(rows.text_or_empty(row, 0)),
                        quote_identifier(rows.text_or_empty(row, 1)), role);
  }
  return text;
}

Result<> grant_tables(Connection& connection, const Lease& lease) {
  std::string role = quote_identifier(lease.credential.user);
  std::string text = fmt::format("GRANT CONNECT ON DATABASE {} TO {};", quote_identifier(lease.scope.database), role);
  for (const Table& table : TRY(tables_of(connection, lease.scope))) {
    text += fmt::format("GRANT USAGE ON SCHEMA {} TO {};", quote_identifier(table.schema), role);
    text += fmt::format("GRANT {} ON TABLE {} TO {};",
                        lease.scope.may_write ? "SELECT, INSERT, UPDATE, DELETE" : "SELECT", table.quoted(), role);
    if (lease.scope.may_write) text += TRY(grant_sequences(connection, table, role));
  }
  return connection.execute(text);
}

struct OpenDoor {
  const char* sentence;
  const char* question;  // $1 is the role; true: the door is open
};
constexpr OpenDoor kOpenDoors[] = {
    {"PUBLIC may make temporary tables in this database",
     "SELECT has_database_privilege($1, current_database(), 'TEMP')"},
    {"PUBLIC may log in to other databases of the server",
     "SELECT bool_or(has_database_privilege($1, oid, 'CONNECT')) FROM pg_database WHERE datallowconn AND datname <> "
     "current_database()"},
    {"PUBLIC may make large objects", "SELECT has_function_privilege($1, 'pg_catalog.lo_create(oid)', 'EXECUTE')"},
    {"PUBLIC may make tables in a schema",
     "SELECT bool_or(has_schema_privilege($1, oid, 'CREATE')) FROM pg_namespace WHERE nspname !~ '^pg_'"},
    {"PUBLIC may call functions that run with their owner's rights",
     "SELECT bool_or(has_function_privilege($1, p.oid, 'EXECUTE')) FROM pg_proc p JOIN pg_namespace n ON n.oid = "
     "p.pronamespace "
     "WHERE p.prosecdef AND n.nspname !~ '^pg_' AND has_schema_privilege($1, n.oid, 'USAGE')"},
    {"PUBLIC may use tables that the lease does not name",
     "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a "
     "WHERE a.grantee = 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> "
     "'information_schema' "
     "AND has_schema_privilege($1, n.oid, 'USAGE'))"},
};

Result<std::vector<std::string>> find_open_doors(Connection& connection, const std::string& role) {
  std::vector<std::string> found;
  const Parameter name[] = {role};
  for (const OpenDoor& door : kOpenDoors) {
    auto rows = TRY(connection.query(door.question, name));
    if (rows.is_true(0, 0)) found.emplace_back(door.sentence);
  }
  return found;
}

// Where the role owns something or has a right, which keeps it from being dropped.
Result<std::vector<std::string>> databases_of(Connection& connection, const std::string& role) {
  const Parameter name[] = {role};
  auto rows = TRY(connection.query(
      "SELECT DISTINCT d.datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid OR s.dbid = 0 AND d.oid = "
      "(SELECT oid FROM pg_database WHERE datname = current_database()) "
      "WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)",
      name));
  std::vector<std::string> databases;
  for (int row = 0; row < rows.row_count(); ++row) databases.emplace_back(rows.text_or_empty(row, 0));
  return databases;
}

Result<> end_role(RelationalStore& store, Connection& connection, const std::string& role) {
  const Parameter name[] = {role};
  if (TRY(connection.query("SELECT FROM pg_roles WHERE rolname = $1", name)).row_count() == 0) return {};
  // First nobody can come in any more, then who is in goes.
  TRY(connection.execute(fmt::format("ALTER ROLE {} NOLOGIN", quote_identifier(role))));
  TRY(connection.query(
      fmt::format("SELECT pg_terminate_backend(pid, {}) FROM pg_stat_activity WHERE usename = $1", kEndTimeoutMs),
      name));
  for (const std::string& database : TRY(databases_of(connection, role))) {
    auto there = TRY(store.connect(database));
    TRY(there.execute(fmt::format("DROP OWNED BY {} CASCADE", quote_identifier(role))));
  }
  return connection.execute(fmt::format("DROP ROLE IF EXISTS {}", quote_identifier(role)));
}

Result<std::vector<LeaseAccount>> lease_roles(Connection& connection) {
  auto rows = TRY(connection.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'workerdb\\_lease\\_%'"));
  std::vector<LeaseAccount> accounts;
  for (int row = 0; row < rows.row_count(); ++row) {
    std::string name(rows.text_or_empty(row, 0));
    if (auto end = lease_end(name)) accounts.push_back({name, *end});
  }
  return accounts;
}

}  // namespace

Result<Lease> lease_relational(RelationalStore& store, const LeaseScope& scope, int64_t lifetime_s) {
  Lease lease = TRY(new_lease(StoreKind::kRelational, scope, lifetime_s));
  if (scope.database.empty()) return Error(ErrorCode::kBadParameter, "a lease of tables names a database");
  auto connection = TRY(store.connect(scope.database));
  std::string verifier =
      TRY(connection.encrypt_password(lease.credential.user, std::string(lease.credential.secret.expose())));
  // All or nothing: a role whose rights are not complete is never there.
  auto transaction = TRY(Transaction::begin(connection));
  TRY(connection.execute(create_role(lease, verifier)));
  TRY(grant_tables(connection, lease));
  lease.beyond_scope = TRY(find_open_doors(connection, lease.credential.user));
  TRY(transaction.commit());
  return lease;
}

Result<std::vector<LeaseAccount>> list_relational_leases(RelationalStore& store) {
  auto connection = TRY(store.connect());
  return lease_roles(connection);
}

Result<> end_relational_lease(RelationalStore& store, std::string_view account) {
  TRY(check_account(account));
  auto connection = TRY(store.connect());
  auto lock = TRY(AdvisoryLock::acquire(connection, kSweepLock, kLockTimeoutMs));
  return end_role(store, connection, std::string(account));
}

Result<size_t> sweep_relational(RelationalStore& store, int64_t now_unix_s, bool all) {
  auto connection = TRY(store.connect());
  auto accounts = TRY(lease_roles(connection));
  bool has_work = std::any_of(accounts.begin(), accounts.end(),
                              [&](const auto& account) { return all || account.expires_unix_s <= now_unix_s; });
  if (!has_work) return size_t(0);
  auto lock = TRY(AdvisoryLock::acquire(connection, kSweepLock, kLockTimeoutMs));
  return sweep_accounts(accounts, now_unix_s, all,
                        [&](std::string_view name) { return end_role(store, connection, std::string(name)); });
}

Result<> close_to_public(RelationalStore& store) {
  // In one statement a database, so that nothing is taken before it is given.
  constexpr const char* kClose = R"(
DO $$
DECLARE made regprocedure; holder name;
BEGIN
  FOR made IN SELECT p.oid::regprocedure FROM pg_proc p
              WHERE p.pronamespace = 'pg_catalog'::regnamespace
                AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_truncate', 'lo_truncate64')
                AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
  LOOP
    FOR holder IN SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname !~ '^(pg_|workerdb_lease_)' LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', made, holder);
    END LOOP;
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made);
  END LOOP;
END $$)";
  auto connection = TRY(store.connect());
  auto rows = TRY(connection.query("SELECT datname FROM pg_database WHERE datallowconn"));
  for (int row = 0; row < rows.row_count(); ++row) {
    auto there = TRY(store.connect(std::string(rows.text_or_empty(row, 0))));
    TRY(there.execute(kClose));
  }
  return {};
}

}  // namespace workerdb::access

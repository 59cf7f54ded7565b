#include "stores/relational/sql_statements.h"

#include <algorithm>
#include <array>

namespace workerdb::stores::relational {

namespace {

using enum SqlEffect;

// Those whose effect their fields decide stand here with the weakest one; see sql_analysis.cc.
constexpr auto kKinds = std::to_array<StatementKind>({
    {"SelectStmt", kRead, "SELECT"},
    {"VariableShowStmt", kRead, "SHOW"},
    {"ExplainStmt", kDescribe, "EXPLAIN"},
    {"InsertStmt", kWrite, "INSERT"},
    {"UpdateStmt", kWrite, "UPDATE"},
    {"DeleteStmt", kWrite, "DELETE"},
    {"MergeStmt", kWrite, "MERGE"},
    {"CopyStmt", kRead, "COPY"},
    {"VariableSetStmt", kWrite, "SET"},
    {"TransactionStmt", kWrite, "a transaction's begin or end"},
    {"LockStmt", kWrite, "LOCK"},
    {"ListenStmt", kWrite, "LISTEN"},
    {"UnlistenStmt", kWrite, "UNLISTEN"},
    {"NotifyStmt", kWrite, "NOTIFY"},
    {"PrepareStmt", kWrite, "PREPARE"},
    {"ExecuteStmt", kWrite, "EXECUTE"},
    {"DeallocateStmt", kWrite, "DEALLOCATE"},
    {"DeclareCursorStmt", kWrite, "DECLARE"},
    {"FetchStmt", kWrite, "FETCH"},
    {"ClosePortalStmt", kWrite, "CLOSE"},
    {"DiscardStmt", kWrite, "DISCARD"},
    {"ConstraintsSetStmt", kWrite, "SET CONSTRAINTS"},
    {"CallStmt", kWrite, "CALL"},
    {"RefreshMatViewStmt", kWrite, "REFRESH MATERIALIZED VIEW"},
    {"CreateStmt", kShape, "CREATE TABLE"},
    {"CreateTableAsStmt", kShape, "CREATE TABLE AS"},
    {"CreateSchemaStmt", kShape, "CREATE SCHEMA"},
    {"CreateSeqStmt", kShape, "CREATE SEQUENCE"},
    {"AlterSeqStmt", kShape, "ALTER SEQUENCE"},
    {"CreateEnumStmt", kShape, "CREATE TYPE"},
    {"AlterEnumStmt", kShape, "ALTER TYPE"},
    {"CompositeTypeStmt", kShape, "CREATE TYPE"},
    {"CreateRangeStmt", kShape, "CREATE TYPE"},
    {"CreateDomainStmt", kShape, "CREATE DOMAIN"},
    {"AlterDomainStmt", kShape, "ALTER DOMAIN"},
    {"CreateFunctionStmt", kShape, "CREATE FUNCTION"},
    {"AlterFunctionStmt", kShape, "ALTER FUNCTION"},
    {"CreateTrigStmt", kShape, "CREATE TRIGGER"},
    {"CreateStatsStmt", kShape, "CREATE STATISTICS"},
    {"AlterStatsStmt", kShape, "ALTER STATISTICS"},
    {"CreatePolicyStmt", kShape, "CREATE POLICY"},
    {"AlterPolicyStmt", kShape, "ALTER POLICY"},
    {"DefineStmt", kShape, "CREATE"},
    {"ViewStmt", kShape, "CREATE VIEW"},
    {"IndexStmt", kShape, "CREATE INDEX"},
    {"RuleStmt", kShape, "CREATE RULE"},
    {"CommentStmt", kShape, "COMMENT"},
    {"RenameStmt", kShape, "RENAME"},
    {"AlterTableStmt", kShape, "ALTER TABLE"},
    {"AlterObjectSchemaStmt", kShape, "ALTER ... SET SCHEMA"},
    {"AlterObjectDependsStmt", kShape, "ALTER ... DEPENDS"},
    {"AlterCollationStmt", kShape, "ALTER COLLATION"},
    {"AlterTypeStmt", kShape, "ALTER TYPE"},
    {"CreateCastStmt", kShape, "CREATE CAST"},
    {"CreateConversionStmt", kShape, "CREATE CONVERSION"},
    {"CreatedbStmt", kShape, "CREATE DATABASE"},
    {"VacuumStmt", kShape, "VACUUM"},
    {"ClusterStmt", kShape, "CLUSTER"},
    {"ReindexStmt", kShape, "REINDEX"},
    {"DropStmt", kShape, "DROP"},
    {"TruncateStmt", kDestroy, "TRUNCATE", true},
    {"DropdbStmt", kDestroy, "DROP DATABASE", true},
    {"DropOwnedStmt", kDestroy, "DROP OWNED", true},
    {"DoStmt", kDestroy, "DO"},
    {"CreateRoleStmt", kAdminister, "CREATE ROLE"},
    {"AlterRoleStmt", kAdminister, "ALTER ROLE"},
    {"AlterRoleSetStmt", kAdminister, "ALTER ROLE SET"},
    {"DropRoleStmt", kAdminister, "DROP ROLE", true},
    {"DropTableSpaceStmt", kAdminister, "DROP TABLESPACE", true},
    {"DropSubscriptionStmt", kAdminister, "DROP SUBSCRIPTION", true},
    {"DropUserMappingStmt", kAdminister, "DROP USER MAPPING", true},
    {"GrantStmt", kAdminister, "GRANT or REVOKE"},
    {"GrantRoleStmt", kAdminister, "GRANT or REVOKE of a role"},
    {"AlterSystemStmt", kAdminister, "ALTER SYSTEM"},
    {"AlterDatabaseSetStmt", kAdminister, "ALTER DATABASE SET"},
    {"AlterDatabaseStmt", kAdminister, "ALTER DATABASE"},
    {"AlterOwnerStmt", kAdminister, "ALTER ... OWNER"},
    {"CreateExtensionStmt", kAdminister, "CREATE EXTENSION"},
    {"LoadStmt", kAdminister, "LOAD"},
    {"CheckPointStmt", kAdminister, "CHECKPOINT"},
});

}  // namespace

StatementKind kind_of_node(std::string_view node) {
  auto found = std::ranges::find(kKinds, node, &StatementKind::node);
  return found != kKinds.end() ? *found : StatementKind{node, kAdminister, "a statement of a rare kind"};
}

}  // namespace workerdb::stores::relational

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "access/guard/analysis.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using stores::relational::Connection;
using stores::relational::Parameter;
using stores::relational::SqlAnalysis;
using stores::relational::SqlEffect;

namespace {

// By what they begin with: families that write, wait, reach out of the database, change the session, or run
// a text that they are given. Names that PostgreSQL does not have today may have one of these beginnings tomorrow.
constexpr auto kRefusedBeginnings = std::to_array<std::string_view>({
    "pg_read_",
    "pg_ls_",
    "pg_stat_file",
    "pg_file_",
    "pg_logdir",
    "lo_",
    "loread",
    "lowrite",
    "be_lo",
    "dblink",
    "set_config",
    "setseed",
    "pg_terminate_",
    "pg_cancel_",
    "nextval",
    "setval",
    "pg_advisory",
    "pg_try_advisory",
    "query_to_xml",
    "table_to_xml",
    "schema_to_xml",
    "database_to_xml",
    "cursor_to_xml",
    "pg_logical",
    "pg_replication",
    "pg_create_",
    "pg_drop_",
    "pg_copy_",
    "pg_switch_",
    "pg_reload",
    "pg_rotate",
    "pg_promote",
    "pg_backup",
    "pg_start_",
    "pg_stop_",
    "pg_wal_replay",
    "pg_notify",
    "pg_sleep",
    "pg_export_snapshot",
    "pg_import_system",
    "pg_stat_reset",
    "pg_log_backend",
    "pg_prewarm",
    "pg_current_logfile",
    "pg_hba_",
    "pg_show_all_file",
    "pg_extension_config",
    "pg_event_trigger",
    "pg_nextoid",
    "pg_stop_making",
    "binary_upgrade",
    "txid_current",
    "pg_current_xact_id",
    "ts_stat",
    "ts_rewrite",
    "crosstab",
    "connectby",
    "xpath_table",
    "plpgsql_",
    "pg_get_wal",
    "postgres_fdw",
    "http_",
    "pg_largeobject",
    "brin_",
    "gin_clean",
    "pg_walfile",
    "amvalidate",
    "pg_column_is_updatable",
    "currtid",
    "pg_identify",
    "pg_truncate",
    "pg_surgery",
    "heap_force",
    "bt_",
    "verify_heapam",
});

constexpr auto kSecretTables =
    std::to_array<std::string_view>({"pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "pg_subscription",
                                     "pg_largeobject", "pg_hba_file_rules", "pg_ident_file_mappings",
                                     "pg_file_settings", "pg_statistic", "pg_statistic_ext_data", "pg_config"});

// VOLATILE functions of pg_catalog that change nothing: their answer is another one each time, and that is all.
constexpr const char* kHarmlessVolatile =
    "random clock_timestamp timeofday gen_random_uuid currval lastval pg_table_size pg_relation_size "
    "pg_total_relation_size "
    "pg_indexes_size pg_database_size pg_tablespace_size pg_is_in_recovery pg_blocking_pids pg_jit_available "
    "pg_postmaster_start_time";

std::string_view bare_name(std::string_view name) {
  size_t dot = name.rfind('.');
  return dot == name.npos ? name : name.substr(dot + 1);
}

bool is_catalog(std::string_view table) {
  return table.starts_with("pg_catalog.") || table.starts_with("information_schema.") ||
         (table.find('.') == table.npos && table.starts_with("pg_"));
}

bool is_allowed(std::string_view table, const std::vector<std::string>& allowed) {
  auto with_schema = [](std::string_view name) {
    return name.find('.') == name.npos ? "public." + std::string(name) : std::string(name);
  };
  return std::ranges::any_of(allowed, [&](const std::string& name) { return with_schema(name) == with_schema(table); });
}

}  // namespace

Operation operation_of(SqlEffect effect) {
  switch (effect) {
    case SqlEffect::kDescribe: return Operation::kDescribe;
    case SqlEffect::kRead: return Operation::kRead;
    case SqlEffect::kWrite: return Operation::kWrite;
    case SqlEffect::kShape: return Operation::kShape;
    case SqlEffect::kDestroy: return Operation::kDestroy;
    case SqlEffect::kAdminister: break;
  }
  return Operation::kAdminister;
}

Result<> check_sql_read(const SqlAnalysis& analysis, const AllowedObjects& allowed) {
  if (!analysis.objections.empty()) {
    return Error(ErrorCode::kReadOnly,
                 fmt::format("only a single statement that reads is allowed here: {}", analysis.objections.front()));
  }
  for (const std::string& function : analysis.functions) {
    std::string_view name = bare_name(function);
    bool refused = std::ranges::any_of(kRefusedBeginnings,
                                       [&](std::string_view beginning) { return name.starts_with(beginning); });
    if (refused)
      return Error(ErrorCode::kReadOnly,
                   fmt::format("the function {}() does more than read, or reads outside the tables", function));
  }
  for (const std::string& table : analysis.tables) {
    if (std::ranges::find(kSecretTables, bare_name(table)) != kSecretTables.end()) {
      return Error(ErrorCode::kForbidden, fmt::format("the table {} holds what no query may read", table));
    }
    if (allowed && !is_catalog(table) && !is_allowed(table, *allowed)) {
      return Error(ErrorCode::kForbidden, fmt::format("the table {} is not among those that may be read here", table));
    }
  }
  return {};
}

Result<> check_functions(Connection& connection, const std::vector<std::string>& functions) {
  for (const std::string& function : functions) {
    size_t dot = function.rfind('.');
    std::string schema = dot == function.npos ? "" : function.substr(0, dot);
    const Parameter arguments[] = {std::string(bare_name(function)), schema, std::string(kHarmlessVolatile)};
    // All functions of the name, in every schema when none is named: which one is meant depends on search_path.
    auto rows = TRY(connection.query(
        "SELECT p.provolatile = 'v' AND NOT (n.nspname = 'pg_catalog' AND p.proname = ANY (string_to_array($3, ' '))), "
        "p.prosecdef, NOT l.lanpltrusted AND l.lanname NOT IN ('internal', 'c') "
        "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
        "JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.proname = $1 AND ($2 = '' OR n.nspname = $2)",
        arguments));
    for (int row = 0; row < rows.row_count(); ++row) {
      const char* why = rows.is_true(row, 1)   ? "runs with its owner's rights"
                        : rows.is_true(row, 2) ? "is written in an untrusted language"
                        : rows.is_true(row, 0) ? "may change something (it is VOLATILE)"
                                               : nullptr;
      if (why != nullptr)
        return Error(ErrorCode::kReadOnly,
                     fmt::format("the function {}() {}, so that a read may not call it", function, why));
    }
  }
  return {};
}

}  // namespace workerdb::access

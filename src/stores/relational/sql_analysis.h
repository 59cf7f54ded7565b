#pragma once
// What a SQL text would do, from PostgreSQL's own parser (libpg_query, the grammar of 15). Says nothing about
// what functions, triggers, rules or views do behind its words; only a server can hold a text to reading.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace workerdb::stores::relational {

// From weak to strong.
enum class SqlEffect {
  kDescribe,    // EXPLAIN without ANALYZE
  kRead,        // SELECT, VALUES, TABLE, SHOW
  kWrite,       // rows, and what changes the session: SET, BEGIN, LOCK, LISTEN, PREPARE ...
  kShape,       // CREATE, ALTER, COMMENT, VACUUM; DROP of what holds no data
  kDestroy,     // DROP of what holds data, TRUNCATE, DELETE without WHERE, DO (whose text may be anything)
  kAdminister,  // roles, rights, settings, extensions, the server's files and programs; what nobody knows
};

struct SqlStatementAnalysis {
  SqlEffect effect = SqlEffect::kRead;
  std::string what;  // "SELECT", "DROP TABLE", "DELETE without WHERE"
  // What of it loses data, in the words of `what`; empty for nothing that can be seen. Also an administering statement
  // may lose some (DROP ROLE). What a DO block loses see sql_script.h.
  std::string loss;
  bool controls_transaction = false;  // BEGIN, COMMIT, SAVEPOINT ...
};

struct SqlAnalysis {
  std::vector<SqlStatementAnalysis> statements;
  SqlEffect effect = SqlEffect::kDescribe;  // the strongest one
  std::string what;                         // of that one
  // As written ("t", "s.t"), each once, sorted: tables, views and sequences that stand as such, also below;
  // names of WITH are not among them where they mean the query and not a table.
  std::vector<std::string> tables;
  std::vector<std::string> written_tables;
  std::vector<std::string> functions;
  // Why it is not a single statement that only reads, one sentence each; empty when it is one.
  std::vector<std::string> objections;
  // Of the text without its constants: equal for queries that differ in values alone.
  std::string digest;
};

// At most 1 MiB. Fails with kQueryParse (the parser's message and line; it quotes no more than the word at
// which it stopped), kQueryEmpty, and kResourceLimit for what is too long or nested too deeply to be looked at.
// Thread-safe.
base::Result<SqlAnalysis> analyze_sql(std::string_view text);

}  // namespace workerdb::stores::relational

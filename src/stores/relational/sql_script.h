#pragma once
// A script of SQL, a migration for example, statement by statement, as PostgreSQL's own parser (libpg_query, the
// grammar of 15) divides it: what it destroys and where, also inside DO blocks in PL/pgSQL.
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::stores::relational {

// All lines count from 1.
struct ScriptPlace {
  int line = 0;
  std::string what;  // "DROP TABLE", "DELETE without WHERE", "COMMIT", or a sentence
};

struct ScriptAnalysis {
  size_t statements = 0;
  // DROP of anything that holds data (or with CASCADE), DROP of a column, TRUNCATE, DELETE without WHERE; of a DO block
  // also what nobody can read: EXECUTE of a text, another language, a body that is not understood.
  std::vector<ScriptPlace> losses;
  // Statements that begin or end a transaction or a part of one.
  std::vector<ScriptPlace> transaction_control;
  // What the parser does not take, with its message; then there is nothing else.
  std::vector<ScriptPlace> problems;
};

// Any length; one statement has at most 1 MiB. Thread-safe.
ScriptAnalysis analyze_script(std::string_view script);

}  // namespace workerdb::stores::relational

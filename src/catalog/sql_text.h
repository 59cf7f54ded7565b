#pragma once
// SQL as text: statements and words, without what stands in comments, strings and quoted names. Enough to
// find out what a script is about to do; no parser. Lexical rules: PostgreSQL 15, chapter 4.1.
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::catalog {

struct SqlToken {
  enum class Kind { kWord, kString, kQuotedName, kSymbol };
  Kind kind;
  // kWord: in upper case. kString: the content of a dollar quote, otherwise empty. kSymbol: one byte.
  std::string text;
  int line;   // from 1
  int depth;  // of round parentheses around it
};

struct SqlStatement {
  // As written, without the semicolon; borrowed from the script.
  std::string_view text;
  int line;  // of its first token
  std::vector<SqlToken> tokens;
};

// The statements of a script, empty ones left out. An unterminated string or comment runs to the end. Bodies
// of BEGIN ATOMIC ... END belong to their CREATE FUNCTION.
std::vector<SqlStatement> split_statements(std::string_view script);

struct DestructiveStatement {
  int line;
  std::string what;  // "DROP TABLE", "DELETE without WHERE"
};

// What a script destroys: DROP of anything that holds data (or with CASCADE), ALTER ... DROP of a column,
// TRUNCATE, DELETE without WHERE, also inside DO blocks; and a line "-- destructive" that its author wrote.
std::vector<DestructiveStatement> destructive_statements(std::string_view script);

// The first statement that starts or ends a transaction ("COMMIT"), or nothing (line 0).
DestructiveStatement transaction_control(std::string_view script);

}  // namespace workerdb::catalog

#include "catalog/sql_text.h"

#include <gtest/gtest.h>

namespace workerdb::catalog {
namespace {

TEST(SqlText, SplitsOutsideStringsCommentsAndBodies) {
  auto statements = split_statements(
      "SELECT ';' ; -- one; two\nSELECT E'\\';' /* ; /* nested; */ ; */ ;\n"
      "CREATE FUNCTION f() RETURNS int AS $body$ SELECT 1; $body$;\n"
      "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\n"
      "SELECT \";\", $1 ;;");
  ASSERT_EQ(statements.size(), 5u);
  EXPECT_EQ(statements[0].text, "SELECT ';' ");
  EXPECT_EQ(statements[2].line, 3);
  EXPECT_EQ(statements[3].line, 4);
  EXPECT_EQ(statements[4].tokens[1].kind, SqlToken::Kind::kQuotedName);
  EXPECT_TRUE(split_statements("  -- nothing\n/* at all").empty());
}

struct Script {
  const char* sql;
  const char* what;  // "" when harmless
  int line;
};

class Scripts : public ::testing::TestWithParam<Script> {};

TEST_P(Scripts, DestructiveOnesAreFound) {
  auto found = destructive_statements(GetParam().sql);
  if (*GetParam().what == '\0') {
    EXPECT_TRUE(found.empty()) << found[0].what;
    return;
  }
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what, GetParam().what);
  EXPECT_EQ(found[0].line, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Sql, Scripts,
    ::testing::Values(Script{"SELECT 1;\n drop  table a", "DROP TABLE", 2},
                      Script{"TRUNCATE a", "TRUNCATE", 1}, Script{"DELETE FROM a", "DELETE without WHERE", 1},
                      Script{"DELETE FROM a USING (SELECT CASE WHEN x THEN 1 ELSE 2 END FROM b WHERE c) d",
                             "DELETE without WHERE", 1},
                      Script{"WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone WHERE true",
                             "DELETE without WHERE", 1},
                      Script{"DELETE FROM a WHERE id = 1", "", 0},
                      Script{"ALTER TABLE a ADD COLUMN b int, DROP COLUMN c", "ALTER ... DROP", 1},
                      Script{"ALTER TABLE a DROP c", "ALTER ... DROP", 1},
                      Script{"ALTER TABLE a DROP CONSTRAINT c", "", 0},
                      Script{"ALTER TABLE a ALTER b DROP NOT NULL", "", 0}, Script{"DROP INDEX i", "", 0},
                      Script{"DROP FUNCTION f() CASCADE", "DROP FUNCTION", 1},
                      Script{"DROP DATABASE d", "DROP DATABASE", 1},
                      Script{"SELECT 'DROP TABLE a'; -- DROP TABLE a", "", 0},
                      Script{"CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE)", "", 0},
                      Script{"GRANT DELETE, TRUNCATE ON a TO b", "", 0},
                      Script{"DO $$\nBEGIN\n  IF true THEN\n    DROP TABLE a;\n  END IF;\nEND $$",
                             "DROP TABLE in a DO block", 4},
                      Script{"CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM a $$ LANGUAGE sql", "", 0},
                      Script{"UPDATE a SET b = 1;\n-- destructive\n", "marked as destructive", 2}));

TEST(SqlText, FindsTransactionControl) {
  EXPECT_EQ(transaction_control("SELECT 1;\nSTART TRANSACTION").line, 2);
  EXPECT_EQ(transaction_control("commit").what, "COMMIT");
  EXPECT_EQ(transaction_control("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;").line, 0);
  EXPECT_EQ(transaction_control("DO $$ BEGIN NULL; END $$").line, 0);
}

}  // namespace
}  // namespace workerdb::catalog

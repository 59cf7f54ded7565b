#include "stores/relational/sql_script.h"

#include <gtest/gtest.h>

namespace workerdb::stores::relational {
namespace {

TEST(SqlScriptTest, statements_are_divided_outside_strings_comments_and_bodies) {
  ScriptAnalysis found = analyze_script(
      "SELECT ';' ; -- one; two\nSELECT E'\\';' /* ; /* nested; */ ; */ ;\n"
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; $body$;\n"
      "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\n"
      "SELECT \";\", $1 ;; -- /*\n /* DROP\n /* x */ */ DROP TABLE a");
  EXPECT_EQ(found.statements, 6u);
  ASSERT_EQ(found.losses.size(), 1u);
  EXPECT_EQ(found.losses[0].line, 7) << "of the first word, behind comments";
  EXPECT_EQ(analyze_script("  -- nothing\n/* at all */").statements, 0u);
  EXPECT_EQ(analyze_script("").statements, 0u);
}

struct Script {
  const char* sql;
  const char* what;  // "" when harmless
  int line;
};

class Scripts : public ::testing::TestWithParam<Script> {};

TEST_P(Scripts, losses_are_found) {
  ScriptAnalysis found = analyze_script(GetParam().sql);
  EXPECT_TRUE(found.problems.empty()) << found.problems[0].what;
  if (*GetParam().what == '\0') {
    EXPECT_TRUE(found.losses.empty()) << found.losses[0].what;
    return;
  }
  ASSERT_EQ(found.losses.size(), 1u);
  EXPECT_EQ(found.losses[0].what, GetParam().what);
  EXPECT_EQ(found.losses[0].line, GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Sql, Scripts,
    ::testing::Values(
        Script{"SELECT 1;\n drop  table a", "DROP TABLE", 2}, Script{"TRUNCATE a", "TRUNCATE", 1},
        Script{"DELETE FROM a", "DELETE without WHERE", 1},
        Script{"DELETE FROM a USING (SELECT CASE WHEN x THEN 1 ELSE 2 END FROM b WHERE c) d", "DELETE without WHERE",
               1},
        Script{"WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone WHERE true", "DELETE without WHERE", 1},
        Script{"EXPLAIN ANALYZE DELETE FROM a", "DELETE without WHERE", 1}, Script{"EXPLAIN DELETE FROM a", "", 0},
        Script{"DELETE FROM a WHERE id = 1", "", 0},
        Script{"ALTER TABLE a ADD COLUMN b int, DROP COLUMN c", "ALTER TABLE ... DROP COLUMN", 1},
        Script{"ALTER TABLE a DROP c", "ALTER TABLE ... DROP COLUMN", 1},
        Script{"ALTER TABLE a DROP CONSTRAINT c", "", 0}, Script{"ALTER TABLE a ALTER b DROP NOT NULL", "", 0},
        Script{"DROP INDEX i", "", 0}, Script{"DROP FUNCTION f() CASCADE", "DROP FUNCTION CASCADE", 1},
        Script{"DROP DATABASE d", "DROP DATABASE", 1}, Script{"DROP ROLE r", "DROP ROLE", 1},
        Script{"DROP TABLESPACE t", "DROP TABLESPACE", 1}, Script{"DROP SCHEMA s", "DROP SCHEMA", 1},
        Script{"SELECT 'DROP TABLE a'; -- DROP TABLE a", "", 0},
        Script{"CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE)", "", 0},
        Script{"GRANT DELETE, TRUNCATE ON a TO b", "", 0},
        Script{"DO $$\nBEGIN\n  IF true THEN\n    DROP TABLE a;\n  END IF;\nEND $$", "DROP TABLE in a DO block", 4},
        Script{"SELECT 1;\n\nDO\nLANGUAGE plpgsql\n$$ BEGIN\nDELETE FROM a; END $$",
               "DELETE without WHERE in a DO block", 6},
        Script{"DO $$ BEGIN NULL; END $$", "", 0},
        Script{"DO $$ DECLARE n int; BEGIN n := 1; SELECT count(*) INTO n FROM a WHERE b > n; "
               "UPDATE a SET b = n; PERFORM f(n); END $$",
               "", 0},
        Script{"DO $$ DECLARE r record; BEGIN\nFOR r IN DELETE FROM a RETURNING * LOOP NULL; END LOOP; END $$",
               "DELETE without WHERE in a DO block", 2},
        Script{"DO $$ BEGIN\n  EXECUTE 'DROP ' || 'TABLE a'; END $$", "EXECUTE in a DO block", 2},
        Script{"DO LANGUAGE plpython3u $$ drop $$", "a DO block that cannot be looked into", 1},
        Script{"DO $$ nonsense $$", "a DO block that cannot be looked into", 1},
        Script{"CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM a $$ LANGUAGE sql", "", 0}));

TEST(SqlScriptTest, transaction_control_is_found) {
  auto found = analyze_script("SELECT 1;\nSTART TRANSACTION; commit; ROLLBACK TO SAVEPOINT s; PREPARE TRANSACTION 'x'")
                   .transaction_control;
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].line, 2);
  EXPECT_EQ(found[0].what, "START TRANSACTION");
  EXPECT_EQ(found[1].what, "COMMIT");
  EXPECT_EQ(found[2].what, "ROLLBACK TO");
  EXPECT_EQ(found[3].what, "PREPARE TRANSACTION");
  EXPECT_TRUE(
      analyze_script("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;").transaction_control.empty());
  EXPECT_TRUE(analyze_script("DO $$ BEGIN NULL; END $$").transaction_control.empty());
}

TEST(SqlScriptTest, what_does_not_parse_is_a_problem_with_its_line) {
  auto found = analyze_script("SELECT 1;\nCREATE TABEL a ()").problems;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 2);
  EXPECT_EQ(found[0].what, "syntax error at or near \"TABEL\"");
  EXPECT_EQ(analyze_script(std::string_view("SELECT 1;\n\0DROP TABLE a", 23)).problems.at(0).line, 2);
}

TEST(SqlScriptTest, a_long_script_is_looked_at_and_a_long_statement_may_be_anything) {
  std::string script;
  for (int i = 0; i < 40'000; ++i) script += "INSERT INTO a VALUES (1, 'some text');\n";
  ASSERT_GT(script.size(), size_t(1024 * 1024));
  EXPECT_TRUE(analyze_script(script).losses.empty());
  auto found = analyze_script("SELECT '" + std::string(1024 * 1024, 'x') + "'").losses;
  ASSERT_EQ(found.size(), 1u);
}

}  // namespace
}  // namespace workerdb::stores::relational

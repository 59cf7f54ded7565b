#include "stores/relational/sql_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace workerdb::stores::relational {
namespace {

using enum SqlEffect;
using base::ErrorCode;
using testing::ElementsAre;
using testing::IsEmpty;

SqlAnalysis analysis_of(std::string_view text) {
  auto analysis = analyze_sql(text);
  EXPECT_TRUE(analysis) << text << ": " << analysis.error().message();
  return analysis ? *analysis : SqlAnalysis{};
}

TEST(SqlAnalysisTest, what_only_reads) {
  for (const char* text :
       {"SELECT 1", "TABLE t", "VALUES (1), (2)", "SHOW ALL", "select * from t; -- end", "(SELECT 1)",
        "SELECT 'INSERT INTO t'", "SELECT $$; DROP TABLE t$$", "/* DELETE FROM t */ SELECT 1",
        "SELECT \"delete\" FROM \"drop table t\"", "SELECT 1 UNION ALL SELECT 2",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT * FROM n LIMIT 3"}) {
    SqlAnalysis found = analysis_of(text);
    EXPECT_EQ(found.effect, kRead) << text;
    EXPECT_THAT(found.objections, IsEmpty()) << text;
  }
}

struct Case {
  const char* text;
  SqlEffect effect;
  const char* what;
};

TEST(SqlAnalysisTest, what_does_more) {
  for (const Case& item : std::initializer_list<Case>{
           {"INSERT INTO t VALUES (1)", kWrite, "INSERT"},
           {"UPDATE t SET a = 1", kWrite, "UPDATE"},
           {"DELETE FROM t WHERE a = 1", kWrite, "DELETE"},
           {"DELETE FROM t", kDestroy, "DELETE without WHERE"},
           {"MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", kWrite, "MERGE"},
           {"WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", kDestroy, "DELETE without WHERE"},
           {"SELECT * FROM (WITH i AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM i) AS x", kWrite, "INSERT"},
           {"SELECT 1 INTO x", kShape, "SELECT INTO"},
           {"SELECT * FROM t FOR UPDATE", kWrite, "SELECT FOR UPDATE"},
           {"SELECT * FROM t FOR KEY SHARE", kWrite, "SELECT FOR UPDATE"},
           {"EXPLAIN ANALYZE DELETE FROM t WHERE a = 1", kWrite, "EXPLAIN ANALYZE DELETE"},
           {"EXPLAIN (FORMAT JSON, ANALYZE) INSERT INTO t VALUES (1)", kWrite, "EXPLAIN ANALYZE INSERT"},
           {"COPY t TO '/tmp/x'", kAdminister, "COPY with a file of the server"},
           {"COPY t FROM '/etc/passwd'", kAdminister, "COPY with a file of the server"},
           {"COPY (SELECT 1) TO PROGRAM 'sh'", kAdminister, "COPY with a program of the server"},
           {"COPY t FROM STDIN", kWrite, "COPY FROM"},
           {"COPY t TO STDOUT", kRead, "COPY"},
           {"DO $$ BEGIN NULL; END $$", kDestroy, "DO"},
           {"CALL p()", kWrite, "CALL"},
           {"SET ROLE postgres", kAdminister, "SET role"},
           {"RESET ROLE", kAdminister, "SET role"},
           {"SET SESSION AUTHORIZATION DEFAULT", kAdminister, "SET session_authorization"},
           {"SET search_path = x", kWrite, "SET"},
           {"RESET ALL", kWrite, "SET"},
           {"BEGIN", kWrite, "BEGIN"},
           {"ROLLBACK", kWrite, "ROLLBACK"},
           {"LOCK TABLE t", kWrite, "LOCK"},
           {"NOTIFY c", kWrite, "NOTIFY"},
           {"PREPARE p AS SELECT 1", kWrite, "PREPARE"},
           {"EXECUTE p", kWrite, "EXECUTE"},
           {"CREATE TABLE x (a int)", kShape, "CREATE TABLE"},
           {"CREATE TEMP TABLE x AS SELECT 1", kShape, "CREATE TABLE AS"},
           {"VACUUM", kShape, "VACUUM"},
           {"DROP TABLE t", kDestroy, "DROP TABLE"},
           {"DROP MATERIALIZED VIEW m", kDestroy, "DROP MATERIALIZED VIEW"},
           {"DROP INDEX i", kShape, "DROP INDEX"},
           {"DROP VIEW v CASCADE", kDestroy, "DROP VIEW CASCADE"},
           {"TRUNCATE t", kDestroy, "TRUNCATE"},
           {"ALTER TABLE t ADD COLUMN a int", kShape, "ALTER TABLE"},
           {"ALTER TABLE t DROP COLUMN a", kDestroy, "ALTER TABLE ... DROP COLUMN"},
           {"ALTER TABLE t DROP CONSTRAINT c", kShape, "ALTER TABLE"},
           {"CREATE ROLE r SUPERUSER", kAdminister, "CREATE ROLE"},
           {"GRANT ALL ON t TO r", kAdminister, "GRANT or REVOKE"},
           {"ALTER SYSTEM SET fsync = off", kAdminister, "ALTER SYSTEM"},
           {"CREATE EXTENSION dblink", kAdminister, "CREATE EXTENSION"},
           {"CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", kAdminister, "a statement of a rare kind"},
       }) {
    SqlAnalysis found = analysis_of(item.text);
    EXPECT_EQ(int(found.effect), int(item.effect)) << item.text;
    EXPECT_EQ(found.what, item.what) << item.text;
    EXPECT_FALSE(found.objections.empty()) << item.text;
  }
}

TEST(SqlAnalysisTest, explain_alone_runs_nothing) {
  SqlAnalysis found = analysis_of("EXPLAIN DELETE FROM t");
  EXPECT_EQ(found.effect, kDescribe);
  EXPECT_THAT(found.objections, IsEmpty());
  EXPECT_THAT(found.tables, ElementsAre("t"));
}

TEST(SqlAnalysisTest, of_several_statements_the_strongest_counts) {
  SqlAnalysis found = analysis_of("SELECT 1; DROP TABLE t; INSERT INTO t VALUES (1)");
  EXPECT_EQ(found.statements.size(), 3u);
  EXPECT_EQ(found.effect, kDestroy);
  EXPECT_EQ(found.what, "DROP TABLE");
}

TEST(SqlAnalysisTest, tables_and_functions) {
  SqlAnalysis found = analysis_of(
      "WITH a AS (SELECT * FROM s.one) SELECT pg_catalog.upper(f(x)) FROM a, two t JOIN three ON g(1) = 2 "
      "WHERE EXISTS (SELECT * FROM four) ORDER BY h(1)");
  EXPECT_THAT(found.tables, ElementsAre("four", "s.one", "three", "two"));
  EXPECT_THAT(found.functions, ElementsAre("f", "g", "h", "pg_catalog.upper"));
  found = analysis_of("INSERT INTO s.a SELECT * FROM b");
  EXPECT_THAT(found.tables, ElementsAre("b", "s.a"));
  EXPECT_THAT(found.written_tables, ElementsAre("s.a"));
}

TEST(SqlAnalysisTest, a_name_of_with_hides_no_table) {
  EXPECT_THAT(analysis_of("WITH secret AS (SELECT * FROM secret) SELECT * FROM secret").tables, ElementsAre("secret"));
  EXPECT_THAT(analysis_of("WITH RECURSIVE secret AS (SELECT * FROM secret) SELECT * FROM secret").tables, IsEmpty());
  EXPECT_THAT(analysis_of("SELECT * FROM (WITH secret AS (SELECT 1) SELECT * FROM secret) x, secret").tables,
              ElementsAre("secret"));
  EXPECT_THAT(analysis_of("WITH secret AS (SELECT 1) SELECT * FROM public.secret").tables,
              ElementsAre("public.secret"));
}

TEST(SqlAnalysisTest, the_digest_knows_no_values) {
  EXPECT_EQ(analysis_of("SELECT * FROM t WHERE a = 'Anna'").digest,
            analysis_of("SELECT * FROM t WHERE a='Otto'").digest);
  EXPECT_NE(analysis_of("SELECT * FROM t WHERE a = 'Anna'").digest,
            analysis_of("SELECT * FROM t WHERE b = 'Anna'").digest);
  EXPECT_EQ(analysis_of("ALTER ROLE r PASSWORD 'one'").digest, analysis_of("ALTER ROLE r PASSWORD 'two'").digest);
}

TEST(SqlAnalysisTest, refuses_what_it_cannot_look_at) {
  EXPECT_EQ(analyze_sql("SELEC 1").error().code(), ErrorCode::kQueryParse);
  EXPECT_EQ(analyze_sql("SELECT 1;\nSELECT FROM WHERE").error().message(),
            "syntax error at or near \"WHERE\" (line 2)");
  EXPECT_EQ(analyze_sql(std::string_view("SELECT 1\0; DROP TABLE t", 23)).error().code(), ErrorCode::kQueryParse);
  for (const char* text : {"", " ", ";", "-- nothing"})
    EXPECT_EQ(analyze_sql(text).error().code(), ErrorCode::kQueryEmpty);
  EXPECT_EQ(analyze_sql("SELECT 1\xcd\xbe x y").error().message().find('\xcd'), std::string::npos)
      << "no half characters";
  EXPECT_EQ(analyze_sql(std::string(2 * 1024 * 1024, ' ')).error().code(), ErrorCode::kResourceLimit);
  std::string deep = "SELECT " + std::string(300, '(') + "1" + std::string(300, ')');
  EXPECT_TRUE(analyze_sql(deep)) << "parentheses alone are no depth";
  std::string negated = "SELECT ";
  for (int i = 0; i < 5000; ++i) negated += "NOT ";
  EXPECT_FALSE(analyze_sql(negated + "true"));
  for (int i = 0; i < 200'000; ++i) negated += "(";
  EXPECT_FALSE(analyze_sql(negated));
}

}  // namespace
}  // namespace workerdb::stores::relational

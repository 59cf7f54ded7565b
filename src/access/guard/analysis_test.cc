#include "access/guard/analysis.h"

#include <gtest/gtest.h>

namespace workerdb::access {
namespace {

using base::ErrorCode;

base::Result<> read(std::string_view sql, AllowedObjects allowed = std::nullopt) {
  auto analysis = stores::relational::analyze_sql(sql);
  if (!analysis) return std::move(analysis).error();
  return check_sql_read(*analysis, allowed);
}

TEST(SqlReadTest, lets_reads_pass) {
  for (const char* sql :
       {"SELECT * FROM t", "SELECT lower(name), count(*) FROM s.t GROUP BY 1", "EXPLAIN DELETE FROM t", "SHOW work_mem",
        "SELECT random()", "SELECT * FROM pg_catalog.pg_class"}) {
    EXPECT_TRUE(read(sql)) << sql;
  }
}

TEST(SqlReadTest, refuses_what_does_more) {
  for (const char* sql :
       {"DELETE FROM t", "SELECT 1; SELECT 2", "SELECT pg_read_file('x')", "SELECT pg_catalog.lo_export(1, 'x')",
        "SELECT \"set_config\"('a', 'b', false)", "SELECT * FROM query_to_xml_and_xmlschema('x', true, true, '')",
        "SELECT nextval('s')", "SELECT x.dblink_exec('')", "SELECT pg_sleep(1)"}) {
    auto refused = read(sql);
    ASSERT_FALSE(refused) << sql;
    EXPECT_EQ(refused.error().code(), ErrorCode::kReadOnly) << sql;
  }
}

TEST(SqlReadTest, keeps_to_the_tables_that_are_allowed) {
  EXPECT_TRUE(read("SELECT * FROM t", {{"public.t"}}));
  EXPECT_TRUE(read("SELECT * FROM public.t JOIN s.u USING (id)", {{"t", "s.u"}}));
  EXPECT_TRUE(read("SELECT * FROM pg_class, information_schema.tables", {{"t"}}));
  for (const char* sql : {"SELECT * FROM u", "SELECT * FROM s.t", "SELECT * FROM t WHERE EXISTS (SELECT FROM u)",
                          "WITH u AS (SELECT * FROM u) SELECT * FROM u"}) {
    auto refused = read(sql, {{"public.t"}});
    ASSERT_FALSE(refused) << sql;
    EXPECT_EQ(refused.error().code(), ErrorCode::kForbidden) << sql;
  }
}

TEST(SqlReadTest, secrets_of_the_server_are_never_read) {
  for (const char* sql :
       {"SELECT * FROM pg_authid", "SELECT passwd FROM pg_catalog.pg_shadow", "TABLE pg_user_mappings"}) {
    EXPECT_EQ(read(sql).error().code(), ErrorCode::kForbidden) << sql;
  }
}

TEST(AqlReadTest, refuses_writes_system_collections_and_what_is_not_allowed) {
  AqlAnalysis analysis;
  analysis.objects = {"a", "b"};
  EXPECT_TRUE(check_aql_read(analysis, std::nullopt));
  EXPECT_TRUE(check_aql_read(analysis, {{"b", "a", "c"}}));
  EXPECT_EQ(check_aql_read(analysis, {{"a"}}).error().code(), ErrorCode::kForbidden);
  analysis.objects.push_back("_users");
  EXPECT_EQ(check_aql_read(analysis, std::nullopt).error().code(), ErrorCode::kForbidden);
  analysis.uses.modifies = true;
  EXPECT_EQ(check_aql_read(analysis, std::nullopt).error().code(), ErrorCode::kReadOnly);
}

TEST(AqlDigestTest, knows_no_values_and_no_layout) {
  std::string digest = digest_of_aql("FOR d IN c FILTER d.name == 'Anna' && d.n > 17 RETURN d");
  EXPECT_EQ(digest, digest_of_aql("FOR  d IN c // all\n FILTER d.name==\"O\\\"tto\" &&d.n >1.5e3 RETURN /* it */ d"));
  EXPECT_NE(digest, digest_of_aql("FOR d IN c FILTER d.name == 'Anna' && d.m > 17 RETURN d"));
  EXPECT_NE(digest_of_aql("FOR d IN c1 RETURN d"), digest_of_aql("FOR d IN c2 RETURN d"));
  EXPECT_NE(digest_of_aql("RETURN `a b`"), digest_of_aql("RETURN `a c`"));
  EXPECT_EQ(digest_of_aql("FOR i IN 1..3 RETURN i"), digest_of_aql("FOR i IN 10..30 RETURN i"));
  EXPECT_EQ(digest_of_aql("RETURN 'unclosed"), digest_of_aql("RETURN \"also unclosed \\"));
}

TEST(ParametersDigestTest, parts_do_not_run_into_each_other) {
  EXPECT_NE(digest_of_parameters(std::vector<std::string>{"ab", "c"}),
            digest_of_parameters(std::vector<std::string>{"a", "bc"}));
  EXPECT_NE(digest_of_parameters(std::vector<std::string>{"a"}),
            digest_of_parameters(std::vector<std::string>{"a", ""}));
}

TEST(PatternTest, is_the_glob_of_redis) {
  for (auto [pattern, text] : {std::pair{"session:*", "session:1"},
                               {"*", ""},
                               {"h?llo", "hallo"},
                               {"h[ae]llo", "hello"},
                               {"h[^e]llo", "hallo"},
                               {"h[a-c]llo", "hbllo"},
                               {"a\\*b", "a*b"},
                               {"*:*:x", "a:b:c:x"},
                               {"h[c-a]llo", "hbllo"},
                               {"a*b*c", "aXbYbZc"}}) {
    EXPECT_TRUE(matches_pattern(pattern, text)) << pattern << " " << text;
  }
  for (auto [pattern, text] : {std::pair{"session:*", "Session:1"},
                               {"session:*", "session"},
                               {"h?llo", "hllo"},
                               {"h[^a]llo", "hallo"},
                               {"a\\*b", "axb"},
                               {"", "a"},
                               {"a*b", "abc"},
                               {"session:?", "session:12"}}) {
    EXPECT_FALSE(matches_pattern(pattern, text)) << pattern << " " << text;
  }
  EXPECT_FALSE(matches_pattern(std::string(2000, '*') + "b", std::string(100'000, 'a'))) << "and ends";
}

TEST(CacheReadTest, keeps_to_readers_and_patterns) {
  CacheAnalysis analysis{Operation::kRead, "GET", {"open:a"}};
  EXPECT_TRUE(check_cache_read(analysis, std::nullopt));
  EXPECT_TRUE(check_cache_read(analysis, {{"open:*"}}));
  analysis.keys.push_back("secret:a");
  EXPECT_EQ(check_cache_read(analysis, {{"open:*"}}).error().code(), ErrorCode::kForbidden);
  EXPECT_EQ(check_cache_read({Operation::kRead, "SCAN", {}}, {{"open:*"}}).error().code(), ErrorCode::kForbidden);
  EXPECT_TRUE(check_cache_read({Operation::kRead, "SCAN", {}}, std::nullopt));
  EXPECT_EQ(check_cache_read({Operation::kRead, "KEYS", {}}, std::nullopt).error().code(), ErrorCode::kReadOnly);
  EXPECT_EQ(check_cache_read({Operation::kWrite, "SET", {"open:a"}}, {{"open:*"}}).error().code(),
            ErrorCode::kReadOnly);
  EXPECT_EQ(check_cache_read({Operation::kRead, "GETNEW", {"open:a"}}, std::nullopt).error().code(),
            ErrorCode::kReadOnly)
      << "what the server calls a reader and we do not know";
  EXPECT_TRUE(check_cache_read({Operation::kDescribe, "PING", {}}, {{"open:*"}}));
  EXPECT_FALSE(check_cache_read({Operation::kDescribe, "INFO", {}}, {{"open:*"}}));
}

}  // namespace
}  // namespace workerdb::access

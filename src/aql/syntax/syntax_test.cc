#include <gtest/gtest.h>

#include "aql/syntax/statement.h"

namespace workerdb::aql::syntax {
namespace {

using base::ErrorCode;

std::string printed(std::string_view text) {
  auto query = parse(text);
  return query ? to_string(**query) : "error: " + query.error().message();
}

std::string expression(std::string_view text) {
  std::string result = printed("RETURN " + std::string(text));
  return result.starts_with("RETURN ") ? result.substr(7) : result;
}

ErrorCode code_of(std::string_view text) {
  auto query = parse(text);
  return query ? ErrorCode(0) : query.error().code();
}

TEST(Parser, Precedence) {
  EXPECT_EQ(expression("1 + 2 * 3"), "1 + 2 * 3");
  EXPECT_EQ(expression("(1 + 2) * 3"), "(1 + 2) * 3");
  EXPECT_EQ(expression("a - b - c"), "a - b - c");
  EXPECT_EQ(expression("a - (b - c)"), "a - (b - c)");
  EXPECT_EQ(expression("a OR b and c"), "a || b && c");
  EXPECT_EQ(expression("(a OR b) AND c"), "(a || b) && c");
  EXPECT_EQ(expression("1..2 + 3"), "1..2 + 3");
  EXPECT_EQ(expression("x IN 1..3"), "x IN 1..3");
  EXPECT_EQ(expression("a == b IN c"), "a == b IN c");
  EXPECT_EQ(expression("(a == b) IN c"), "(a == b) IN c");
  EXPECT_EQ(expression("NOT a LIKE b"), "!a LIKE b");
  EXPECT_EQ(expression("NOT (a LIKE b)"), "!(a LIKE b)");
  EXPECT_EQ(expression("a not like b"), "a NOT LIKE b");
  EXPECT_EQ(expression("a NOT IN [1, b]"), "a NOT IN [1, b]");
  EXPECT_EQ(expression("a =~ 'x' && a !~ \"y\""), "a =~ \"x\" && a !~ \"y\"");
  EXPECT_EQ(expression("-a.b + +c"), "-a.b + +c");
  EXPECT_EQ(expression("!a == !b"), "!a == !b");
}

TEST(Parser, Literals) {
  EXPECT_EQ(expression("[0b1010, 0xff, .5, 4.87e3, 1E2, -5, - 2.5]"), "[10,255,0.5,4870,100,-5,-2.5]");
  EXPECT_EQ(expression("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(expression("{ a: 1, \"b\": null, 'c': TRUE, `d e`: [], }"), R"({"a":1,"b":null,"c":true,"d e":[]})");
  EXPECT_EQ(expression("{ x, [a + 1]: 2, @p: 3 }"), R"({"x": x, [a + 1]: 2, [@p]: 3})");
  EXPECT_EQ(expression(R"('it\'s \u00e9\ud83d\ude00\n')"), "\"it's é😀\\n\"");
  EXPECT_EQ(expression("/* c */ 1 // rest"), "1");
  EXPECT_EQ(expression("´päd´.`a``"),
            "error: syntax error, unexpected unterminated string literal near '`' at position 1:20");
  EXPECT_EQ(code_of("RETURN 0x1ffffffff"), ErrorCode::kQueryNumberOutOfRange);
  EXPECT_EQ(code_of("RETURN 1e999"), ErrorCode::kQueryNumberOutOfRange);
  for (const char* bad : {"1.", "01.23", "00", "0b", "0b2", "1x", "1e"}) {
    EXPECT_EQ(code_of("RETURN " + std::string(bad)), ErrorCode::kQueryParse) << bad;
  }
}

TEST(Parser, Accesses) {
  EXPECT_EQ(expression("a.b[\"c\"].`d e`[0].@p[@q]"), "a.b.c.`d e`[0].@p[@q]");
  EXPECT_EQ(expression("a[*].b.c"), "a[*].b.c");
  EXPECT_EQ(expression("a[*].b[**].c[0]"), "a[*].b[**].c[0]");
  EXPECT_EQ(expression("(a[*].b)[0]"), "(a[*].b)[0]");
  EXPECT_EQ(expression("a[* FILTER CURRENT.x > 1 LIMIT 1, 2 RETURN CURRENT.y].z"),
            "a[* FILTER CURRENT.x > 1 LIMIT 1, 2 RETURN CURRENT.y.z]");
  EXPECT_EQ(expression("a[?]"), "a[?]");
  EXPECT_EQ(expression("a[? 2..3 FILTER CURRENT]"), "a[? 2..3 FILTER CURRENT]");
  EXPECT_EQ(expression("a[? at least (2) FILTER CURRENT]"), "a[? AT LEAST (2) FILTER CURRENT]");
  EXPECT_EQ(expression("a[? NONE FILTER CURRENT == 1]"), "a[? NONE FILTER CURRENT == 1]");
  EXPECT_EQ(expression("a[? FILTER CURRENT]"), "a[? ANY FILTER CURRENT]");
  EXPECT_EQ(expression("[1,2] ALL IN [2]"), "[1,2] ALL IN [2]");
  EXPECT_EQ(expression("a ANY == 1 AND b NONE NOT IN c"), "a ANY == 1 && b NONE NOT IN c");
  EXPECT_EQ(expression("a AT LEAST (1 + b) >= 2"), "a AT LEAST (1 + b) >= 2");
  EXPECT_EQ(expression("a ? b : c ? : d"), "a ? b : c ? : d");
  EXPECT_EQ(expression("(a ? b : c) ? d : e"), "(a ? b : c) ? d : e");
}

TEST(Parser, CallsAndSubqueries) {
  EXPECT_EQ(expression("length(FOR x IN y RETURN x)"), "LENGTH((FOR x IN y RETURN x))");
  EXPECT_EQ(expression("like(a, 'b')"), "LIKE(a, \"b\")");
  EXPECT_EQ(expression("my::func(1)"), "MY::FUNC(1)");
  EXPECT_EQ(expression("1 + (FOR x IN y RETURN x)[0].a"), "1 + (FOR x IN y RETURN x)[0].a");
  EXPECT_EQ(expression("options.keep + count"), "options.keep + count");
}

TEST(Parser, Statements) {
  EXPECT_EQ(
      printed("FOR d IN c OPTIONS { indexHint: 'a' } FILTER d.x SORT d.y DESC, d.z ASC LIMIT 1, 2 RETURN DISTINCT d"),
      R"(FOR d IN c OPTIONS {"indexHint":"a"} FILTER d.x SORT d.y DESC, d.z LIMIT 1, 2 RETURN DISTINCT d)");
  EXPECT_EQ(printed("LET a = 1, [b, , {c, d: e}] = f RETURN a"),
            R"(LET a = 1 LET [b, , {"c": c, "d": e}] = f RETURN a)");
  EXPECT_EQ(
      printed("FOR d IN v search ANALYZER(d.a == 1 or ['b'] all in d.c, 'x') OPTIONS {collections: ['c']} RETURN d"),
      R"(FOR d IN v SEARCH ANALYZER(d.a == 1 || ["b"] ALL IN d.c, "x") OPTIONS {"collections":["c"]} RETURN d)");
  EXPECT_EQ(
      printed("FOR d IN @@c COLLECT a = d.a, b = d.b AGGREGATE m = MAX(d.x) INTO g KEEP d OPTIONS {method: 'hash'} "
              "RETURN a"),
      R"(FOR d IN @@c COLLECT a = d.a, b = d.b AGGREGATE m = MAX(d.x) INTO g KEEP d OPTIONS {"method":"hash"} RETURN a)");
  EXPECT_EQ(printed("FOR d IN c COLLECT with count into n RETURN n"), "FOR d IN c COLLECT WITH COUNT INTO n RETURN n");
  EXPECT_EQ(printed("FOR d IN c COLLECT a = d.a INTO g = d.b RETURN g"),
            "FOR d IN c COLLECT a = d.a INTO g = d.b RETURN g");
  EXPECT_EQ(printed("FOR t IN c WINDOW t.at WITH { preceding: 'PT1H' } AGGREGATE s = SUM(t.v) RETURN s"),
            R"(FOR t IN c WINDOW t.at WITH {"preceding":"PT1H"} AGGREGATE s = SUM(t.v) RETURN s)");
  EXPECT_EQ(printed("INSERT {} IN c"), "INSERT {} INTO c");
  EXPECT_EQ(printed("FOR d IN c UPDATE d WITH { a: d.a IN [1] } IN c OPTIONS { keepNull: false } RETURN NEW"),
            R"(FOR d IN c UPDATE d WITH {"a": d.a IN [1]} IN c OPTIONS {"keepNull":false} RETURN NEW)");
  EXPECT_EQ(printed("REPLACE { _key: 'a' } INTO @@c"), R"(REPLACE {"_key":"a"} IN @@c)");
  EXPECT_EQ(printed("REMOVE 'k' IN c LET o = OLD RETURN o"), R"(REMOVE "k" IN c LET o = OLD RETURN o)");
  EXPECT_EQ(printed("UPSERT { a: 1 } INSERT { a: 1 } UPDATE { n: OLD.n + 1 } IN c"),
            R"(UPSERT {"a":1} INSERT {"a":1} UPDATE {"n": OLD.n + 1} IN c)");
  EXPECT_EQ(printed("UPSERT FILTER CURRENT.g IN ['f'] INSERT {} REPLACE {} INTO c"),
            R"(UPSERT FILTER CURRENT.g IN ["f"] INSERT {} REPLACE {} IN c)");
  EXPECT_EQ(printed("WITH a, @@b RETURN 1"), "WITH a, @@b RETURN 1");
  EXPECT_EQ(printed("FOR `for` IN `my coll` RETURN `for`.`sort`"), "FOR `for` IN `my coll` RETURN `for`.`sort`");
}

TEST(Parser, Errors) {
  EXPECT_EQ(printed("RETURN"), "error: syntax error, unexpected end of query string near '' at position 1:7");
  EXPECT_EQ(printed("FOR x IN y\n  a = PUSH(a, 4)"),
            "error: syntax error, unexpected identifier near 'a = PUSH(a, 4)' at position 2:3");
  EXPECT_EQ(printed("RETURN 1;"), "error: syntax error, unexpected character near ';' at position 1:9");
  EXPECT_EQ(printed("RETURN d.sort"), "error: syntax error, unexpected SORT declaration near 'sort' at position 1:10");
  EXPECT_EQ(code_of(" // nothing\n"), ErrorCode::kQueryEmpty);
  EXPECT_EQ(code_of("FOR x IN y FILTER x"), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("RETURN 1 RETURN 2"), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("RETURN \"\xff\""), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("LET _1 = 2 RETURN 1"), ErrorCode::kQueryVariableNameInvalid);
  EXPECT_EQ(code_of("FOR x IN y COLLECT AGGREGATE a = x RETURN a"), ErrorCode::kQueryInvalidAggregateExpression);
  EXPECT_EQ(code_of("FOR d IN v SEARCH RETURN d"), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("FOR d IN v FILTER d.x SEARCH d.y RETURN d"), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("FOR d IN v SEARCH d.x SEARCH d.y RETURN d"), ErrorCode::kQueryParse);
  for (const char* graph :
       {"FOR v, w IN x RETURN v", "FOR v, e, p, q IN ANY s es RETURN v", "FOR [v] IN ANY s es RETURN v",
        "FOR v IN ANY s GRAPH g RETURN v", "FOR v IN ANY SHORTEST_PATH s e RETURN v", "FOR v IN x PRUNE v.a RETURN v",
        "FOR v IN ANY s es OPTIONS {} PRUNE v RETURN v"}) {
    EXPECT_EQ(code_of(graph), ErrorCode::kQueryParse) << graph;
  }
}

// What is printed is what was read, in AQL's own words.
TEST(Parser, Graphs) {
  for (const char* text :
       {"FOR v IN OUTBOUND \"a/b\" GRAPH \"g\" RETURN v", "FOR v, e IN ANY d es RETURN v",
        "FOR v, e, p IN 1..2 INBOUND d.x es, ANY fs, OUTBOUND @@gs RETURN p",
        "FOR v, e, p IN @a..@b OUTBOUND @s GRAPH @g PRUNE v.x == 1 || e == null OPTIONS {\"order\":\"bfs\"} RETURN p",
        "FOR v IN 3 OUTBOUND d es PRUNE stop = v.x > 1 RETURN stop",
        "FOR v, e IN OUTBOUND SHORTEST_PATH a TO b es OPTIONS {\"weightAttribute\":\"w\"} RETURN v",
        "FOR p IN ANY ALL_SHORTEST_PATHS a TO \"x/y\" GRAPH \"g\" RETURN p",
        "FOR p IN INBOUND K_SHORTEST_PATHS a TO b es RETURN p",
        "FOR p IN 1..4 OUTBOUND K_PATHS a TO b es, INBOUND fs RETURN p"}) {
    EXPECT_EQ(printed(text), text);
    auto query = parse(text);
    ASSERT_TRUE(query) << text;
    EXPECT_EQ(to_string(*clone(**query)), text);
  }
  EXPECT_EQ(printed("for v in 1..2 outbound 'a/b' any es return v"), "FOR v IN 1..2 OUTBOUND \"a/b\" ANY es RETURN v");
}

std::string repeated(std::string_view part, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += part;
  return result;
}

TEST(Parser, DepthIsBounded) {
  constexpr size_t kMany = 1000000;
  for (const char* opening :
       {"(", "[", "{a:", "-", "NOT ", "F(", "a[", "a[*", "(RETURN ", "1+(", "a?", "a?:", "[*].b[*]"}) {
    EXPECT_NE(code_of("RETURN " + repeated(opening, kMany)), ErrorCode(0)) << opening;
  }
  for (const char* repeat : {"+1", ".a", "[0]", "[*].x", "..2", " IN b", " ?: c"}) {
    EXPECT_EQ(code_of("RETURN a" + repeated(repeat, kMany)), ErrorCode::kQueryTooMuchNesting) << repeat;
  }
  EXPECT_EQ(code_of("RETURN " + repeated("(", kMany)), ErrorCode::kQueryTooMuchNesting);
  EXPECT_EQ(code_of("RETURN " + repeated("(", 400) + "1" + repeated(")", 400)), ErrorCode(0));
  EXPECT_EQ(code_of("LET " + repeated("[", kMany)), ErrorCode::kQueryTooMuchNesting);
  EXPECT_EQ(code_of("RETURN a" + repeated(" OR a == 1", 100000)), ErrorCode(0));
}

TEST(Parser, CloneIsEqual) {
  std::string text =
      "FOR d IN c LET x = (FOR e IN c2 FILTER e.a == d.b[*].c RETURN {e, [d.x]: 1..2}) "
      "UPSERT {a: x} INSERT {} UPDATE {b: OLD} IN c3 RETURN x ? NEW : F(x[?])";
  auto query = parse(text);
  ASSERT_TRUE(query);
  EXPECT_EQ(to_string(*clone(**query)), to_string(**query));
}

}  // namespace
}  // namespace workerdb::aql::syntax

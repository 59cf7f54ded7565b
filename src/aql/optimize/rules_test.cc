// What each rule makes of queries.
#include <gtest/gtest.h>

#include "aql/optimize/explained.h"

namespace workerdb::aql::optimize {
namespace {

const char kCatalog[] = R"(users 1000 persistent(age,name) persistent(email)/unique persistent(a,b,c,+d)
edges 5000 edge persistent(since)
plain 100)";

TEST(Rules, MovesAndRemovesFilters) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FOR v IN plain FILTER v.x > 1 && u.y == 2 RETURN [u, v]"),
            "FOR u IN plain   /* full collection scan, filter: u.y == 2 */\n"
            "FOR v IN plain   /* full collection scan, filter: v.x > 1 */\n"
            "RETURN [u, v]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LIMIT 5 FILTER u.x RETURN u"),
            "FOR u IN plain   /* full collection scan */\n"
            "LIMIT 0, 5\n"
            "FILTER u.x\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN plain FOR v IN plain FILTER v.x FILTER UPPER(u.y) == "A" RETURN [u, v])q"),
            "FOR v IN plain   /* full collection scan, filter: v.x */\n"
            "FOR u IN plain   /* full collection scan, filter: UPPER(u.y) == \"A\" */\n"
            "RETURN [u, v]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FILTER true && u.x RETURN 1"),
            "FOR u IN plain   /* full collection scan, without document, filter: u.x */\n"
            "RETURN 1\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FILTER false RETURN u"),
            "EMPTY\n"
            "FOR u IN plain   /* full collection scan */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain INSERT {} IN users FILTER u.x RETURN NEW"),
            "FOR u IN plain   /* full collection scan, projections: `x` */\n"
            "INSERT {} IN users\n"
            "FILTER u.x\n"
            "RETURN NEW\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FILTER RAND() > 0.5 FOR v IN plain FILTER RAND() > 0.5 RETURN v"),
            "FOR u IN plain   /* full collection scan, without document */\n"
            "FILTER RAND() > 0.5\n"
            "FOR v IN plain   /* full collection scan */\n"
            "FILTER RAND() > 0.5\n"
            "RETURN v\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FOR v IN plain FILTER u.x == v.y && v.y == 5 RETURN [u, v]"),
            "FOR u IN plain   /* full collection scan, filter: u.x == 5 */\n"
            "FOR v IN plain   /* full collection scan, filter: v.y == 5 */\n"
            "RETURN [u, v]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 1 || u.age IN [2, 3] || 4 == u.age RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age IN [1,2,3,4]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age > 5 || u.age >= 3 RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age >= 3\n");
}

TEST(Rules, MovesAndRemovesCalculations) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users LET x = u.age FILTER x == 5 RETURN x"),
            "FOR u IN users   /* persistent index scan, index only, projections: `age` */\n"
            "RETURN u.age\n"
            "idx_101: u.age == 5\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FOR v IN plain LET x = UPPER(u.name) FILTER v.y == x RETURN {x, v}"),
            "FOR u IN plain   /* full collection scan, projections: `name` */\n"
            "LET x = UPPER(u.name)\n"
            "FOR v IN plain   /* full collection scan, filter: v.y == x */\n"
            "RETURN {\"x\": x, \"v\": v}\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET x = u.foo + 1 SORT u.bar LIMIT 10 RETURN {x, y: x}"),
            "FOR u IN plain   /* full collection scan, projections: `bar`, `foo` */\n"
            "SORT u.bar ASC   /* sorting strategy: constrained heap, limit: 10 */\n"
            "LIMIT 0, 10\n"
            "LET x = u.foo + 1\n"
            "RETURN {\"x\": x, \"y\": x}\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET a = u.x + 1 LET b = u.x + 1 RETURN [a, a, b]"),
            "FOR u IN plain   /* full collection scan, projections: `x` */\n"
            "LET a = u.x + 1\n"
            "RETURN [a, a, a]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET a = RAND() LET b = RAND() RETURN [a, a, b]"),
            "FOR u IN plain   /* full collection scan, without document */\n"
            "LET a = RAND()\n"
            "LET b = RAND()\n"
            "RETURN [a, a, b]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET a = UPPER(u.x) RETURN 1"),
            "FOR u IN plain   /* full collection scan, without document */\n"
            "RETURN 1\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET a = UPPER(u.x) RETURN u.list[* RETURN a]"),
            "FOR u IN plain   /* full collection scan, projections: `list`, `x` */\n"
            "LET a = UPPER(u.x)\n"
            "RETURN u.list[* RETURN a]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FILTER u.z LET x = UPPER(u.x) FOR v IN plain RETURN [x, x, v]"),
            "FOR u IN plain   /* full collection scan, projections: `x`, filter: u.z */\n"
            "LET x = UPPER(u.x)\n"
            "FOR v IN plain   /* full collection scan */\n"
            "RETURN [x, x, v]\n");
}

TEST(Rules, Sorts) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain SORT u.q SORT u.r RETURN u"),
            "FOR u IN plain   /* full collection scan */\n"
            "SORT u.r ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain SORT u.q, u.r FILTER u.z SORT u.q RETURN u"),
            "FOR u IN plain   /* full collection scan, filter: u.z */\n"
            "SORT u.q ASC, u.r ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain SORT u.q LIMIT 3 SORT u.r RETURN u"),
            "FOR u IN plain   /* full collection scan */\n"
            "SORT u.q ASC   /* sorting strategy: constrained heap, limit: 3 */\n"
            "LIMIT 0, 3\n"
            "SORT u.r ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain SORT u.q LIMIT 2, 3 RETURN u"),
            "FOR u IN plain   /* full collection scan */\n"
            "SORT u.q ASC   /* sorting strategy: constrained heap, limit: 5 */\n"
            "LIMIT 2, 3\n"
            "RETURN u\n");
}

TEST(Rules, Projections) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain RETURN {a: u.a.b, b: u.a.b.c, c: u.x}"),
            "FOR u IN plain   /* full collection scan, projections: `a.b`, `x` */\n"
            "RETURN {\"a\": u.a.b, \"b\": u.a.b.c, \"c\": u.x}\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain RETURN [u.a, u.b, u.c, u.d, u.e, u.f]"),
            "FOR u IN plain   /* full collection scan */\n"
            "RETURN [u.a, u.b, u.c, u.d, u.e, u.f]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain OPTIONS { maxProjections: 6 } RETURN [u.a, u.b, u.c, u.d, u.e, u.f]"),
            "FOR u IN plain   /* full collection scan, projections: `a`, `b`, `c`, `d`, `e`, `f` */\n"
            "RETURN [u.a, u.b, u.c, u.d, u.e, u.f]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain RETURN [u, u.a]"),
            "FOR u IN plain   /* full collection scan */\n"
            "RETURN [u, u.a]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain RETURN (FOR v IN plain FILTER v.x == u.y RETURN u.z)"),
            "FOR u IN plain   /* full collection scan, projections: `y`, `z` */\n"
            "LET #2 = ...   /* subquery */\n"
            "FOR v IN plain   /* full collection scan, without document, filter: v.x == u.y */\n"
            "RETURN u.z\n"
            "RETURN #2\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 7 && u.name != "x" RETURN {n: u.name, a: u.age})q"),
            "FOR u IN users   /* persistent index scan, index only, projections: `age`, `name`, filter: "
            "u.name != \"x\" */\n"
            "RETURN {\"n\": u.name, \"a\": u.age}\n"
            "idx_101: u.age == 7\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.a == 7 && u.x != "x" RETURN u.d.e)q"),
            "FOR u IN users   /* persistent index scan, projections: `d.e`, filter: u.x != \"x\" */\n"
            "RETURN u.d.e\n"
            "idx_103: u.a == 7\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.a == 7 RETURN [u.b, u.d.e]"),
            "FOR u IN users   /* persistent index scan, index only, projections: `b`, `d.e` */\n"
            "RETURN [u.b, u.d.e]\n"
            "idx_103: u.a == 7\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR e IN edges FILTER e._from == "users/1" RETURN e._to)q"),
            "FOR e IN edges   /* edge index scan, index only, projections: `_to` */\n"
            "RETURN e._to\n"
            "edge: e._from == \"users/1\"\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 5 UPDATE u WITH { x: 1 } IN users"),
            "FOR u IN users   /* persistent index scan, index only, projections: `_key` */\n"
            "UPDATE u._key WITH {\"x\":1} IN users\n"
            "idx_101: u.age == 5\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN users FILTER u.age == 5 UPDATE u WITH { x: 1 } IN users OPTIONS { "
                      "ignoreRevs: false }"),
            "FOR u IN users   /* persistent index scan */\n"
            "UPDATE u WITH {\"x\":1} IN users\n"
            "idx_101: u.age == 5\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 5 REMOVE u IN users RETURN OLD.x"),
            "FOR u IN users   /* persistent index scan, index only, projections: `_key` */\n"
            "REMOVE u._key IN users\n"
            "RETURN OLD.x\n"
            "idx_101: u.age == 5\n");
}

TEST(Rules, Limits) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.email == "x" LIMIT 1 RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "LIMIT 0, 1\n"
            "RETURN u\n"
            "idx_102: u.email == \"x\"\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 1 FILTER u.x LIMIT 1 RETURN u"),
            "FOR u IN users   /* persistent index scan, filter: u.x */\n"
            "LIMIT 0, 1\n"
            "RETURN u\n"
            "idx_101: u.age == 1\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN users FILTER u.age >= 18 && u.active == true SORT u.age DESC LIMIT 10, "
                      "5 RETURN {k: u._key, n: u.name}"),
            "FOR u IN users   /* persistent index scan, reverse, projections: `_key`, `name`, filter: "
            "u.active == true */\n"
            "LIMIT 10, 5\n"
            "RETURN {\"k\": u._key, \"n\": u.name}\n"
            "idx_101: u.age >= 18\n");
}

TEST(Rules, Groups) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain COLLECT WITH COUNT INTO n RETURN n"),
            "FOR u IN plain   /* full collection scan, without document */\n"
            "COLLECT AGGREGATE n = LENGTH()   /* count */\n"
            "RETURN n\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain COLLECT a = u.age WITH COUNT INTO n SORT a RETURN {a, n}"),
            "FOR u IN plain   /* full collection scan, projections: `age` */\n"
            "COLLECT a = u.age AGGREGATE n = LENGTH()   /* hash */\n"
            "SORT a ASC   /* sorting strategy: standard */\n"
            "RETURN {\"a\": a, \"n\": n}\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain COLLECT c = u.country INTO g RETURN c"),
            "FOR u IN plain   /* full collection scan, projections: `country` */\n"
            "COLLECT c = u.country   /* hash */\n"
            "SORT c ASC   /* sorting strategy: standard */\n"
            "RETURN c\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain COLLECT c = u.country INTO g RETURN {c, n: LENGTH(g)}"),
            "FOR u IN plain   /* full collection scan, projections: `country` */\n"
            "COLLECT c = u.country INTO g   /* hash */\n"
            "SORT c ASC   /* sorting strategy: standard */\n"
            "RETURN {\"c\": c, \"n\": LENGTH(g)}\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET z = u.name COLLECT c = u.country INTO g RETURN {c, n: g[*].z}"),
            "FOR u IN plain   /* full collection scan, projections: `country`, `name` */\n"
            "LET z = u.name\n"
            "COLLECT c = u.country INTO g KEEP z   /* hash */\n"
            "SORT c ASC   /* sorting strategy: standard */\n"
            "RETURN {\"c\": c, \"n\": g[*].z}\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain COLLECT c = u.country INTO g RETURN {c, g}"),
            "FOR u IN plain   /* full collection scan */\n"
            "COLLECT c = u.country INTO g KEEP u   /* hash */\n"
            "SORT c ASC   /* sorting strategy: standard */\n"
            "RETURN {\"c\": c, \"g\": g}\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN users FILTER u.a == 1 COLLECT b = u.b AGGREGATE m = MAX(u.c), unread = "
                      "MIN(u.c) RETURN {b, m}"),
            "FOR u IN users   /* persistent index scan, index only, projections: `b`, `c` */\n"
            "COLLECT b = u.b AGGREGATE m = MAX(u.c)   /* sorted */\n"
            "RETURN {\"b\": b, \"m\": m}\n"
            "idx_103: u.a == 1\n");
  EXPECT_EQ(
      explained(kCatalog, "FOR u IN users FILTER u.a == 1 COLLECT b = u.b OPTIONS { disableIndex: true } RETURN b"),
      "FOR u IN users   /* persistent index scan, index only, projections: `b` */\n"
      "COLLECT b = u.b   /* hash */\n"
      "SORT b ASC   /* sorting strategy: standard */\n"
      "RETURN b\n"
      "idx_103: u.a == 1\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain RETURN DISTINCT u.age"),
            "FOR u IN plain   /* full collection scan, projections: `age` */\n"
            "COLLECT #1 = u.age   /* distinct */\n"
            "RETURN #1\n");
}

TEST(Rules, Subqueries) {
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN plain FILTER LENGTH(FOR e IN edges FILTER e._from == u._id RETURN e) > "
                      "0 RETURN u"),
            "FOR u IN plain   /* full collection scan */\n"
            "LET #2 = ...   /* subquery, rows: 1 */\n"
            "FOR e IN edges   /* edge index scan, without document */\n"
            "RETURN true\n"
            "FILTER LENGTH(#2) > 0\n"
            "RETURN u\n"
            "edge: e._from == u._id\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN plain LET n = LENGTH(FOR e IN edges FILTER e._from == u._id SORT "
                      "e.since RETURN e) RETURN n"),
            "FOR u IN plain   /* full collection scan, projections: `_id` */\n"
            "LET #3 = ...   /* subquery */\n"
            "FOR e IN edges   /* edge index scan, without document */\n"
            "COLLECT AGGREGATE #4 = LENGTH()   /* count */\n"
            "RETURN #4\n"
            "RETURN #3[0]\n"
            "edge: e._from == u._id\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN plain LET f = FIRST(FOR e IN edges FILTER e._from == u._id SORT e.x "
                      "RETURN e) RETURN f"),
            "FOR u IN plain   /* full collection scan, projections: `_id` */\n"
            "LET #3 = ...   /* subquery, rows: 1 */\n"
            "FOR e IN edges   /* edge index scan */\n"
            "SORT e.x ASC   /* sorting strategy: constrained heap, limit: 1 */\n"
            "RETURN e\n"
            "RETURN FIRST(#3)\n"
            "edge: e._from == u._id\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET s = (FOR e IN edges RETURN e) RETURN [LENGTH(s), s[0], s]"),
            "LET s = ...   /* const subquery */\n"
            "FOR e IN edges   /* full collection scan */\n"
            "RETURN e\n"
            "FOR u IN plain   /* full collection scan, without document */\n"
            "RETURN [LENGTH(s), s[0], s]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain LET s = (FOR v IN plain INSERT {} INTO users RETURN 1) RETURN u"),
            "FOR u IN plain   /* full collection scan */\n"
            "LET s = ...   /* subquery */\n"
            "FOR v IN plain   /* full collection scan, without document */\n"
            "INSERT {} IN users\n"
            "RETURN 1\n"
            "RETURN u\n");
  EXPECT_EQ(
      explained(kCatalog, R"q(FOR x IN (FOR u IN users FILTER u.age > 3 RETURN u.name) FILTER x == "q" RETURN x)q"),
      "FOR u IN users   /* persistent index scan, index only, projections: `name`, filter: u.name == \"q\" "
      "*/\n"
      "RETURN u.name\n"
      "idx_101: u.age > 3\n");
  EXPECT_EQ(
      explained(kCatalog, "FOR u IN plain FOR x IN (FOR e IN edges FILTER e._from == u._id RETURN e._to) RETURN x"),
      "FOR u IN plain   /* full collection scan, projections: `_id` */\n"
      "FOR e IN edges   /* edge index scan, index only, projections: `_to` */\n"
      "RETURN e._to\n"
      "edge: e._from == u._id\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN plain FOR x IN (FOR e IN edges FILTER e._from == u._id SORT e.x RETURN "
                      "e._to) RETURN x"),
            "FOR u IN plain   /* full collection scan, projections: `_id` */\n"
            "LET #3 = ...   /* subquery */\n"
            "FOR e IN edges   /* edge index scan, projections: `_to`, `x` */\n"
            "SORT e.x ASC   /* sorting strategy: standard */\n"
            "RETURN e._to\n"
            "FOR x IN #3\n"
            "RETURN x\n"
            "edge: e._from == u._id\n");
  EXPECT_EQ(explained(kCatalog, "FOR x IN (FOR u IN plain SORT u.age LIMIT 5 RETURN u) RETURN x"),
            "LET #2 = ...   /* const subquery */\n"
            "FOR u IN plain   /* full collection scan */\n"
            "SORT u.age ASC   /* sorting strategy: constrained heap, limit: 5 */\n"
            "LIMIT 0, 5\n"
            "RETURN u\n"
            "FOR x IN #2\n"
            "RETURN x\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age IN (FOR p IN plain RETURN p.x) RETURN u"),
            "LET #2 = ...   /* const subquery */\n"
            "FOR p IN plain   /* full collection scan, projections: `x` */\n"
            "RETURN p.x\n"
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age IN #2\n");
}

TEST(Rules, Joins) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FOR p IN plain FILTER u.age == p.x RETURN [u.name, p.y]"),
            "FOR p IN plain   /* full collection scan, projections: `x`, `y` */\n"
            "FOR u IN users   /* persistent index scan, index only, projections: `name` */\n"
            "RETURN [u.name, p.y]\n"
            "idx_101: u.age == p.x\n");
  EXPECT_EQ(explained(kCatalog, "FOR p IN plain FOR u IN users FILTER u.age == p.x RETURN [u.name, p.y]"),
            "FOR p IN plain   /* full collection scan, projections: `x`, `y` */\n"
            "FOR u IN users   /* persistent index scan, index only, projections: `name` */\n"
            "RETURN [u.name, p.y]\n"
            "idx_101: u.age == p.x\n");
  EXPECT_EQ(explained(kCatalog, "FOR p IN plain FOR q IN plain FILTER p.x == q.y RETURN p"),
            "FOR p IN plain   /* full collection scan */\n"
            "FOR q IN plain   /* full collection scan, without document, filter: p.x == q.y */\n"
            "RETURN p\n");
}

TEST(Rules, Modifications) {
  EXPECT_EQ(explained(kCatalog, "FOR i IN 1..3 INSERT {x: i} INTO plain RETURN NEW"),
            "FOR i IN 1..3\n"
            "INSERT {\"x\": i} IN plain\n"
            "RETURN NEW\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN plain FILTER u.x == 1 REPLACE u._key WITH {} IN plain RETURN [OLD.a, NEW.b]"),
            "FOR u IN plain   /* full collection scan, projections: `_key`, filter: u.x == 1 */\n"
            "REPLACE u._key WITH {} IN plain\n"
            "RETURN [OLD.a, NEW.b]\n");
}

}  // namespace
}  // namespace workerdb::aql::optimize

// Which scans become lookups, and which sorts are spared.
#include <gtest/gtest.h>

#include "aql/optimize/explained.h"

namespace workerdb::aql::optimize {
namespace {

const char kCatalog[] =
    R"(users 1000 persistent(age,name) persistent(email)/unique persistent(tags[*]) persistent(city)/sparse persistent(a,b,c)
edges 5000 edge persistent(since))";

TEST(Indexes, LooksUpPrefixesAndRanges) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 7 && u.name > "m" RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age == 7 && u.name > \"m\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.name > "m" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.name > \"m\" */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age > 3 FILTER u.age <= 9 RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age > 3 && u.age <= 9\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER 7 == u.age RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age == 7\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == RAND() RETURN u"),
            "FOR u IN users   /* full collection scan */\n"
            "FILTER u.age == RAND()\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == u.a RETURN u"),
            "FOR u IN users   /* full collection scan, filter: u.age == u.a */\n"
            "RETURN u\n");
}

TEST(Indexes, LooksUpMembersOfLists) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age IN [1,2,3] FILTER u.name == "x" RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age IN [1,2,3] && u.name == \"x\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 1 || u.age == 2 && u.name == "b" RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: (u.age == 1) || (u.age == 2 && u.name == \"b\")\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 1 && (u.b == 1 || u.b == 2) RETURN u"),
            "FOR u IN users   /* persistent index scan, filter: u.b IN [1,2] */\n"
            "RETURN u\n"
            "idx_101: u.age == 1\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 1 || u.city == "b" RETURN u)q"),
            "FOR u IN users   /* persistent index scan of several */\n"
            "RETURN u\n"
            "idx_101: (u.age == 1) || (u.city == \"b\")\n");
}

TEST(Indexes, SparseIndexesOnlyWhereNullIsExcluded) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.city == "b" RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_104: u.city == \"b\"\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.city == null RETURN u"),
            "FOR u IN users   /* full collection scan, filter: u.city == null */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.city < "b" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.city < \"b\" */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.city != null SORT u.city RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_104: u.city > null\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FOR v IN users FILTER v.city == u.zip RETURN v"),
            "FOR u IN users   /* full collection scan, projections: `zip` */\n"
            "FOR v IN users   /* full collection scan, filter: v.city == u.zip */\n"
            "RETURN v\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users SORT u.city RETURN u"),
            "FOR u IN users   /* full collection scan */\n"
            "SORT u.city ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
}

TEST(Indexes, PrimaryIndex) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u._key == "1" RETURN u)q"),
            "FOR u IN users   /* primary index scan */\n"
            "RETURN u\n"
            "primary: u._key == \"1\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u._id == "users/1" RETURN u)q"),
            "FOR u IN users   /* primary index scan */\n"
            "RETURN u\n"
            "primary: u._id == \"users/1\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u._key IN ["1", "2"] && u.age == 3 RETURN u)q"),
            "FOR u IN users   /* primary index scan, filter: u.age == 3 */\n"
            "RETURN u\n"
            "primary: u._key IN [\"1\",\"2\"]\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u._key >= "1" && u._key < "2" SORT u._key DESC RETURN u)q"),
            "FOR u IN users   /* primary index scan, reverse */\n"
            "RETURN u\n"
            "primary: u._key >= \"1\" && u._key < \"2\"\n");
}

TEST(Indexes, ArrayIndex) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER "x" IN u.tags[*] RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_103: u.tags[*] == \"x\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.tags ANY == "x" RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_103: u.tags[*] == \"x\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.tags == "x" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.tags == \"x\" */\n"
            "RETURN u\n");
}

TEST(Indexes, EdgeIndexAndJoins) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FOR e IN edges FILTER e._from == u._id FILTER u.email == "x" )q"
                                "RETURN e"),
            "FOR u IN users   /* persistent index scan, projections: `_id` */\n"
            "FOR e IN edges   /* edge index scan */\n"
            "RETURN e\n"
            "idx_102: u.email == \"x\"\n"
            "edge: e._from == u._id\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN users FOR e IN edges FILTER (e._from == u._id || e._to == u._id) && "
                      "u.age == 5 RETURN e"),
            "FOR u IN users   /* persistent index scan, projections: `_id` */\n"
            "FOR e IN edges   /* edge index scan */\n"
            "RETURN e\n"
            "idx_101: u.age == 5\n"
            "edge: (e._from == u._id) || (e._to == u._id)\n");
  EXPECT_EQ(explained(kCatalog,
                      "FOR u IN users LET x = (FOR e IN edges FILTER e._to == u._id RETURN e) FILTER "
                      R"q(u.email == "q" RETURN x)q"),
            "FOR u IN users   /* persistent index scan, projections: `_id` */\n"
            "LET x = ...   /* subquery */\n"
            "FOR e IN edges   /* edge index scan */\n"
            "RETURN e\n"
            "RETURN x\n"
            "idx_102: u.email == \"q\"\n"
            "edge: e._to == u._id\n");
  EXPECT_EQ(explained(kCatalog, R"q(UPSERT { email: "x" } INSERT { email: "x" } UPDATE { n: 1 } IN users)q"),
            "UPSERT ... INSERT {\"email\":\"x\"} UPDATE {\"n\":1} IN users\n"
            "FOR CURRENT IN users   /* persistent index scan */\n"
            "LIMIT 0, 1\n"
            "RETURN CURRENT\n"
            "idx_102: CURRENT.email == \"x\"\n");
}

TEST(Indexes, SortsByIndex) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users SORT u.age, u.name RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: *\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users SORT u.age DESC, u.name DESC LIMIT 5 RETURN u"),
            "FOR u IN users   /* persistent index scan, reverse */\n"
            "LIMIT 0, 5\n"
            "RETURN u\n"
            "idx_101: *\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users SORT u.age DESC, u.name ASC LIMIT 5 RETURN u"),
            "FOR u IN users   /* full collection scan */\n"
            "SORT u.age DESC, u.name ASC   /* sorting strategy: constrained heap, limit: 5 */\n"
            "LIMIT 0, 5\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.a == 1 SORT u.a DESC, u.b DESC LIMIT 5 RETURN u"),
            "FOR u IN users   /* persistent index scan, reverse */\n"
            "LIMIT 0, 5\n"
            "RETURN u\n"
            "idx_105: u.a == 1\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.a == 1 SORT u.b, u.a RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_105: u.a == 1\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.a IN [1,2] SORT u.b RETURN u"),
            "FOR u IN users   /* persistent index scan, index only, projections: `b`, with late materialization */\n"
            "SORT u.b ASC   /* sorting strategy: standard */\n"
            "MATERIALIZE u\n"
            "RETURN u\n"
            "idx_105: u.a IN [1,2]\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.a IN [1,2] SORT u.a,u.b RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_105: u.a IN [1,2]\n");
  EXPECT_EQ(explained(kCatalog, "FOR e IN edges FOR u IN users SORT u.age RETURN u"),
            "FOR e IN edges   /* full collection scan, without document */\n"
            "FOR u IN users   /* full collection scan */\n"
            "SORT u.age ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users LIMIT 5 SORT u.age RETURN u"),
            "FOR u IN users   /* full collection scan */\n"
            "LIMIT 0, 5\n"
            "SORT u.age ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users COLLECT a = u.x SORT a RETURN a"),
            "FOR u IN users   /* full collection scan, projections: `x` */\n"
            "COLLECT a = u.x   /* hash */\n"
            "SORT a ASC   /* sorting strategy: standard */\n"
            "RETURN a\n");
}

TEST(Indexes, Hints) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users OPTIONS { disableIndex: true } FILTER u.age == 1 RETURN u"),
            "FOR u IN users   /* full collection scan, filter: u.age == 1 */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users OPTIONS { indexHint: "idx_105" } FILTER u.age == 1 && u.a == 3 )q"
                                "RETURN u"),
            "FOR u IN users   /* persistent index scan, filter: u.age == 1 */\n"
            "RETURN u\n"
            "idx_105: u.a == 3\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users OPTIONS { indexHint: ["nope", "idx_105"], forceIndexHint: true } )q"
                                "FILTER u.age == 1 && u.a == 3 RETURN u"),
            "FOR u IN users   /* persistent index scan, filter: u.age == 1 */\n"
            "RETURN u\n"
            "idx_105: u.a == 3\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users OPTIONS { indexHint: "nope" } FILTER u.age == 1 RETURN u)q"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age == 1\n");
  EXPECT_TRUE(explained(kCatalog,
                        R"q(FOR u IN users OPTIONS { indexHint: "nope", forceIndexHint: true } FILTER u.age )q"
                        "== 1 RETURN u")
                  .starts_with("error 1577"));
}

TEST(Indexes, CanBeSwitchedOff) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 1 RETURN u", {"-use-indexes"}),
            "FOR u IN users   /* full collection scan, filter: u.age == 1 */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 1 SORT u.age RETURN u", {"-all"}),
            "FOR u IN users   /* full collection scan */\n"
            "FILTER u.age == 1\n"
            "SORT u.age ASC   /* sorting strategy: standard */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER u.age == 1 SORT u.age RETURN u", {"-all", "+use-indexes"}),
            "FOR u IN users   /* persistent index scan */\n"
            "FILTER u.age == 1\n"
            "SORT u.age ASC   /* sorting strategy: standard */\n"
            "RETURN u\n"
            "idx_101: u.age == 1\n");
}

}  // namespace
}  // namespace workerdb::aql::optimize

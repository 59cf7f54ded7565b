// Conditions that become lookups by a detour, several indexes for one scan, and the order of loops.
#include <gtest/gtest.h>

#include "aql/optimize/explained.h"

namespace workerdb::aql::optimize {
namespace {

const char kCatalog[] = R"(users 1000 persistent(age,name) persistent(email)/unique persistent(tags[*]) persistent(city)
orders 50000 persistent(user) persistent(total)
countries 200
edges 5000 edge)";

TEST(Scans, SeveralIndexesServeAnOr) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 1 || u.city == "b" RETURN u)q"),
            "FOR u IN users   /* persistent index scan of several */\n"
            "RETURN u\n"
            "idx_101: (u.age == 1) || (u.city == \"b\")\n");
  EXPECT_EQ(
      explained(kCatalog, R"q(FOR u IN users FILTER u._key == "7" || u.email == "b" && u.x == 1 RETURN u)q"),
      "FOR u IN users   /* primary index scan of several, filter: u._key == \"7\" || u.email == \"b\" && u.x == 1 */\n"
      "RETURN u\n"
      "primary: (u._key == \"7\") || (u.email == \"b\")\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 1 || u.x == "b" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.age == 1 || u.x == \"b\" */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.age == 1 || u.city == "b" SORT u.age RETURN u.age)q"),
            "FOR u IN users   /* persistent index scan of several, projections: `age` */\n"
            "SORT u.age ASC   /* sorting strategy: standard */\n"
            "RETURN u.age\n"
            "idx_101: (u.age == 1) || (u.city == \"b\")\n");
}

TEST(Scans, LikeWithABeginningIsARange) {
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.email LIKE "ann%" RETURN u)q"),
            "FOR u IN users   /* persistent index scan, index only, projections: `email`, with late materialization, "
            "filter: u.email LIKE \"ann%\" */\n"
            "MATERIALIZE u\n"
            "RETURN u\n"
            "idx_102: u.email >= \"ann\" && u.email < \"ann\uffff\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.email LIKE "%ann" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.email LIKE \"%ann\" */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.other LIKE "ann%" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.other LIKE \"ann%\" */\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN users FILTER u.email LIKE "änn%" RETURN u)q"),
            "FOR u IN users   /* full collection scan, filter: u.email LIKE \"änn%\" */\n"
            "RETURN u\n");
}

TEST(Scans, AnyEqualIsMembership) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users FILTER [1, 2] ANY == u.age RETURN u"),
            "FOR u IN users   /* persistent index scan */\n"
            "RETURN u\n"
            "idx_101: u.age IN [1,2]\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR u IN countries FILTER u.list ANY == "x" RETURN u)q"),
            "FOR u IN countries   /* full collection scan, filter: \"x\" IN u.list */\n"
            "RETURN u\n");
}

TEST(Scans, OneAtRandomIsNotSorted) {
  EXPECT_EQ(explained(kCatalog, "FOR u IN users SORT RAND() LIMIT 1 RETURN u"),
            "FOR u IN users   /* full collection scan, random order */\n"
            "LIMIT 0, 1\n"
            "RETURN u\n");
  EXPECT_EQ(explained(kCatalog, "FOR u IN users SORT RAND() LIMIT 2 RETURN u"),
            "FOR u IN users   /* full collection scan */\n"
            "SORT RAND() ASC   /* sorting strategy: constrained heap, limit: 2 */\n"
            "LIMIT 0, 2\n"
            "RETURN u\n");
}

TEST(Scans, LoopsStandInTheOrderThatReadsLeast) {
  EXPECT_EQ(explained(kCatalog,
                      R"q(FOR o IN orders FOR u IN users FILTER o.user == u._key && u.email == "x" RETURN [u, o])q"),
            "FOR u IN users   /* persistent index scan */\n"
            "FOR o IN orders   /* persistent index scan */\n"
            "RETURN [u, o]\n"
            "idx_106: o.user == u._key\n"
            "idx_102: u.email == \"x\"\n");
  EXPECT_EQ(explained(kCatalog, R"q(FOR o IN orders FOR u IN users FILTER o.user == u._key RETURN [u, o])q"),
            "FOR u IN users   /* full collection scan */\n"
            "FOR o IN orders   /* persistent index scan */\n"
            "RETURN [u, o]\n"
            "idx_106: o.user == u._key\n");
  // The scan that gives the order of a SORT stays in front, and so does a loop behind a filter that may warn.
  EXPECT_EQ(explained(kCatalog, "FOR o IN orders FOR u IN users FILTER o.user == u._key SORT o.total RETURN [u, o]"),
            "FOR o IN orders   /* persistent index scan */\n"
            "FOR u IN users   /* primary index scan */\n"
            "RETURN [u, o]\n"
            "idx_107: *\n"
            "primary: u._key == o.user\n");
  EXPECT_EQ(
      explained(kCatalog, "FOR o IN orders FILTER 1 / o.x > 2 FOR u IN users FILTER o.user == u._key RETURN [u, o]"),
      "FOR o IN orders   /* full collection scan, filter: 1 / o.x > 2 */\n"
      "FOR u IN users   /* primary index scan */\n"
      "RETURN [u, o]\n"
      "primary: u._key == o.user\n");
  EXPECT_EQ(
      explained(kCatalog, R"q(FOR o IN orders FILTER o.x == 1 FOR c IN countries FILTER c.code == o.code FOR u IN users
    FILTER u.country == c.code FILTER u.email == "x" FILTER o.user == u._key RETURN 1)q"),
      "FOR u IN users   /* persistent index scan, projections: `_key`, `country` */\n"
      "FOR o IN orders   /* persistent index scan, projections: `code`, filter: o.x == 1 */\n"
      "FOR c IN countries   /* full collection scan, without document, filter: c.code == o.code && u.country == c.code "
      "*/\n"
      "RETURN 1\n"
      "idx_106: o.user == u._key\n"
      "idx_102: u.email == \"x\"\n");
}

}  // namespace
}  // namespace workerdb::aql::optimize

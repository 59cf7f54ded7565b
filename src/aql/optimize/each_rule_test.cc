// Conditions, calculations, loops and groups: each rule with a query that it changes. Checks the cases of all files.
#include <gtest/gtest.h>

#include "aql/optimize/rule_case.h"

namespace workerdb::aql::optimize {
namespace {

const bool kAdded = add_rule_cases({
    {"inline-subqueries",
     R"q(FOR x IN (FOR p IN plain FILTER p.a RETURN p) FILTER x.b RETURN x.c)q",
     {},
     R"q(LET #2 = ...   /* const subquery */
FOR p IN plain   /* full collection scan, filter: p.a */
RETURN p
FOR x IN #2
FILTER x.b
RETURN x.c
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `c`, filter: p.a && p.b */
RETURN p.c
)q"},
    {"replace-entries-with-object-iteration",
     R"q(FOR p IN plain FOR [k, v] IN ENTRIES(p) FILTER k != "a" RETURN v)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
FOR #3 IN ENTRIES(p)
FILTER #3[0] != "a"
RETURN #3[1]
)q",
     R"q(FOR p IN plain   /* full collection scan */
FOR [#4, #5] OF p   /* object iteration */
FILTER #4 != "a"
RETURN #5
)q"},
    {"simplify-conditions",
     R"q(FOR p IN plain LET o = {x: p.a, y: p.b} FILTER !(o.x == 1) RETURN [o.y, [p.c, p.d][1]])q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a`, `b`, `c`, `d` */
LET o = {"x": p.a, "y": p.b}
FILTER !(o.x == 1)
RETURN [o.y, [p.c, p.d][1]]
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `b`, `d`, filter: p.a != 1 */
RETURN [p.b, p.d]
)q"},
    {"move-calculations-up",
     R"q(FOR p IN plain FOR q IN plain LET x = UPPER(p.a) RETURN [x, x, q.b])q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
FOR q IN plain   /* full collection scan, projections: `b` */
LET x = UPPER(p.a)
RETURN [x, x, q.b]
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
LET x = UPPER(p.a)
FOR q IN plain   /* full collection scan, projections: `b` */
RETURN [x, x, q.b]
)q"},
    {"move-filters-up",
     R"q(FOR p IN plain FOR q IN plain FILTER p.a == 1 RETURN [p.b, q.b])q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a`, `b` */
FOR q IN plain   /* full collection scan, projections: `b`, filter: p.a == 1 */
RETURN [p.b, q.b]
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `b`, filter: p.a == 1 */
FOR q IN plain   /* full collection scan, projections: `b` */
RETURN [p.b, q.b]
)q"},
    {"remove-redundant-calculations",
     R"q(FOR p IN plain LET x = UPPER(p.a) LET y = UPPER(p.a) RETURN [x, x, y, y])q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
LET x = UPPER(p.a)
LET y = UPPER(p.a)
RETURN [x, x, y, y]
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
LET x = UPPER(p.a)
RETURN [x, x, x, x]
)q"},
    {"remove-unnecessary-filters",
     R"q(FOR p IN plain FILTER true FILTER p.a RETURN p)q",
     {},
     R"q(FILTER true
FOR p IN plain   /* full collection scan, filter: p.a */
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan, filter: p.a */
RETURN p
)q"},
    {"remove-unnecessary-calculations",
     R"q(FOR p IN plain LET x = UPPER(p.a) RETURN p.b)q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a`, `b` */
LET x = UPPER(p.a)
RETURN p.b
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `b` */
RETURN p.b
)q"},
    {"specialize-collect",
     R"q(FOR p IN plain COLLECT a = p.a RETURN a)q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
COLLECT a = p.a   /* hash */
SORT a ASC   /* sorting strategy: standard */
RETURN a
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
COLLECT a = p.a   /* hash */
SORT a ASC   /* sorting strategy: standard */
RETURN a
)q"},
    {"remove-redundant-sorts",
     R"q(FOR p IN plain SORT p.a SORT p.b RETURN p)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
SORT p.a ASC   /* sorting strategy: standard */
SORT p.b ASC   /* sorting strategy: standard */
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan */
SORT p.b ASC   /* sorting strategy: standard */
RETURN p
)q"},
    {"optimize-subqueries",
     R"q(FOR p IN plain LET s = (FOR q IN plain FILTER q.a == p.a RETURN q) FILTER LENGTH(s) > 0 RETURN p)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
LET s = ...   /* subquery */
FOR q IN plain   /* full collection scan, filter: q.a == p.a */
RETURN q
FILTER LENGTH(s) > 0
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan */
LET s = ...   /* subquery, rows: 1 */
FOR q IN plain   /* full collection scan, without document, filter: q.a == p.a */
RETURN true
FILTER LENGTH(s) > 0
RETURN p
)q"},
    {"interchange-adjacent-enumerations",
     R"q(FOR p IN plain FOR u IN users FILTER u.x == p._key RETURN [p, u])q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
FOR u IN users   /* full collection scan, filter: u.x == p._key */
RETURN [p, u]
)q",
     R"q(FOR u IN users   /* full collection scan */
FOR p IN plain   /* primary index scan */
RETURN [p, u]
primary: p._key == u.x
)q"},
    {"replace-equal-attribute-accesses",
     R"q(FOR p IN plain FOR q IN plain FILTER p.a == q.b RETURN q.b)q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
FOR q IN plain   /* full collection scan, projections: `b`, filter: p.a == q.b */
RETURN q.b
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
FOR q IN plain   /* full collection scan, without document, filter: p.a == q.b */
RETURN p.a
)q"},
    {"remove-sort-rand-limit-1",
     R"q(FOR p IN plain SORT RAND() LIMIT 1 RETURN p)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
SORT RAND() ASC   /* sorting strategy: constrained heap, limit: 1 */
LIMIT 0, 1
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan, random order */
LIMIT 0, 1
RETURN p
)q"},
    {"remove-collect-variables",
     R"q(FOR p IN plain COLLECT a = p.a INTO g RETURN a)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
COLLECT a = p.a INTO g KEEP p   /* hash */
SORT a ASC   /* sorting strategy: standard */
RETURN a
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
COLLECT a = p.a   /* hash */
SORT a ASC   /* sorting strategy: standard */
RETURN a
)q"},
    {"propagate-constant-attributes",
     R"q(FOR p IN plain FOR q IN plain FILTER p.a == 1 FILTER q.b == p.a RETURN [p, q])q",
     {},
     R"q(FOR p IN plain   /* full collection scan, filter: p.a == 1 */
FOR q IN plain   /* full collection scan, filter: q.b == p.a */
RETURN [p, q]
)q",
     R"q(FOR p IN plain   /* full collection scan, filter: p.a == 1 */
FOR q IN plain   /* full collection scan, filter: q.b == 1 */
RETURN [p, q]
)q"},
    {"remove-data-modification-out-variables",
     R"q(FOR p IN plain UPDATE p WITH {a: 1} IN plain LET x = NEW.b RETURN 1)q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `_key` */
UPDATE p._key WITH {"a":1} IN plain
RETURN 1
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `_key` */
UPDATE p._key WITH {"a":1} IN plain
RETURN 1
)q"},
    {"replace-or-with-in",
     R"q(FOR u IN users FILTER u.age == 1 || u.age == 2 RETURN u)q",
     {},
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: (u.age == 1) || (u.age == 2)
)q",
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: u.age IN [1,2]
)q"},
    {"replace-any-eq-with-in",
     R"q(FOR u IN users FILTER [1, 2] ANY == u.age RETURN u)q",
     {},
     R"q(FOR u IN users   /* full collection scan, filter: [1,2] ANY == u.age */
RETURN u
)q",
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: u.age IN [1,2]
)q"},
    {"remove-redundant-or",
     R"q(FOR u IN users FILTER u.age > 5 || u.age >= 3 RETURN u)q",
     {},
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: (u.age > 5) || (u.age >= 3)
)q",
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: u.age >= 3
)q"},
    {"replace-like-with-range",
     R"q(FOR u IN users FILTER u.email LIKE "ann%" RETURN u)q",
     {},
     R"q(FOR u IN users   /* full collection scan, filter: u.email LIKE "ann%" */
RETURN u
)q",
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `email`, with late materialization, filter: u.email LIKE "ann%" */
MATERIALIZE u
RETURN u
idx_102: u.email >= "ann" && u.email < "ann￿"
)q"},
});

// The number behind a name is a further run of the same rule.
std::string without_number(std::string_view name) {
  bool is_numbered = name.size() > 2 && name[name.size() - 2] == '-' && name.back() >= '2' && name.back() <= '9';
  return std::string(is_numbered ? name.substr(0, name.size() - 2) : name);
}

TEST(EachRule, DoesWhatItSays) {
  ASSERT_TRUE(kAdded);
  for (const RuleCase& one : rule_cases()) {
    std::vector<std::string> off = one.also, on = one.also;
    bool by_default = true;
    for (const Rule& rule : all_rules()) by_default &= rule.name != one.rule || rule.by_default;
    by_default ? off.push_back("-" + one.rule) : on.push_back("+" + one.rule);
    EXPECT_EQ(explained(kRuleCatalog, one.query, off), one.without) << one.rule;
    EXPECT_EQ(explained(kRuleCatalog, one.query, on), one.with) << one.rule;
    auto plan = optimized(kRuleCatalog, one.query, on);
    ASSERT_TRUE(plan) << one.rule;
    EXPECT_NE(std::ranges::count((*plan)->applied_rules, one.rule), 0) << one.rule;
  }
}

TEST(EachRule, HasACase) {
  std::set<std::string> shown;
  for (const RuleCase& one : rule_cases()) shown.insert(one.rule);
  for (const Rule& rule : all_rules()) EXPECT_TRUE(shown.contains(without_number(rule.name))) << rule.name;
}

}  // namespace
}  // namespace workerdb::aql::optimize

// How documents are reached: each rule with a query that it changes (see each_rule_test.cc).
#include <gtest/gtest.h>

#include "aql/optimize/rule_case.h"

namespace workerdb::aql::optimize {
namespace {

const bool kAdded = add_rule_cases({
    {"use-indexes",
     R"q(FOR u IN users FILTER u.age == 1 RETURN u)q",
     {},
     R"q(FOR u IN users   /* full collection scan, filter: u.age == 1 */
RETURN u
)q",
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: u.age == 1
)q"},
    {"remove-filter-covered-by-index",
     R"q(FOR u IN users FILTER u.age == 1 RETURN u)q",
     {},
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `age`, with late materialization, filter: u.age == 1 */
MATERIALIZE u
RETURN u
idx_101: u.age == 1
)q",
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: u.age == 1
)q"},
    {"use-index-for-sort",
     R"q(FOR u IN users SORT u.age RETURN u)q",
     {},
     R"q(FOR u IN users   /* full collection scan */
SORT u.age ASC   /* sorting strategy: standard */
RETURN u
)q",
     R"q(FOR u IN users   /* persistent index scan */
RETURN u
idx_101: *
)q"},
    {"use-index-for-collect",
     R"q(FOR u IN users FILTER u.age > 3 COLLECT age = u.age RETURN age)q",
     {},
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `age` */
COLLECT age = u.age   /* hash */
SORT age ASC   /* sorting strategy: standard */
RETURN age
idx_101: u.age > 3
)q",
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `age` */
COLLECT age = u.age   /* sorted */
RETURN age
idx_101: u.age > 3
)q"},
    {"sort-in-values",
     R"q(LET list = (FOR q IN plain RETURN q.a) FOR p IN plain FILTER p.b IN list RETURN p)q",
     {},
     R"q(LET list = ...   /* const subquery */
FOR q IN plain   /* full collection scan, projections: `a` */
RETURN q.a
FOR p IN plain   /* full collection scan, filter: p.b IN list */
RETURN p
)q",
     R"q(LET list = ...   /* const subquery */
FOR q IN plain   /* full collection scan, projections: `a` */
RETURN q.a
LET #3 = SORTED_UNIQUE(list)
FOR p IN plain   /* full collection scan, filter: p.b IN #3 */
RETURN p
)q"},
    {"optimize-count",
     R"q(RETURN LENGTH(FOR p IN plain FILTER p.a RETURN p))q",
     {},
     R"q(LET #1 = ...   /* const subquery */
FOR p IN plain   /* full collection scan, without document, filter: p.a */
RETURN true
RETURN LENGTH(#1)
)q",
     R"q(LET #1 = ...   /* const subquery */
FOR p IN plain   /* full collection scan, without document, filter: p.a */
COLLECT AGGREGATE #2 = LENGTH()   /* count */
RETURN #2
RETURN #1[0]
)q"},
    {"optimize-traversal-last-element-access",
     R"q(FOR v, e, p IN 1..2 OUTBOUND "users/1" edges RETURN p.vertices[-1].name)q",
     {},
     R"q(FOR v, p IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path, vertex optimized away, paths: vertices */
RETURN p.vertices[-1].name
)q",
     R"q(FOR v IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path */
RETURN v.name
)q"},
    {"optimize-traversals",
     R"q(FOR v, e, p IN 1..2 OUTBOUND "users/1" edges FILTER p.edges[0].a == 1 RETURN v)q",
     {},
     R"q(FOR v, e, p IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path, paths: edges */
FILTER p.edges[0].a == 1
RETURN v
)q",
     R"q(FOR v IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path, edge 0: #element.a == 1 */
RETURN v
)q"},
    {"remove-filter-covered-by-traversal",
     R"q(FOR v, e, p IN 1..2 OUTBOUND "users/1" edges FILTER p.edges[0].a == 1 RETURN v)q",
     {},
     R"q(FOR v, p IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path, paths: edges, edge 0: #element.a == 1 */
FILTER p.edges[0].a == 1
RETURN v
)q",
     R"q(FOR v IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path, edge 0: #element.a == 1 */
RETURN v
)q"},
    {"remove-redundant-path-var",
     R"q(FOR v, e, p IN 1..2 OUTBOUND "users/1" edges RETURN v)q",
     {},
     R"q(FOR v, p IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path, paths: vertices, edges, weights */
RETURN v
)q",
     R"q(FOR v IN 1..2 OUTBOUND "users/1" edges   /* order: dfs, uniqueVertices: none, uniqueEdges: path */
RETURN v
)q"},
    {"optimize-paths",
     R"q(FOR p IN OUTBOUND K_SHORTEST_PATHS "users/1" TO "users/2" edges RETURN LENGTH(p.edges))q",
     {},
     R"q(FOR p IN OUTBOUND K_SHORTEST_PATHS "users/1" TO "users/2" edges   /* paths, paths: vertices, edges, weights */
RETURN LENGTH(p.edges)
)q",
     R"q(FOR p IN OUTBOUND K_SHORTEST_PATHS "users/1" TO "users/2" edges   /* paths, paths: edges */
RETURN LENGTH(p.edges)
)q"},
    {"handle-arangosearch-views",
     R"q(FOR d IN found RETURN d)q",
     {},
     R"q(FOR d IN found   /* view query */
RETURN d
)q",
     R"q(FOR d IN found   /* view query */
RETURN d
)q"},
    {"move-calculations-down",
     R"q(FOR p IN plain LET x = UPPER(p.a) SORT p.b LIMIT 5 RETURN [x, x])q",
     {},
     R"q(FOR p IN plain   /* full collection scan, projections: `a`, `b` */
LET x = UPPER(p.a)
SORT p.b ASC   /* sorting strategy: constrained heap, limit: 5 */
LIMIT 0, 5
RETURN [x, x]
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a`, `b` */
SORT p.b ASC   /* sorting strategy: constrained heap, limit: 5 */
LIMIT 0, 5
LET x = UPPER(p.a)
RETURN [x, x]
)q"},
    {"fuse-filters",
     R"q(FOR p IN plain FOR q IN [p] FILTER q.a FILTER UPPER(q.b) == "A" RETURN p)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
FOR q IN [p]
FILTER q.a
FILTER UPPER(q.b) == "A"
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan */
FOR q IN [p]
FILTER q.a && UPPER(q.b) == "A"
RETURN p
)q"},
    {"move-filters-into-enumerate",
     R"q(FOR p IN plain FILTER p.a RETURN p)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
FILTER p.a
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan, filter: p.a */
RETURN p
)q"},
    {"sort-limit",
     R"q(FOR p IN plain SORT p.a LIMIT 5 RETURN p)q",
     {},
     R"q(FOR p IN plain   /* full collection scan */
SORT p.a ASC   /* sorting strategy: standard */
LIMIT 0, 5
RETURN p
)q",
     R"q(FOR p IN plain   /* full collection scan */
SORT p.a ASC   /* sorting strategy: constrained heap, limit: 5 */
LIMIT 0, 5
RETURN p
)q"},
    {"reduce-extraction-to-projection",
     R"q(FOR p IN plain RETURN p.a)q",
     {"-optimize-projections"},
     R"q(FOR p IN plain   /* full collection scan */
RETURN p.a
)q",
     R"q(FOR p IN plain   /* full collection scan, projections: `a` */
RETURN p.a
)q"},
    {"late-document-materialization-arangosearch",
     R"q(FOR d IN found SEARCH d.a == 1 SORT BM25(d) DESC LIMIT 10 RETURN d)q",
     {},
     R"q(FOR d IN found SEARCH d.a == 1 LET #1 = BM25(d)   /* view query with scores */
SORT #1 DESC   /* sorting strategy: constrained heap, limit: 10 */
LIMIT 0, 10
RETURN d
)q",
     R"q(FOR d IN found SEARCH d.a == 1 LET #1 = BM25(d)   /* view query with scores, with late materialization */
SORT #1 DESC   /* sorting strategy: constrained heap, limit: 10 */
LIMIT 0, 10
MATERIALIZE d
RETURN d
)q"},
    {"late-document-materialization",
     R"q(FOR u IN users FILTER u.a == 1 SORT u.c LIMIT 10 RETURN u)q",
     {"-batch-materialize-documents"},
     R"q(FOR u IN users   /* persistent index scan */
SORT u.c ASC   /* sorting strategy: constrained heap, limit: 10 */
LIMIT 0, 10
RETURN u
idx_103: u.a == 1
)q",
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `c`, with late materialization */
SORT u.c ASC   /* sorting strategy: constrained heap, limit: 10 */
LIMIT 0, 10
MATERIALIZE u
RETURN u
idx_103: u.a == 1
)q"},
    {"push-limit-into-index",
     R"q(FOR u IN users FILTER u.age == 1 LIMIT 5 RETURN u)q",
     {},
     R"q(FOR u IN users   /* persistent index scan */
LIMIT 0, 5
RETURN u
idx_101: u.age == 1
)q",
     R"q(FOR u IN users   /* persistent index scan */
LIMIT 0, 5
RETURN u
idx_101: u.age == 1
)q"},
    {"batch-materialize-documents",
     R"q(FOR u IN users FILTER u.a == 1 FILTER UPPER(u.d) != "X" RETURN u)q",
     {},
     R"q(FOR u IN users   /* persistent index scan, filter: UPPER(u.d) != "X" */
RETURN u
idx_103: u.a == 1
)q",
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `d`, with late materialization, filter: UPPER(u.d) != "X" */
MATERIALIZE u
RETURN u
idx_103: u.a == 1
)q"},
    {"push-down-late-materialization",
     R"q(FOR u IN users FILTER u.a == 1 SORT u.c RETURN u)q",
     {},
     R"q(FOR u IN users   /* persistent index scan, index only, without document, with late materialization */
MATERIALIZE u
SORT u.c ASC   /* sorting strategy: standard */
RETURN u
idx_103: u.a == 1
)q",
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `c`, with late materialization */
SORT u.c ASC   /* sorting strategy: standard */
MATERIALIZE u
RETURN u
idx_103: u.a == 1
)q"},
    {"materialize-into-separate-variable",
     R"q(FOR u IN users FILTER u.a == 1 SORT u.c LIMIT 10 RETURN u.x)q",
     {},
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `c`, with late materialization */
SORT u.c ASC   /* sorting strategy: constrained heap, limit: 10 */
LIMIT 0, 10
MATERIALIZE u   /* projections: `x` */
RETURN u.x
idx_103: u.a == 1
)q",
     R"q(FOR u IN users   /* persistent index scan, index only, projections: `c`, with late materialization */
SORT u.c ASC   /* sorting strategy: constrained heap, limit: 10 */
LIMIT 0, 10
MATERIALIZE u   /* projections: `x` */
RETURN u.x
idx_103: u.a == 1
)q"},
    {"optimize-projections",
     R"q(FOR u IN users FILTER u.a == 1 && u.b > 2 SORT u.c RETURN u.x)q",
     {"-batch-materialize-documents"},
     R"q(FOR u IN users   /* persistent index scan */
SORT u.c ASC   /* sorting strategy: standard */
RETURN u.x
idx_103: u.a == 1 && u.b > 2
)q",
     R"q(FOR u IN users   /* persistent index scan, projections: `c`, `x` */
SORT u.c ASC   /* sorting strategy: standard */
RETURN u.x
idx_103: u.a == 1 && u.b > 2
)q"},
});

TEST(EachRule, OfAccessIsAdded) { EXPECT_TRUE(kAdded); }

}  // namespace
}  // namespace workerdb::aql::optimize

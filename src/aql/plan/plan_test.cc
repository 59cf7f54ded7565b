#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "aql/plan/build.h"
#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/semantics/testing_catalog.h"
#include "value/json.h"

namespace workerdb::aql::plan {
namespace {

base::Result<std::unique_ptr<Plan>> planned(std::string_view text, std::string_view bind = "{}") {
  static const semantics::TestingCatalog catalog("users 1000\nposts 200\nlikes 50 edge");
  auto query = syntax::parse(text);
  if (!query) return query.error();
  auto variables = value::parse_json(bind);
  auto analyzed = semantics::analyze(std::move(**query), variables->slice(), catalog, nullptr);
  if (!analyzed) return analyzed.error();
  return build(std::move(*analyzed));
}

void put_lines(const Plan& root, const Plan& plan, const std::string& indent, std::string& to) {
  for (const NodePtr& node : plan.nodes) {
    const Subquery* subquery = node->get_if<Subquery>();
    to += indent + node_text(root, *node);
    if (subquery != nullptr && subquery->condition) to += " if " + syntax::to_string(*subquery->condition);
    to += "\n";
    if (const Plan* inner = subplan(*node)) put_lines(root, *inner, indent + "  ", to);
  }
}

std::string lines(std::string_view text) {
  auto plan = planned(text);
  if (!plan) return "error: " + plan.error().message();
  std::string result;
  put_lines(**plan, **plan, "", result);
  return result;
}

TEST(Plan, Statements) {
  EXPECT_EQ(lines("FOR u IN users FILTER u.age > 18 LET n = u.name SORT n DESC LIMIT 2, 3 RETURN {n}"),
            "ROOT\nFOR u IN users\nFILTER u.age > 18\nLET n = u.name\nSORT n DESC\nLIMIT 2, 3\nRETURN {\"n\": n}\n");
  EXPECT_EQ(lines("FOR [a, {b: [c]}] IN [1, [2, 3]] RETURN a + c"),
            "ROOT\nFOR #2 IN [1,[2,3]]\nLET a = #2[0]\nLET c = #2[1].b[0]\nRETURN a + c\n");
  EXPECT_EQ(lines("FOR u IN users LIMIT 5, null RETURN DISTINCT u.a"),
            "ROOT\nFOR u IN users\nLIMIT 5, null\nCOLLECT #1 = u.a\nRETURN #1\n");
  EXPECT_EQ(lines("FOR u IN users SORT null RETURN u"), "ROOT\nFOR u IN users\nRETURN u\n");
}

TEST(Plan, Collect) {
  EXPECT_EQ(
      lines("FOR u IN users COLLECT a = u.a AGGREGATE m = MAX(u.b) INTO g RETURN [a, m, g]"),
      "ROOT\nFOR u IN users\nCOLLECT a = u.a AGGREGATE m = MAX(u.b) INTO g KEEP u\nSORT a ASC\nRETURN [a, m, g]\n");
  EXPECT_EQ(lines("FOR u IN users COLLECT a = u.a SORT null RETURN a"),
            "ROOT\nFOR u IN users\nCOLLECT a = u.a\nRETURN a\n");
  EXPECT_EQ(lines("FOR u IN users COLLECT a = u.a OPTIONS {method: 'sorted'} RETURN a"),
            "ROOT\nFOR u IN users\nSORT u.a ASC\nCOLLECT a = u.a\nRETURN a\n");
  EXPECT_EQ(lines("FOR u IN users COLLECT WITH COUNT INTO n RETURN n"),
            "ROOT\nFOR u IN users\nCOLLECT AGGREGATE n = LENGTH()\nRETURN n\n");
}

TEST(Plan, SubqueriesArePulledOut) {
  EXPECT_EQ(lines("FOR u IN users RETURN [(FOR p IN posts FILTER p.u == u._key RETURN p)]"),
            "ROOT\nFOR u IN users\nLET #2 = ...\n  ROOT\n  FOR p IN posts\n  FILTER p.u == u._key\n  RETURN p\nRETURN "
            "[#2]\n");
  EXPECT_EQ(lines("LET s = (RETURN 1) RETURN s"), "ROOT\nLET s = ...\n  ROOT\n  RETURN 1\nRETURN s\n");
  EXPECT_EQ(lines("FOR u IN users RETURN u.x ? (RETURN 1) : (RETURN 2)"),
            "ROOT\nFOR u IN users\nLET #1 = u.x\nLET #2 = ... if #1\n  ROOT\n  RETURN 1\n"
            "LET #3 = ... if !#1\n  ROOT\n  RETURN 2\nRETURN #1 ? #2 : #3\n");
  EXPECT_EQ(lines("FOR u IN users RETURN u.x || (RETURN u)[0]"),
            "ROOT\nFOR u IN users\nLET #1 = u.x\nLET #2 = ... if !#1\n  ROOT\n  RETURN u\nRETURN #1 || #2[0]\n");
  EXPECT_EQ(lines("FOR u IN users FILTER u.x && (RETURN u) RETURN 1"),
            "ROOT\nFOR u IN users\nLET #1 = u.x\nLET #2 = ... if #1\n  ROOT\n  RETURN u\nFILTER #1 && #2\nRETURN 1\n");
}

TEST(Plan, SubqueryInsideOfAnExpansion) {
  EXPECT_EQ(lines("FOR u IN users RETURN u.a[* FILTER CURRENT.b LIMIT 2 RETURN (RETURN CURRENT)]"),
            "ROOT\nFOR u IN users\nLET #2 = u.a\nLET #4 = ...\n  ROOT\n  FOR CURRENT IN IS_ARRAY(#2) ? #2 : []\n"
            "  FILTER CURRENT.b\n  LIMIT 0, 2\n  LET #3 = ...\n    ROOT\n    RETURN CURRENT\n  RETURN #3\nRETURN #4\n");
}

TEST(Plan, Modifications) {
  EXPECT_EQ(lines("FOR u IN users UPDATE u WITH {a: 1} IN users RETURN NEW"),
            "ROOT\nFOR u IN users\nUPDATE u WITH {\"a\":1} IN users\nRETURN NEW\n");
  EXPECT_EQ(lines("UPSERT {a: 1, b: @x} INSERT {} UPDATE {n: OLD.n + 1} IN users"),
            "error: no value specified for declared bind parameter 'x' at position 1:18");
  EXPECT_EQ(lines("FOR x IN 1..2 UPSERT {a: x, b: 2} INSERT {a: x} UPDATE {n: OLD.n + 1} IN users"),
            "ROOT\nFOR x IN 1..2\nUPSERT ... INSERT {\"a\": x} UPDATE {\"n\": OLD.n + 1} IN users\n  ROOT\n"
            "  FOR CURRENT IN users\n  FILTER CURRENT.a == x && CURRENT.b == 2\n  LIMIT 0, 1\n  RETURN CURRENT\n");
  auto plan = planned("INSERT {} INTO users OPTIONS {overwriteMode: 'ignore', waitForSync: true}");
  ASSERT_TRUE(plan);
  const Insert* insert = (*plan)->nodes.back()->get_if<Insert>();
  ASSERT_NE(insert, nullptr);
  EXPECT_EQ(insert->options.overwrite_mode, "ignore");
  EXPECT_TRUE(insert->options.wait_for_sync);
  EXPECT_TRUE((*plan)->modifies());
}

// Every variable that a node reads is set in front of it.
void check_variables(const Plan& plan, std::vector<VariableId> set) {
  for (const NodePtr& node : plan.nodes) {
    std::vector<VariableId> used;
    collect_used_variables(*node, used);
    for (VariableId variable : used) {
      EXPECT_NE(std::find(set.begin(), set.end(), variable), set.end()) << node_name(*node) << " reads " << variable;
    }
    if (const Plan* inner = subplan(*node)) check_variables(*inner, set);
    for (VariableId variable : set_variables(*node)) set.push_back(variable);
  }
}

TEST(Plan, VariablesAreSetBeforeTheyAreRead) {
  for (const char* text : {"FOR u IN users LET s = (FOR p IN posts FILTER p.u == u._key RETURN p) RETURN [u, s[* "
                           "FILTER CURRENT.x == u.y].z]",
                           "FOR u IN users COLLECT a = u.a INTO g RETURN {a, n: g[*].u.b}",
                           "FOR x IN 1..2 UPSERT {a: x} INSERT {a: x} UPDATE {n: OLD.n} IN users RETURN [OLD, NEW]",
                           "FOR u IN users RETURN u.a ? (u.b ? (RETURN u.c) : 2) : (FOR p IN posts RETURN [p, u])"}) {
    auto plan = planned(text);
    ASSERT_TRUE(plan) << text;
    check_variables(**plan, {});
    check_variables(*clone(**plan), {});
  }
}

TEST(Plan, TooManyNodes) {
  std::string text;
  for (int i = 0; i < 4001; ++i) text += "FILTER true ";
  auto plan = planned(text + "RETURN 1");
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), base::ErrorCode::kQueryTooMuchNesting);
}

TEST(Plan, Explain) {
  auto plan = planned("FOR u IN users FILTER u.age > 18 RETURN u");
  ASSERT_TRUE(plan);
  EXPECT_EQ(explain_text(**plan),
            "Execution plan:\n"
            " Id   NodeType                    Est.   Comment\n"
            "  1   SingletonNode                  1   * ROOT\n"
            "  2   EnumerateCollectionNode     1000     - FOR u IN users   /* full collection scan */\n"
            "  3   FilterNode                   500       - FILTER u.age > 18\n"
            "  4   ReturnNode                   500       - RETURN u\n"
            "\nIndexes used:\n none\n\nOptimization rules applied:\n none\n");
  value::Builder builder;
  append_explain(**plan, builder);
  value::Slice nodes = builder.slice().get("nodes");
  ASSERT_EQ(nodes.size(), 4u);
  EXPECT_EQ(nodes.at(1).get("type").as_string(), "EnumerateCollectionNode");
  EXPECT_EQ(value::to_json(nodes.at(2).get("dependencies")), "[2]");
  EXPECT_EQ(value::to_json(builder.slice().get("collections")), R"([{"name":"users","type":"read"}])");
}

TEST(Plan, SameExpressionLooksThroughElements) {
  auto query = syntax::parse(
      "LET a = [] RETURN [a[* FILTER CURRENT.x == 1], a[* FILTER CURRENT.x == 1], a[* FILTER CURRENT.x == 2]]");
  ASSERT_TRUE(query);
  auto analyzed = semantics::analyze(std::move(**query), {}, semantics::TestingCatalog(""), nullptr);
  ASSERT_TRUE(analyzed);
  const auto& list = std::get<syntax::Return>(analyzed->query.statements.back().node).expression;
  const auto& items = list->get_if<syntax::ArrayLiteral>()->items;
  EXPECT_TRUE(same_expression(*items[0], *items[1]));
  EXPECT_FALSE(same_expression(*items[0], *items[2]));
}

}  // namespace
}  // namespace workerdb::aql::plan

// Expressions as text, evaluated by the compiled form and compared as JSON.
#include <gtest/gtest.h>

#include "aql/execute/constant_evaluator.h"
#include "aql/execute/expression_compiler.h"
#include "aql/semantics/analyze.h"
#include "aql/syntax/statement.h"
#include "value/json.h"

namespace workerdb::aql::execute {
namespace {

class NoCollections : public semantics::CatalogView {
 public:
  std::shared_ptr<const semantics::CollectionInfo> find_collection(std::string_view) const override { return nullptr; }
};

struct Evaluated {
  std::string json;
  uint64_t warnings = 0;
  int error = 0;
};

// `text` may use the variable v, which holds `variable`'s JSON: nothing that uses it can be folded.
Evaluated evaluate(const std::string& text, const std::string& variable = "null") {
  auto parsed = syntax::parse("FOR v IN [] RETURN " + text);
  if (!parsed) return {parsed.error().message(), 0, parsed.error().number()};
  NoCollections catalog;
  auto analyzed = semantics::analyze(std::move(**parsed), {}, catalog, nullptr);
  if (!analyzed) return {analyzed.error().message(), 0, analyzed.error().number()};
  const auto& statement = std::get<syntax::Return>(analyzed->query.statements.back().node);
  RegisterAllocation registers;
  Register v = registers.of(0);
  auto compiled = compile_expression(*statement.expression, registers);
  if (!compiled) return {compiled.error().message(), 0, compiled.error().number()};

  Interrupt interrupt(0, 0);
  ArenaPool pool(&interrupt);
  Batch batch(registers.count(), 1, pool);
  value::Buffer value = *value::parse_json(variable);
  batch.column(v)[0] = value.slice();
  functions::Context context;
  context.set_arena(&batch.arena());
  Evaluation evaluation(context, interrupt, registers.local_count());
  evaluation.set_batch(batch);
  evaluation.set_row(0);
  value::Slice result = (*compiled)->evaluate(evaluation);
  EXPECT_EQ((*compiled)->is_true(evaluation), value::is_truthy(result)) << text;
  value::Builder appended;
  (*compiled)->append(evaluation, appended);
  EXPECT_TRUE(value::equal(appended.slice(), result)) << text;
  return {value::to_json(result), context.warning_count() / 3, context.failed() ? context.error().number() : 0};
}

struct Case {
  const char* text;
  const char* expected;
  const char* variable = "null";
};

void check(std::initializer_list<Case> cases) {
  for (const Case& entry : cases) {
    EXPECT_EQ(evaluate(entry.text, entry.variable).json, entry.expected) << entry.text << " with " << entry.variable;
  }
}

TEST(Expression, ReadsAttributesAndPositions) {
  check({{"v.a", "1", R"({"a":1})"},
         {"v.a.b.c", "3", R"({"a":{"b":{"c":3}}})"},
         {"v.a.b.c", "null", R"({"a":{"b":7}})"},
         {"v.missing", "null", "[1]"},
         {"v['a']", "1", R"({"a":1})"},
         {"v[0]", "1", "[1,2,3]"},
         {"v[-1]", "3", "[1,2,3]"},
         {"v[3]", "null", "[1,2,3]"},
         {"v[-4]", "null", "[1,2,3]"},
         {"v[1.9]", "2", "[1,2,3]"},
         {"v[null]", "null", "[1,2,3]"},
         {"v[v[0]]", "2", "[1,2,3]"},
         {"v['x'].y", "5", R"({"x":{"y":5}})"},
         {"[v][0].a", "1", R"({"a":1})"},
         {"v['1']", "5", R"({"1":5})"},
         {"v._key", "\"k\"", R"({"_key":"k"})"}});
}

TEST(Expression, LogicGivesItsOperands) {
  check({{"v && 1", "null", "null"},
         {"v && 1", "1", "true"},
         {"v || 'x'", "\"x\"", "0"},
         {"v || 'x'", "7", "7"},
         {"!v", "true", "\"\""},
         {"NOT v", "false", "[]"},
         {"v ? 'yes' : 'no'", "\"yes\"", "{}"},
         {"v ? 'yes' : 'no'", "\"no\"", "0"},
         {"v ?: 'other'", "3", "3"},
         {"v ?: 'other'", "\"other\"", "null"}});
}

TEST(Expression, OnlyTheNeededSideRuns) {
  EXPECT_EQ(evaluate("v || 1 / 0", "1").warnings, 0u);
  EXPECT_EQ(evaluate("v && 1 / 0", "0").warnings, 0u);
  EXPECT_EQ(evaluate("v ? 1 : 1 / 0", "1").warnings, 0u);
  EXPECT_EQ(evaluate("v ? 1 : 1 / v", "0").warnings, 1u);
}

TEST(Expression, ComparesByTypeThenValue) {
  check({{"v == 1", "true", "1.0"},
         {"v == null", "true", "null"},
         {"v.x == null", "true", "{}"},
         {"v == 'a'", "false", "\"A\""},
         {"v < 'b'", "true", "\"a\""},
         {"v < 0", "true", "null"},
         {"v > 1000", "true", "\"\""},
         {"v >= 2", "true", "2"},
         {"v <= 2", "false", "2.5"},
         {"v != [1, 2]", "false", "[1,2]"},
         {"v == {b: 1, a: 2}", "true", R"({"a":2,"b":1})"},
         {"v == 9007199254740993", "false", "9007199254740992"},
         {"v IN [1, 2, 3]", "true", "2.0"},
         {"v NOT IN [1, 2, 3]", "true", "4"},
         {"v IN 'text'", "false", "\"t\""},
         {"v IN [1,2,3,4,5,6,7,8,9,10]", "true", "7"},
         {"v IN [1,2,3,4,5,6,7,8,9,10]", "false", "\"7\""},
         {"v NOT IN [1,2,3,4,5,6,7,8,9,null]", "false", "null"},
         {"v IN 1..5", "true", "5"},
         {"v IN 5..1", "true", "3"},
         {"v IN 1..5", "false", "2.5"},
         {"v NOT IN 1..5", "true", "\"3\""},
         {"2 IN v", "true", "[1,2]"},
         {"2 IN v", "false", "null"}});
}

TEST(Expression, MatchesText) {
  check({{"v LIKE 'a%c'", "true", "\"abc\""},
         {"v LIKE 'a_'", "false", "\"abc\""},
         {"v NOT LIKE 'z%'", "true", "\"abc\""},
         {"v =~ 'b+'", "true", "\"abbc\""},
         {"v !~ 'b+'", "true", "\"ac\""}});
}

TEST(Expression, Calculates) {
  check({{"v + 1", "3", "2"},
         {"v + 1", "9223372036854775808.0", "9223372036854775807"},
         {"v - 0.5", "1.5", "2"},
         {"v * 3", "6", "2"},
         {"v / 4", "0.5", "2"},
         {"v % 3", "2", "5"},
         {"-v", "-5", "5"},
         {"+v", "5", "\"5\""},
         {"v + 1", "1", "null"},
         {"v + 1", "2", "true"},
         {"v + 1", "1", "{}"},
         {"v / 0", "null", "1"},
         {"v % 0", "null", "1"},
         {"1 + v * 2", "7", "3"}});
  EXPECT_EQ(evaluate("v / 0", "1").warnings, 1u);
}

TEST(Expression, BuildsCompoundValues) {
  check({{"[v, [v], {a: v}]", "[1,[1],{\"a\":1}]", "1"},
         {"{a: v, b: {c: [v.x]}}", "{\"a\":{\"x\":2},\"b\":{\"c\":[2]}}", R"({"x":2})"},
         {"{[CONCAT('k', v)]: v}", "{\"k1\":1}", "1"},
         {"{[v]: 1}", "{\"5\":1}", "5"},
         {"v..3", "[1,2,3]", "1"},
         {"v..1", "[3,2,1]", "3"},
         {"[]", "[]"},
         {"{}", "{}"},
         {"{v}", "{\"v\":1}", "1"}});
}

TEST(Expression, ExpandsArrays) {
  constexpr const char* kPeople = R"([{"n":"a","x":[1,2]},{"n":"b","x":[3]},{"n":"c"}])";
  check({{"v[*].n", R"(["a","b","c"])", kPeople},
         {"v[*].x", "[[1,2],[3],null]", kPeople},
         {"v[*].x[*]", "[[1,2],[3],[]]", kPeople},
         {"(v[*].x)[**]", "[1,2,3,null]", kPeople},
         {"v[* FILTER CURRENT.n != 'b' RETURN UPPER(CURRENT.n)]", R"(["A","C"])", kPeople},
         {"v[* LIMIT 1, 1].n", R"(["b"])", kPeople},
         {"v[* FILTER CURRENT > 1 LIMIT 2]", "[2,3]", "[1,2,3,4]"},
         {"v[* RETURN CURRENT[* RETURN CURRENT * 10]]", "[[10],[20,30]]", "[[1],[2,3]]"},
         {"v[**]", "[1,2,[3]]", "[1,[2,[3]]]"},
         {"v[***]", "[1,2,3]", "[1,[2,[3]]]"},
         {"v[*]", "[]", "{\"a\":1}"},
         {"v[*].a", "[]", "null"}});
}

TEST(Expression, CountsMatchingMembers) {
  check({{"v[?]", "true", "[1]"},
         {"v[?]", "false", "[]"},
         {"v[?]", "false", "\"text\""},
         {"v[? FILTER CURRENT > 2]", "true", "[1,2,3]"},
         {"v[? ALL FILTER CURRENT > 2]", "false", "[1,2,3]"},
         {"v[? NONE FILTER CURRENT > 5]", "true", "[1,2,3]"},
         {"v[? 2 FILTER CURRENT > 1]", "true", "[1,2,3]"},
         {"v[? 1..2 FILTER CURRENT > 0]", "false", "[1,2,3]"},
         {"v[? AT LEAST (2) FILTER CURRENT > 1]", "true", "[1,2,3]"},
         {"v[? AT LEAST (3) FILTER CURRENT > 1]", "false", "[1,2,3]"}});
}

TEST(Expression, ComparesMembers) {
  check({{"v ALL IN [1, 2, 3]", "true", "[1,2]"},
         {"v NONE IN [3]", "false", "[1,2,3]"},
         {"v ANY == 2", "true", "[1,2]"},
         {"v ANY > 2", "false", "[1,2]"},
         {"v NONE > 10", "true", "[1,2]"},
         {"v ALL >= 1", "true", "[1,2]"},
         {"v ALL == 1", "true", "[]"},
         {"v ANY == 1", "false", "[]"},
         {"v AT LEAST (2) IN [2, 3, 4]", "true", "[1,2,3]"},
         {"v ANY NOT IN [1]", "true", "[1,2]"},
         {"v ANY == 'x'", "false", "\"x\""}});
}

TEST(Expression, FoldsOnlyWhatIsSafe) {
  ProgramEvaluator folding;
  auto fold = [&](const char* text) -> std::string {
    auto parsed = syntax::parse(std::string("RETURN ") + text);
    NoCollections catalog;
    auto analyzed = semantics::analyze(std::move(**parsed), {}, catalog, nullptr);
    auto value = folding.evaluate(*std::get<syntax::Return>(analyzed->query.statements[0].node).expression);
    return value ? value::to_json(value->slice()) : "kept";
  };
  EXPECT_EQ(fold("1 + 2 * 3"), "7");
  EXPECT_EQ(fold("UPPER('a')"), "\"A\"");
  EXPECT_EQ(fold("[1, 2][* RETURN CURRENT + 1]"), "[2,3]");
  EXPECT_EQ(fold("1 / 0"), "kept");
  EXPECT_EQ(fold("(1..1000000)[* RETURN CURRENT]"), "kept");
}

}  // namespace
}  // namespace workerdb::aql::execute

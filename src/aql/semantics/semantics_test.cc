#include <gtest/gtest.h>

#include "aql/semantics/analyze.h"
#include "aql/semantics/testing_catalog.h"
#include "value/json.h"

namespace workerdb::aql::semantics {
namespace {

using base::ErrorCode;

base::Result<AnalyzedQuery> analyzed(std::string_view text, std::string_view bind = "{}") {
  static const TestingCatalog catalog("users 10\nposts 20\nlikes 5 edge");
  auto query = syntax::parse(text);
  if (!query) return query.error();
  auto variables = value::parse_json(bind);
  return analyze(std::move(**query), variables->slice(), catalog, nullptr);
}

std::string printed(std::string_view text, std::string_view bind = "{}") {
  auto result = analyzed(text, bind);
  return result ? syntax::to_string(result->query) : "error: " + result.error().message();
}

ErrorCode code_of(std::string_view text, std::string_view bind = "{}") {
  auto result = analyzed(text, bind);
  return result ? ErrorCode(0) : result.error().code();
}

TEST(Semantics, Variables) {
  EXPECT_EQ(printed("RETURN x"),
            "error: collection or view not found: x (nor a variable of this name) at position 1:8");
  EXPECT_EQ(printed("LET a = 1 LET a = 2 RETURN a"), "error: variable 'a' is assigned multiple times at position 1:15");
  EXPECT_EQ(code_of("FOR u IN users FOR u IN users RETURN u"), ErrorCode::kQueryVariableRedeclared);
  EXPECT_EQ(code_of("LET a = (FOR u IN users RETURN u) FOR u IN users RETURN u"), ErrorCode(0));
  EXPECT_EQ(code_of("LET [a, {b: a}] = 1 RETURN a"), ErrorCode::kQueryVariableRedeclared);
  EXPECT_EQ(code_of("LET a = a RETURN a"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("RETURN (FOR u IN users RETURN u)[0].x + u"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("RETURN CURRENT"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("LET a = [] RETURN a[* FILTER CURRENT.x RETURN CURRENT.y[* RETURN CURRENT]].z"), ErrorCode(0));
}

TEST(Semantics, ReferencesAreNumberedOverSubqueries) {
  auto result = analyzed("FOR u IN users LET s = (FOR p IN posts FILTER p.u == u._key RETURN p) RETURN [u, s]");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->variable_names, (std::vector<std::string>{"u", "p", "s"}));
  EXPECT_EQ(result->read_collections, (std::vector<std::string>{"posts", "users"}));
}

TEST(Semantics, Collections) {
  EXPECT_EQ(printed("FOR x IN nothing RETURN x"), "error: collection or view not found: nothing at position 1:10");
  EXPECT_EQ(printed("RETURN users"), "error: collection 'users' used as expression operand at position 1:8");
  EXPECT_EQ(code_of("INSERT {} INTO nothing"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("FOR u IN @@c RETURN u", R"({"@c": "users"})"), ErrorCode(0));
  EXPECT_EQ(code_of("FOR u IN @@c RETURN u", R"({"@c": 1})"), ErrorCode::kQueryBindParameterType);
  EXPECT_EQ(code_of("LET users = [1] FOR u IN users RETURN u"), ErrorCode(0));
}

TEST(Semantics, BindParameters) {
  EXPECT_EQ(printed("RETURN @a", R"({"a": [1, {"b": 2}]})"), R"(RETURN [1,{"b":2}])");
  EXPECT_EQ(printed("RETURN @a"), "error: no value specified for declared bind parameter 'a' at position 1:8");
  EXPECT_EQ(printed("RETURN 1", R"({"a": 1})"), "error: bind parameter 'a' was not declared in the query");
  EXPECT_EQ(printed("FOR u IN users RETURN u.@p[@q]", R"({"p": ["a", "b"], "q": "c"})"),
            "FOR u IN users RETURN u.a.b.c");
  EXPECT_EQ(code_of("FOR u IN users RETURN u.@p", R"({"p": 1})"), ErrorCode::kQueryBindParameterType);
  EXPECT_EQ(printed("FOR u IN users LIMIT @n RETURN {[@k]: 1, u}", R"({"n": 3, "k": "x"})"),
            R"(FOR u IN users LIMIT 3 RETURN {"x": 1, "u": u})");
}

TEST(Semantics, Collect) {
  EXPECT_EQ(code_of("FOR u IN users COLLECT a = u.a RETURN u"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("FOR u IN users COLLECT a = u.a INTO g KEEP x RETURN a"), ErrorCode::kQueryVariableNameUnknown);
  EXPECT_EQ(code_of("FOR u IN users COLLECT a = u.a LET u = a RETURN u"), ErrorCode(0));
  auto result = analyzed("LET x = 1 FOR u IN users LET y = u.y COLLECT a = u.a INTO g RETURN g");
  ASSERT_TRUE(result);
  const auto& collect = std::get<syntax::Collect>(result->query.statements[3].node);
  ASSERT_EQ(collect.keep.size(), 2u);  // x stands outside of the loop
  EXPECT_EQ(collect.keep[0].name, "u");
  EXPECT_EQ(collect.keep[1].name, "y");
}

TEST(Semantics, Modifications) {
  EXPECT_EQ(code_of("FOR u IN users INSERT u INTO posts RETURN NEW"), ErrorCode(0));
  EXPECT_EQ(code_of("FOR u IN users REMOVE u IN users RETURN OLD"), ErrorCode(0));
  EXPECT_EQ(code_of("FOR u IN users REMOVE u IN users RETURN NEW"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("INSERT {} INTO posts FOR p IN posts RETURN p"), ErrorCode::kQueryAccessAfterModification);
  EXPECT_EQ(code_of("INSERT {} INTO posts INSERT {} INTO posts"), ErrorCode::kQueryAccessAfterModification);
  EXPECT_EQ(code_of("INSERT {} INTO posts INSERT NEW INTO users RETURN NEW"), ErrorCode(0));
  EXPECT_EQ(code_of("UPSERT {a: 1} INSERT {a: OLD} UPDATE {} IN users"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("UPSERT FILTER CURRENT.a == 1 INSERT {} UPDATE {a: OLD.a} IN users RETURN [OLD, NEW]"),
            ErrorCode(0));
  EXPECT_EQ(code_of("UPSERT 1 INSERT {} UPDATE {} IN users"), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("LET NEW = 1 INSERT {} INTO posts RETURN NEW"), ErrorCode(0));
}

TEST(Semantics, Statements) {
  EXPECT_EQ(code_of("FOR u IN users LIMIT u.x RETURN u"), ErrorCode::kQueryNumberOutOfRange);
  EXPECT_EQ(code_of("FOR u IN users LIMIT -1 RETURN u"), ErrorCode::kQueryNumberOutOfRange);
  EXPECT_EQ(code_of("FOR u IN users LIMIT 5, null RETURN u"), ErrorCode(0));
  EXPECT_EQ(code_of("RETURN DISTINCT 1"), ErrorCode::kQueryParse);
  EXPECT_EQ(code_of("FOR u IN users OPTIONS {indexHint: u.a} RETURN u"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("FOR x IN users FOR u IN users OPTIONS {indexHint: x.a} RETURN u"),
            ErrorCode::kQueryCompileTimeOptions);
  auto result = analyzed("FOR u IN users OPTIONS {indexHintt: 'a'} RETURN u");
  ASSERT_TRUE(result);
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_EQ(result->warnings[0].code, ErrorCode::kQueryInvalidOptionsAttribute);
}

TEST(Semantics, Functions) {
  EXPECT_EQ(printed("RETURN NOSUCH(1)"), "error: usage of unknown function 'NOSUCH()' at position 1:8");
  EXPECT_EQ(code_of("RETURN my::own(1)"), ErrorCode::kQueryFunctionNotFound);
  EXPECT_EQ(code_of("RETURN IS_ARRAY()"), ErrorCode::kQueryFunctionArgumentNumberMismatch);
  EXPECT_EQ(code_of("RETURN IS_ARRAY(users)"), ErrorCode::kQueryCollectionUsedInExpression);
  EXPECT_EQ(code_of("FOR u IN users COLLECT AGGREGATE a = IS_ARRAY(u.x) RETURN a"),
            ErrorCode::kQueryInvalidAggregateExpression);
}

TEST(Semantics, CollectionsAsArguments) {
  EXPECT_EQ(printed("RETURN [LENGTH(users), COUNT(@@c)]", R"({"@c": "posts"})"),
            "RETURN [COLLECTION_COUNT(users), COLLECTION_COUNT(posts)]");
  EXPECT_EQ(printed("LET users = [1] RETURN LENGTH(users)"), "LET users = [1] RETURN LENGTH(users)");
  EXPECT_EQ(code_of("RETURN LENGTH(nothing)"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(code_of("INSERT {} INTO users RETURN LENGTH(users)"), ErrorCode::kQueryAccessAfterModification);
  EXPECT_EQ(code_of("INSERT {} INTO users RETURN LENGTH(posts)"), ErrorCode::kQueryAccessAfterModification);
}

TEST(Semantics, Folding) {
  EXPECT_EQ(printed("FOR u IN users RETURN [true ? u.a : u.b, false && u, null || u, {a: {b: 1}}.a.b, 0 ?: u, 3 ?: u]"),
            R"(FOR u IN users RETURN [u.a, false, u, 1, u, 3])");
  EXPECT_EQ(printed("RETURN 1..3"), "RETURN 1..3");
  EXPECT_EQ(printed("RETURN 1 / 0"), "RETURN 1 / 0");
}

// Stands for execution: adds integers, and declines everything else.
class AddingEvaluator : public ConstantEvaluator {
 public:
  std::optional<value::Buffer> evaluate(const syntax::Expression& expression) override {
    ++asked;
    const auto* binary = expression.get_if<syntax::Binary>();
    if (binary == nullptr || binary->op != syntax::BinaryOperator::kAdd) return std::nullopt;
    value::Builder builder;
    builder.integer(binary->left->get_if<syntax::Constant>()->value.slice().as_int64() +
                    binary->right->get_if<syntax::Constant>()->value.slice().as_int64());
    return builder.take();
  }
  int asked = 0;
};

TEST(Semantics, FoldingAsksTheEvaluatorFromTheLeavesUp) {
  auto query = syntax::parse("FOR x IN [1] LIMIT 1 + 2 RETURN [1 + (2 + 3), x + 1, 4 / 0, 1..2]");
  ASSERT_TRUE(query);
  AddingEvaluator evaluator;
  auto result = analyze(std::move(**query), {}, TestingCatalog(""), &evaluator);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(syntax::to_string(result->query), "FOR x IN [1] LIMIT 3 RETURN [6, x + 1, 4 / 0, 1..2]");
  EXPECT_EQ(evaluator.asked, 4);  // what depends on a row is never asked for
}

TEST(Semantics, WindowBounds) {
  EXPECT_EQ(code_of("FOR u IN users WINDOW {preceding: 1, following: 'unbounded'} AGGREGATE s = SUM(u.a) RETURN s"),
            ErrorCode(0));
  EXPECT_EQ(code_of("FOR u IN users WINDOW u.t WITH {preceding: 'PT30M'} AGGREGATE s = SUM(u.a) RETURN s"),
            ErrorCode(0));
  EXPECT_EQ(code_of("FOR u IN users WINDOW {preceding: -1} AGGREGATE s = SUM(u.a) RETURN s"), ErrorCode::kBadParameter);
  EXPECT_EQ(code_of("FOR u IN users WINDOW {preceding: 'PT30M'} AGGREGATE s = SUM(u.a) RETURN s"),
            ErrorCode::kBadParameter);
  EXPECT_EQ(code_of("FOR u IN users WINDOW {preceding: u.a} AGGREGATE s = SUM(u.a) RETURN s"),
            ErrorCode::kQueryCompileTimeOptions);
  EXPECT_EQ(code_of("INSERT {} INTO users WINDOW {preceding: 1} AGGREGATE s = SUM(1) RETURN s"),
            ErrorCode::kQueryWindowAfterModification);
}

}  // namespace
}  // namespace workerdb::aql::semantics

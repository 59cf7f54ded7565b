// Aggregates, arithmetic, matching, and the context.
#include <gtest/gtest.h>

#include <limits>

#include "aql/functions/conversion.h"
#include "aql/functions/matcher.h"
#include "aql/functions/testing_context.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// The result of an aggregate over a JSON array, once at a stretch and once merged from two halves.
std::string aggregate(TestingContext& context, std::string_view name, std::string_view values) {
  const Aggregate* found = find_aggregate(name);
  if (found == nullptr) return "no such aggregate";
  value::Buffer buffer = *value::parse_json(values);
  auto whole = found->make(context), left = found->make(context), right = found->make(context);
  size_t position = 0;
  for (value::ArrayIterator item(buffer.slice()); item.valid(); item.next(), ++position) {
    whole->add(item.value());
    (position % 2 == 0 ? left : right)->add(item.value());
  }
  auto loaded = found->make(context);
  std::string saved;
  left->save(saved);
  size_t border = saved.size();
  right->save(saved);
  if (loaded->merge_saved(saved.data()) != saved.data() + border) return "a saved state has another length";
  if (loaded->merge_saved(saved.data() + border) != saved.data() + saved.size())
    return "a saved state has another length";
  left->merge(*right);
  std::string merged = value::to_json(left->result(context)), at_once = value::to_json(whole->result(context));
  if (value::to_json(loaded->result(context)) != merged) return "saved " + value::to_json(loaded->result(context));
  whole->reset();
  std::string empty = value::to_json(whole->result(context)),
              fresh = value::to_json(found->make(context)->result(context));
  if (empty != fresh) return "reset leaves " + empty;
  return merged == at_once ? at_once : at_once + " but merged " + merged;
}

TEST(Aggregates, ResultsAndMerging) {
  struct One {
    std::string_view name, values, result;
  };
  for (const One& one :
       std::vector<One>{{"count", "[1,null,2]", "3"},
                        {"LENGTH", "[]", "0"},
                        {"SUM", "[1,null,2,3]", "6"},
                        {"SUM", "[]", "0"},
                        {"SUM", "[0.5,1]", "1.5"},
                        {"SUM", R"([1,"a"])", "null"},
                        {"SUM", "[9223372036854775807,9223372036854775807]", "18446744073709551616"},
                        {"AVERAGE", "[1,2,null,6]", "3"},
                        {"avg", "[]", "null"},
                        {"AVG", "[1,2]", "1.5"},
                        {"MIN", R"([3,null,1,"a"])", "1"},
                        {"MAX", R"([3,null,"abcdefghijklmnopqrstuvwxyz",1])", R"("abcdefghijklmnopqrstuvwxyz")"},
                        {"MIN", "[null]", "null"},
                        {"VARIANCE", "[2,4,4,4,5,5,7,9]", "4"},
                        {"STDDEV", "[2,4,4,4,5,5,7,9]", "2"},
                        {"VARIANCE_SAMPLE", "[1]", "null"},
                        {"STDDEV_SAMPLE", "[1,1,1]", "0"},
                        {"VARIANCE_POPULATION", "[1000000001,1000000003]", "1"},
                        {"UNIQUE", "[1,2,1,2,1]", "[1,2]"},
                        {"SORTED_UNIQUE", R"(["b",1,"a",1.0])", R"([1,"a","b"])"},
                        {"COUNT_DISTINCT", "[1,1.0,null,null]", "2"},
                        {"COUNT_UNIQUE", "[[1],[1],[2]]", "2"},
                        {"BIT_AND", "[7,null,3]", "3"},
                        {"BIT_OR", "[1,4]", "5"},
                        {"BIT_XOR", "[5,1]", "4"},
                        {"BIT_AND", "[]", "null"},
                        {"BIT_OR", "[-1]", "null"},
                        {"PUSH", "[1]", "[1]"},
                        {"PUSH", "[]", "[]"}}) {
    TestingContext context;
    EXPECT_EQ(aggregate(context, one.name, one.values), one.result) << one.name << one.values;
  }
  EXPECT_EQ(find_aggregate("MEDIAN"), nullptr);
  EXPECT_EQ(find_aggregate("COUNT")->min_arguments, 0u);
}

TEST(Aggregates, SumsOfManyDoublesStayExact) {
  TestingContext context;
  auto sum = find_aggregate("SUM")->make(context);
  for (int i = 0; i < 1'000'000; ++i) sum->add(context.arena().number(0.1));
  EXPECT_EQ(value::to_json(sum->result(context)), "100000");
}

TEST(Arithmetic, IntegersAreExactAndOverflowToDoubles) {
  struct One {
    Slice (*operation)(Context&, Slice, Slice);
    std::string_view left, right, result;
    int problem = 0;
  };
  for (const One& one : std::vector<One>{{add, "1", R"("a")", "1"},
                                         {add, "1", R"("99")", "100"},
                                         {add, "1", "null", "1"},
                                         {add, "3", "[]", "3"},
                                         {add, "24", "[2]", "26"},
                                         {add, "24", "[2,4]", "24"},
                                         {subtract, "25", "null", "25"},
                                         {subtract, "17", "true", "16"},
                                         {multiply, "23", "{}", "0"},
                                         {multiply, "5", "[7]", "35"},
                                         {divide, "24", R"("12")", "2"},
                                         {divide, "1", "0", "null", 1562},
                                         {divide, "1", R"("x")", "null", 1562},
                                         {divide, "1", "2", "0.5"},
                                         {modulo, "23", "7", "2"},
                                         {modulo, "1", "0", "null", 1562},
                                         {modulo, "5.5", "2", "1.5"},
                                         {modulo, "-7", "3", "-1"},
                                         {add, "9223372036854775807", "1", "9223372036854775808.0"},
                                         {add, "9007199254740993", "1", "9007199254740994"},
                                         {subtract, "-9223372036854775808", "1", "-9223372036854775808.0"},
                                         {multiply, "4294967296", "4294967296", "18446744073709551616"},
                                         {multiply, "1e308", "10", "null"},
                                         {divide, "-9223372036854775808", "-1", "9223372036854775808.0"},
                                         {modulo, "-9223372036854775808", "-1", "0"},
                                         {divide, "9223372036854775806", "2", "4611686018427387903"}}) {
    TestingContext context;
    value::Buffer left = *value::parse_json(one.left), right = *value::parse_json(one.right);
    EXPECT_EQ(value::to_json(one.operation(context, left.slice(), right.slice())), one.result)
        << one.left << " " << one.right;
    EXPECT_EQ(context.problem(), one.problem);
  }
  TestingContext context;
  EXPECT_EQ(value::to_json(negate(context, context.arena().integer(std::numeric_limits<int64_t>::min()))),
            "9223372036854775808.0");
  EXPECT_EQ(value::to_json(negate(context, context.arena().string("5"))), "-5");
  EXPECT_EQ(value::to_json(make_range(context, 3, 1)), "[3,2,1]");
  EXPECT_EQ(to_integer(context.arena().number(1e300)), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(to_integer(context.arena().number(-2.9)), -2);
}

TEST(Matcher, OperatorsWorkOnStrings) {
  TestingContext context;
  auto text = [&](std::string_view value) { return context.arena().string(value); };
  EXPECT_TRUE(like_operator(context, text("abc"), text("a%")).is_true());
  EXPECT_FALSE(like_operator(context, context.arena().integer(1), text("%")).is_true());
  EXPECT_TRUE(regex_operator(context, text("foo"), text("^f[o].$")).is_true());
  EXPECT_TRUE(regex_operator(context, text("foo"), text("[")).is_null());
  EXPECT_EQ(context.problem(), 1543);
}

TEST(Matcher, ForgetsExpressionsThatAreNotUsed) {
  TestingContext context;
  for (int i = 0; i < 200; ++i) {
    std::string number = std::to_string(i);
    EXPECT_EQ(matches_regex(context, "a" + number, "^a" + number + "$"), true);
    EXPECT_EQ(matches_regex(context, "A0", "^a0$", true), true);
  }
}

TEST(Context, RemembersSomeWarningsAndTheFirstError) {
  TestingContext context;
  context.max_warnings = 2;
  for (int i = 0; i < 5; ++i) context.warn(base::ErrorCode::kQueryDivisionByZero);
  EXPECT_EQ(context.warnings().size(), 2u);
  EXPECT_EQ(context.warning_count(), 5u);
  EXPECT_FALSE(context.failed());
  context.fail_on_warning = true;
  context.warn(base::ErrorCode::kQueryInvalidRegex, "first");
  context.warn(base::ErrorCode::kQueryDivisionByZero);
  EXPECT_EQ(context.error().message(), "first");
}

TEST(Context, LongLoopsEndWhenTheQueryDoes) {
  TestingContext context;
  std::atomic<bool> stop = true;
  context.stop_ = &stop;
  EXPECT_EQ(context.call("SLEEP", "[100000]"), "null");
  EXPECT_EQ(context.call("LEVENSHTEIN_DISTANCE", R"(["abc","abd"])"), "null");
  EXPECT_EQ(context.problem(), 0);
}

}  // namespace
}  // namespace workerdb::aql::functions

// The registry against the documented names and arities.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "aql/functions/testing_context.h"

namespace workerdb::aql::functions {
namespace {

struct Documented {
  std::string_view name;
  uint32_t min_arguments, max_arguments;
};

// The functions of the 3.12 documentation that need neither an analyzer, a geo or vector index, nor S2. Its
// page shows BIT_TO_STRING with one parameter but calls it with two.
constexpr Documented kDocumented[] = {
    {"ABS", 1, 1},
    {"ACOS", 1, 1},
    {"APPEND", 2, 3},
    {"APPLY", 1, 2},
    {"ASIN", 1, 1},
    {"ASSERT", 2, 2},
    {"ATAN", 1, 1},
    {"ATAN2", 2, 2},
    {"ATTRIBUTES", 1, 3},
    {"AVERAGE", 1, 1},
    {"AVG", 1, 1},
    {"BIT_AND", 1, 2},
    {"BIT_CONSTRUCT", 1, 1},
    {"BIT_DECONSTRUCT", 1, 1},
    {"BIT_FROM_STRING", 1, 1},
    {"BIT_NEGATE", 2, 2},
    {"BIT_OR", 1, 2},
    {"BIT_POPCOUNT", 1, 1},
    {"BIT_SHIFT_LEFT", 3, 3},
    {"BIT_SHIFT_RIGHT", 3, 3},
    {"BIT_TEST", 2, 2},
    {"BIT_TO_STRING", 1, 2},
    {"BIT_XOR", 1, 2},
    {"CALL", 1, kUnlimited},
    {"CEIL", 1, 1},
    {"CHAR_LENGTH", 1, 1},
    {"CHECK_DOCUMENT", 1, 1},
    {"COLLECTIONS", 0, 0},
    {"COLLECTION_COUNT", 1, 1},
    {"CONCAT", 1, kUnlimited},
    {"CONCAT_SEPARATOR", 2, kUnlimited},
    {"CONTAINS", 2, 3},
    {"CONTAINS_ARRAY", 2, 3},
    {"COS", 1, 1},
    {"COSINE_SIMILARITY", 2, 2},
    {"COUNT", 1, 1},
    {"COUNT_DISTINCT", 1, 1},
    {"COUNT_UNIQUE", 1, 1},
    {"CRC32", 1, 1},
    {"CURRENT_DATABASE", 0, 0},
    {"CURRENT_USER", 0, 0},
    {"DATE_ADD", 2, 4},
    {"DATE_COMPARE", 3, 6},
    {"DATE_DAY", 1, 2},
    {"DATE_DAYOFWEEK", 1, 2},
    {"DATE_DAYOFYEAR", 1, 2},
    {"DATE_DAYS_IN_MONTH", 1, 2},
    {"DATE_DIFF", 3, 6},
    {"DATE_FORMAT", 2, 3},
    {"DATE_HOUR", 1, 2},
    {"DATE_ISO8601", 1, 7},
    {"DATE_ISOWEEK", 1, 2},
    {"DATE_ISOWEEKYEAR", 1, 2},
    {"DATE_LEAPYEAR", 1, 2},
    {"DATE_LOCALTOUTC", 2, 3},
    {"DATE_MILLISECOND", 1, 1},
    {"DATE_MINUTE", 1, 2},
    {"DATE_MONTH", 1, 2},
    {"DATE_NOW", 0, 0},
    {"DATE_QUARTER", 1, 2},
    {"DATE_ROUND", 3, 4},
    {"DATE_SECOND", 1, 1},
    {"DATE_SUBTRACT", 2, 4},
    {"DATE_TIMESTAMP", 1, 7},
    {"DATE_TIMEZONE", 0, 0},
    {"DATE_TIMEZONES", 0, 0},
    {"DATE_TRUNC", 2, 3},
    {"DATE_UTCTOLOCAL", 2, 3},
    {"DATE_YEAR", 1, 2},
    {"DECAY_EXP", 5, 5},
    {"DECAY_GAUSS", 5, 5},
    {"DECAY_LINEAR", 5, 5},
    {"DECODE_REV", 1, 1},
    {"DEGREES", 1, 1},
    {"DISTANCE", 4, 4},
    {"DOCUMENT", 1, 2},
    {"ENCODE_URI_COMPONENT", 1, 1},
    {"ENTRIES", 1, 1},
    {"EXP", 1, 1},
    {"EXP2", 1, 1},
    {"FAIL", 1, 1},
    {"FIND_FIRST", 2, 4},
    {"FIND_LAST", 2, 4},
    {"FIRST", 1, 1},
    {"FIRST_DOCUMENT", 1, kUnlimited},
    {"FIRST_LIST", 1, kUnlimited},
    {"FLATTEN", 1, 2},
    {"FLOOR", 1, 1},
    {"FNV64", 1, 1},
    {"GEO_LINESTRING", 1, 1},
    {"GEO_MULTILINESTRING", 1, 1},
    {"GEO_MULTIPOINT", 1, 1},
    {"GEO_MULTIPOLYGON", 1, 1},
    {"GEO_POINT", 2, 3},
    {"GEO_POLYGON", 1, 1},
    {"HAS", 2, 2},
    {"HASH", 1, 1},
    {"INTERLEAVE", 2, kUnlimited},
    {"INTERSECTION", 2, kUnlimited},
    {"IN_RANGE", 5, 5},
    {"IPV4_FROM_NUMBER", 1, 1},
    {"IPV4_TO_NUMBER", 1, 1},
    {"IS_ARRAY", 1, 1},
    {"IS_BOOL", 1, 1},
    {"IS_DATESTRING", 1, 1},
    {"IS_DOCUMENT", 1, 1},
    {"IS_IN_POLYGON", 2, 3},
    {"IS_IPV4", 1, 1},
    {"IS_KEY", 1, 1},
    {"IS_LIST", 1, 1},
    {"IS_NULL", 1, 1},
    {"IS_NUMBER", 1, 1},
    {"IS_OBJECT", 1, 1},
    {"IS_SAME_COLLECTION", 2, 2},
    {"IS_STRING", 1, 1},
    {"JACCARD", 2, 2},
    {"JSON_PARSE", 1, 1},
    {"JSON_STRINGIFY", 1, 1},
    {"KEEP", 2, kUnlimited},
    {"KEEP_RECURSIVE", 2, kUnlimited},
    {"KEYS", 1, 3},
    {"L1_DISTANCE", 2, 2},
    {"L2_DISTANCE", 2, 2},
    {"LAST", 1, 1},
    {"LEFT", 2, 2},
    {"LENGTH", 1, 1},
    {"LEVENSHTEIN_DISTANCE", 2, 2},
    {"LIKE", 2, 3},
    {"LOG", 1, 1},
    {"LOG10", 1, 1},
    {"LOG2", 1, 1},
    {"LOWER", 1, 1},
    {"LTRIM", 1, 2},
    {"MATCHES", 2, 3},
    {"MAX", 1, 1},
    {"MD5", 1, 1},
    {"MEDIAN", 1, 1},
    {"MERGE", 1, kUnlimited},
    {"MERGE_RECURSIVE", 1, kUnlimited},
    {"MIN", 1, 1},
    {"MINHASH", 2, 2},
    {"MINHASH_COUNT", 1, 1},
    {"MINHASH_ERROR", 1, 1},
    {"MINUS", 2, kUnlimited},
    {"MIN_MATCH", 2, kUnlimited},
    {"NGRAM_POSITIONAL_SIMILARITY", 3, 3},
    {"NGRAM_SIMILARITY", 3, 3},
    {"NOEVAL", 1, 1},
    {"NOOPT", 1, 1},
    {"NOT_NULL", 1, kUnlimited},
    {"NTH", 2, 2},
    {"OUTERSECTION", 2, kUnlimited},
    {"PARSE_COLLECTION", 1, 1},
    {"PARSE_IDENTIFIER", 1, 1},
    {"PARSE_KEY", 1, 1},
    {"PASSTHRU", 1, 1},
    {"PERCENTILE", 2, 3},
    {"PI", 0, 0},
    {"POP", 1, 1},
    {"POSITION", 2, 3},
    {"POW", 2, 2},
    {"PRODUCT", 1, 1},
    {"PUSH", 2, 3},
    {"RADIANS", 1, 1},
    {"RAND", 0, 0},
    {"RANDOM", 0, 0},
    {"RANDOM_TOKEN", 1, 1},
    {"RANGE", 2, 3},
    {"REGEX_MATCHES", 2, 3},
    {"REGEX_REPLACE", 3, 4},
    {"REGEX_SPLIT", 2, 4},
    {"REGEX_TEST", 2, 3},
    {"REMOVE_NTH", 2, 2},
    {"REMOVE_VALUE", 2, 3},
    {"REMOVE_VALUES", 2, 2},
    {"REPEAT", 2, 3},
    {"REPLACE_NTH", 3, 4},
    {"REVERSE", 1, 1},
    {"RIGHT", 2, 2},
    {"ROUND", 1, 1},
    {"RTRIM", 1, 2},
    {"SCHEMA_GET", 1, 1},
    {"SCHEMA_VALIDATE", 2, 2},
    {"SHA1", 1, 1},
    {"SHA256", 1, 1},
    {"SHA512", 1, 1},
    {"SHARD_ID", 2, 2},
    {"SHIFT", 1, 1},
    {"SIN", 1, 1},
    {"SLEEP", 1, 1},
    {"SLICE", 2, 3},
    {"SORTED", 1, 1},
    {"SORTED_UNIQUE", 1, 1},
    {"SOUNDEX", 1, 1},
    {"SPLIT", 1, 3},
    {"SQRT", 1, 1},
    {"STARTS_WITH", 2, 3},
    {"STDDEV", 1, 1},
    {"STDDEV_POPULATION", 1, 1},
    {"STDDEV_SAMPLE", 1, 1},
    {"SUBSTITUTE", 2, 4},
    {"SUBSTRING", 2, 3},
    {"SUBSTRING_BYTES", 2, 5},
    {"SUM", 1, 1},
    {"TAN", 1, 1},
    {"TO_ARRAY", 1, 1},
    {"TO_BASE64", 1, 1},
    {"TO_BOOL", 1, 1},
    {"TO_CHAR", 1, 1},
    {"TO_HEX", 1, 1},
    {"TO_LIST", 1, 1},
    {"TO_NUMBER", 1, 1},
    {"TO_STRING", 1, 1},
    {"TRANSLATE", 2, 3},
    {"TRIM", 1, 2},
    {"TYPENAME", 1, 1},
    {"UNION", 2, kUnlimited},
    {"UNION_DISTINCT", 2, kUnlimited},
    {"UNIQUE", 1, 1},
    {"UNSET", 2, kUnlimited},
    {"UNSET_RECURSIVE", 2, kUnlimited},
    {"UNSHIFT", 2, 3},
    {"UPPER", 1, 1},
    {"UUID", 0, 0},
    {"VALUE", 2, 2},
    {"VALUES", 1, 2},
    {"VARIANCE", 1, 1},
    {"VARIANCE_POPULATION", 1, 1},
    {"VARIANCE_SAMPLE", 1, 1},
    {"VERSION", 0, 0},
    {"WARN", 2, 2},
    {"ZIP", 2, 2},
};

TEST(Registry, HoldsTheDocumentedFunctions) {
  std::set<std::string_view> documented;
  for (const Documented& expected : kDocumented) {
    documented.insert(expected.name);
    const Function* function = find_function(expected.name);
    ASSERT_NE(function, nullptr) << expected.name;
    EXPECT_EQ(function->name, expected.name);
    EXPECT_EQ(function->min_arguments, expected.min_arguments) << expected.name;
    EXPECT_EQ(function->max_arguments, expected.max_arguments) << expected.name;
  }
  for (const Function& function : all_functions())
    EXPECT_TRUE(documented.contains(function.name)) << function.name;
}

TEST(Registry, EveryEntryIsComplete) {
  EXPECT_TRUE(std::ranges::is_sorted(all_functions(), {}, &Function::name));
  for (const Function& function : all_functions()) {
    SCOPED_TRACE(function.name);
    EXPECT_NE(function.implementation, nullptr);
    EXPECT_FALSE(function.category.empty());
    EXPECT_TRUE(function.description.ends_with('.'));
    EXPECT_EQ(function.parameters.empty(), function.max_arguments == 0);
    EXPECT_TRUE(function.example.starts_with("RETURN "));
    EXPECT_NE(function.example.find(function.name), std::string_view::npos);
    EXPECT_TRUE(value::parse_json(function.example_result).has_value()) << function.example_result;
  }
}

TEST(Registry, FindsNamesInAnyCase) {
  EXPECT_EQ(find_function("length"), find_function("LENGTH"));
  EXPECT_EQ(find_function("Is_Ipv4")->name, "IS_IPV4");
  EXPECT_EQ(find_function(""), nullptr);
  EXPECT_EQ(find_function("LENGT"), nullptr);
  EXPECT_EQ(find_function("LENGTHS"), nullptr);
  EXPECT_EQ(find_function("length\xff"), nullptr);
}

// Any function called with values of every type gives a value, a warning or an error: it never fails in
// itself.
TEST(Registry, FunctionsBearAnyArguments) {
  constexpr std::string_view kValues[] = {"null",
                                          "true",
                                          "0",
                                          "-1",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "1e308",
                                          "-0.5",
                                          R"("")",
                                          R"("äa/b")",
                                          R"("P1D")",
                                          "[]",
                                          "[1,null,\"a\"]",
                                          R"([[1,2],[3,4]])",
                                          "{}",
                                          R"({"a":{"b":[1]},"_id":"c/k"})"};
  for (const Function& function : all_functions()) {
    uint32_t most = std::min(function.max_arguments, std::max(function.min_arguments, 4u));
    if (function.name == "SLEEP") continue;  // it would keep its promise
    for (uint32_t count = std::max(1u, function.min_arguments); count <= most; ++count) {
      for (size_t round = 0; round < std::size(kValues) * 3; ++round) {
        std::string arguments = "[";
        for (uint32_t i = 0; i < count; ++i) {
          if (i > 0) arguments += ',';
          arguments += kValues[(round * (i * 5 + 1) + i * 7) % std::size(kValues)];
        }
        TestingContext context;
        context.largest_value_bytes = 1 << 20;
        std::string result = context.call(function.name, arguments + "]");
        EXPECT_TRUE(value::parse_json(result).has_value())
            << function.name << arguments << " gave " << result;
      }
    }
  }
}

}  // namespace
}  // namespace workerdb::aql::functions

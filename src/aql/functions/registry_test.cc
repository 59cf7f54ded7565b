// The registry against the documented names and arities.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "aql/functions/testing_context.h"
#include "base/number.h"

namespace workerdb::aql::functions {
namespace {

// A line of tests/aql/functions.tsv, the names and arities of the 3.12 documentation. Its page shows
// BIT_TO_STRING with one parameter but calls it with two; functions that it describes twice have the arities
// of both.
struct Documented {
  std::string name;
  uint32_t min_arguments = 0, max_arguments = 0;
};

std::vector<Documented> documented_functions() {
  std::ifstream file("tests/aql/functions.tsv");
  std::vector<Documented> functions;
  std::string most;
  std::getline(file, most);  // the heading
  Documented one;
  while (file >> one.name >> one.min_arguments >> most) {
    one.max_arguments = most == "inf" ? kUnlimited : base::parse_integer<uint32_t>(most).value_or(0);
    functions.push_back(one);
  }
  return functions;
}

TEST(Registry, HoldsTheDocumentedFunctions) {
  std::set<std::string, std::less<>> documented;
  for (const Documented& expected : documented_functions()) {
    documented.insert(expected.name);
    const Function* function = find_function(expected.name);
    ASSERT_NE(function, nullptr) << expected.name;
    EXPECT_EQ(function->name, expected.name);
    EXPECT_EQ(function->min_arguments, expected.min_arguments) << expected.name;
    EXPECT_EQ(function->max_arguments, expected.max_arguments) << expected.name;
  }
  EXPECT_EQ(documented.size(), 257u);
  for (const Function& function : all_functions()) EXPECT_TRUE(documented.contains(function.name)) << function.name;
}

std::vector<std::string_view> split(std::string_view text, std::string_view by) {
  std::vector<std::string_view> pieces;
  for (size_t at; (at = text.find(by)) != std::string_view::npos; text.remove_prefix(at + by.size()))
    pieces.push_back(text.substr(0, at));
  pieces.push_back(text);
  return pieces;
}

// The arity that the parameters tell, with their form checked.
std::pair<uint32_t, uint32_t> told_arity(std::string_view parameters) {
  constexpr std::string_view kTypes[] = {"any", "null", "bool", "number", "string", "array", "object", "collection"};
  if (parameters.empty()) return {0, 0};
  uint32_t least = kUnlimited, most = 0;
  for (std::string_view way : split(parameters, " or ")) {
    uint32_t needed = 0, count = 0;
    bool is_repeated = false;
    for (std::string_view parameter : split(way, ", ")) {
      if (parameter == "…") {
        is_repeated = true;
        continue;
      }
      std::vector<std::string_view> parts = split(parameter, ": ");
      EXPECT_EQ(parts.size(), 2u) << parameters;
      ++count;
      needed += !parts[0].ends_with('?');
      for (std::string_view type : split(parts.back(), "|"))
        EXPECT_NE(std::ranges::find(kTypes, type), std::end(kTypes)) << parameters;
    }
    least = std::min(least, needed);
    most = is_repeated ? kUnlimited : std::max(most, count);
  }
  return {least, most};
}

TEST(Registry, EveryEntryIsComplete) {
  EXPECT_TRUE(std::ranges::is_sorted(all_functions(), {}, &Function::name));
  for (const Function& function : all_functions()) {
    SCOPED_TRACE(function.name);
    EXPECT_NE(function.implementation, nullptr);
    EXPECT_FALSE(function.category.empty());
    EXPECT_TRUE(function.description.ends_with('.'));
    EXPECT_EQ(told_arity(function.parameters), std::pair(function.min_arguments, function.max_arguments))
        << function.parameters;
    EXPECT_TRUE(function.example.starts_with("RETURN "));
    EXPECT_NE(function.example.find(function.name), std::string_view::npos);
    EXPECT_TRUE(function.example_result.starts_with("error ") || value::parse_json(function.example_result).has_value())
        << function.example_result;
  }
}

TEST(Registry, KnowsWhatCannotRunBesideTheData) {
  std::set<std::string_view> names;
  for (const Function& function : all_functions()) {
    if ((function.flags & kNeedsServer) != 0) names.insert(function.name);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"APPLY", "CALL", "COLLECTIONS", "COLLECTION_COUNT", "CURRENT_DATABASE",
                                               "CURRENT_USER", "DOCUMENT", "FULLTEXT", "NEAR", "SCHEMA_GET",
                                               "SCHEMA_VALIDATE", "V8", "VERSION", "WITHIN", "WITHIN_RECTANGLE"}));
  for (std::string_view name : {"RAND", "UUID", "DATE_NOW", "DOCUMENT", "CURRENT_USER", "COLLECTION_COUNT", "CALL"})
    EXPECT_FALSE(find_function(name)->is_cacheable()) << name;
  EXPECT_TRUE(find_function("LENGTH")->is_cacheable());
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
        EXPECT_TRUE(value::parse_json(result).has_value()) << function.name << arguments << " gave " << result;
      }
    }
  }
}

}  // namespace
}  // namespace workerdb::aql::functions

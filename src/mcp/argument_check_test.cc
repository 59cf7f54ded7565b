#include "mcp/argument_check.h"

#include <gtest/gtest.h>

#include "mcp/tool.h"
#include "value/json.h"

namespace workerdb::mcp {
namespace {

constexpr const char* kSchema = R"({"type":"object","additionalProperties":false,"required":["query"],"properties":{
  "query":{"type":"string","minLength":1,"maxLength":5,"description":"what to ask"},
  "limit":{"type":"integer","minimum":1,"maximum":9},
  "store":{"type":"string","enum":["a","b"]},
  "list":{"type":"array","maxItems":2,"items":{"type":["string","null"]}},
  "free":{"type":"object"}}})";

std::vector<std::string> problems_of(const char* arguments) {
  auto given = value::parse_json(arguments).value();
  auto schema = value::parse_json(kSchema).value();
  return check_arguments(given.slice(), schema.slice());
}

std::string problem_of(const char* arguments) {
  auto problems = problems_of(arguments);
  return problems.size() == 1 ? problems.front() : std::to_string(problems.size()) + " problems";
}

TEST(ArgumentCheck, FittingArgumentsPass) {
  EXPECT_TRUE(problems_of(R"({"query":"q"})").empty());
  EXPECT_TRUE(problems_of(R"({"query":"äöüßé","limit":9,"store":"b","list":["x",null],"free":{"any":[1]}})").empty());
  EXPECT_TRUE(problems_of(R"({"query":"q","limit":2.0})").empty());
}

TEST(ArgumentCheck, SaysWhatIsWrong) {
  EXPECT_EQ(problem_of("{}"), "the arguments must have 'query' (what to ask)");
  EXPECT_EQ(problem_of(R"({"query":""})"), "'query' must have at least 1 character(s)");
  EXPECT_EQ(problem_of(R"({"query":"123456"})"), "'query' must have at most 5 characters, not 6");
  EXPECT_EQ(problem_of(R"({"query":"q","limit":10})"), "'limit' must be at most 9, not 10");
  EXPECT_EQ(problem_of(R"({"query":"q","limit":0})"), "'limit' must be at least 1, not 0");
  EXPECT_EQ(problem_of(R"({"query":"q","limit":"3"})"), "'limit' must be of type integer, not string");
  EXPECT_EQ(problem_of(R"({"query":"q","limit":1.5})"), "'limit' must be of type integer, not number");
  EXPECT_EQ(problem_of(R"({"query":"q","store":"c"})"), "'store' must be one of \"a\", \"b\"");
  EXPECT_EQ(problem_of(R"({"query":"q","list":["x",7]})"), "'list[1]' must be of type string or null, not integer");
  EXPECT_EQ(problem_of(R"({"query":"q","list":["1","2","3"]})"), "'list' must have at most 2 items, not 3");
  EXPECT_EQ(problem_of(R"({"query":"q","limt":3})"), "'limt' is not known; did you mean 'limit'?");
  EXPECT_EQ(problem_of(R"({"query":"q","something":3})"),
            "'something' is not known; allowed are query, limit, store, list, free");
}

TEST(ArgumentCheck, StopsCounting) {
  EXPECT_EQ(problems_of(R"({"a1":1,"a2":1,"a3":1,"a4":1,"a5":1,"a6":1,"a7":1})").size(), 5u);
}

TEST(Tools, SchemasAreClosedAndUnderstood) {
  ASSERT_FALSE(tools().empty());
  for (const Tool& tool : tools()) {
    for (std::string_view text : {tool.input_schema, tool.output_schema}) {
      auto schema = value::parse_json(text);
      ASSERT_TRUE(schema) << tool.name << ": " << (schema ? "" : schema.error().message());
      EXPECT_EQ(schema->slice().get("type").as_string(), "object") << tool.name;
      EXPECT_TRUE(schema->slice().get("additionalProperties").is_bool()) << tool.name;
      EXPECT_FALSE(schema->slice().get("additionalProperties").is_true()) << tool.name;
      EXPECT_TRUE(unknown_keywords(schema->slice()).empty())
          << tool.name << ": " << unknown_keywords(schema->slice()).front();
    }
  }
}

TEST(Tools, ExamplesFitTheirSchemas) {
  for (const Tool& tool : tools()) {
    auto example = value::parse_json(tool.example);
    ASSERT_TRUE(example) << tool.name;
    auto problems = check_arguments(example->slice(), value::parse_json(tool.input_schema)->slice());
    EXPECT_TRUE(problems.empty()) << tool.name << ": " << problems.front();
  }
}

}  // namespace
}  // namespace workerdb::mcp

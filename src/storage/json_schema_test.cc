#include "storage/json_schema.h"

#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

bool accepts(std::string_view rule, std::string_view document) {
  auto schema = JsonSchema::compile(json("{\"rule\":" + std::string(rule) + "}").slice());
  EXPECT_TRUE(schema) << rule << (schema ? "" : schema.error().message());
  return schema && (*schema)->accepts(json(document).slice());
}

int compile_error(std::string_view property) { return error_number(JsonSchema::compile(json(property).slice())); }

TEST(JsonSchema, Types) {
  EXPECT_TRUE(accepts(R"({"properties":{"a":{"type":"number"}}})", R"({"a":1})"));
  EXPECT_TRUE(accepts(R"({"properties":{"a":{"type":["number","null"]}}})", R"({"a":null})"));
  EXPECT_FALSE(accepts(R"({"properties":{"a":{"type":"string"}}})", R"({"a":1})"));
  EXPECT_TRUE(accepts(R"({"properties":{"a":{"type":"integer"}}})", R"({"a":2.0})"));
  EXPECT_FALSE(accepts(R"({"properties":{"a":{"type":"integer"}}})", R"({"a":2.5})"));
  EXPECT_FALSE(accepts(R"({"properties":{"a":{"type":"number","multipleOf":1}}})", R"({"a":2.5})"));
}

TEST(JsonSchema, SystemAttributesAreInvisible) {
  constexpr auto kRule = R"({"properties":{"a":{}},"additionalProperties":false,"maxProperties":1})";
  EXPECT_TRUE(accepts(kRule, R"({"_key":"1","_id":"c/1","_rev":"x","_from":"v/1","_to":"v/2","a":1})"));
  EXPECT_FALSE(accepts(kRule, R"({"_key":"1","b":1})"));
  EXPECT_FALSE(accepts(R"({"required":["_key"]})", R"({"_key":"1"})"));
  EXPECT_FALSE(accepts(R"({"properties":{"o":{"additionalProperties":false}}})", R"({"o":{"_key":"1"}})"));
}

TEST(JsonSchema, NumbersAndStrings) {
  constexpr auto kNumber = R"({"properties":{"n":{"minimum":1,"maximum":6,"exclusiveMaximum":true}}})";
  EXPECT_TRUE(accepts(kNumber, R"({"n":1})"));
  EXPECT_FALSE(accepts(kNumber, R"({"n":0.9})"));
  EXPECT_FALSE(accepts(kNumber, R"({"n":6})"));
  EXPECT_FALSE(accepts(R"({"properties":{"n":{"exclusiveMinimum":3}}})", R"({"n":3})"));
  constexpr auto kText = R"({"properties":{"t":{"minLength":2,"maxLength":3,"pattern":"^[a-zä]+$"}}})";
  EXPECT_TRUE(accepts(kText, R"({"t":"ääb"})"));
  EXPECT_FALSE(accepts(kText, R"({"t":"a"})"));
  EXPECT_FALSE(accepts(kText, R"({"t":"abcd"})"));
  EXPECT_FALSE(accepts(kText, R"({"t":"A1"})"));
}

TEST(JsonSchema, ArraysAndObjects) {
  EXPECT_FALSE(accepts(R"({"properties":{"l":{"items":{"type":"number","maximum":6}}}})", R"({"l":[1,7]})"));
  EXPECT_FALSE(accepts(R"({"properties":{"l":{"uniqueItems":true}}})", R"({"l":[1,2,1.0]})"));
  constexpr auto kTuple = R"({"properties":{"l":{"items":[{"type":"string"}],"additionalItems":false}}})";
  EXPECT_TRUE(accepts(kTuple, R"({"l":["x"]})"));
  EXPECT_FALSE(accepts(kTuple, R"({"l":["x",1]})"));
  EXPECT_FALSE(accepts(R"({"properties":{"l":{"minItems":2}}})", R"({"l":[1]})"));
  EXPECT_FALSE(accepts(R"({"required":["a","b"]})", R"({"a":1})"));
  EXPECT_FALSE(accepts(R"({"additionalProperties":{"type":"string"}})", R"({"a":1})"));
  EXPECT_FALSE(accepts(R"({"patternProperties":{"^n_":{"type":"number"}}})", R"({"n_1":"x"})"));
  EXPECT_FALSE(accepts(R"({"dependencies":{"a":["b"]}})", R"({"a":1})"));
}

TEST(JsonSchema, Combinations) {
  constexpr auto kRule = R"({"properties":{"a":{"anyOf":[{"type":"string"},{"minimum":5}],"not":{"enum":[7,"x"]}}}})";
  EXPECT_TRUE(accepts(kRule, R"({"a":"s"})"));
  EXPECT_FALSE(accepts(kRule, R"({"a":4})"));
  EXPECT_FALSE(accepts(kRule, R"({"a":7})"));
  EXPECT_FALSE(accepts(R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})", R"({"a":1,"b":1})"));
  EXPECT_FALSE(accepts(R"({"allOf":[{"required":["a"]},{"required":["b"]}]})", R"({"a":1})"));
}

TEST(JsonSchema, ReferencesInsideTheRule) {
  constexpr auto kTree = R"({"properties":{"root":{"$ref":"#/definitions/node"}},
      "definitions":{"node":{"required":["v"],"properties":{"children":{"items":{"$ref":"#/definitions/node"}}}}}})";
  EXPECT_TRUE(accepts(kTree, R"({"root":{"v":1,"children":[{"v":2}]}})"));
  EXPECT_FALSE(accepts(kTree, R"({"root":{"v":1,"children":[{"v":2,"children":[{}]}]}})"));
  EXPECT_FALSE(accepts(R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}]})", "{}")) << "it comes to an end";
}

TEST(JsonSchema, BadOnesAreRefused) {
  EXPECT_EQ(compile_error("null"), 0);
  EXPECT_EQ(compile_error("7"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":7})"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":{"type":"strung"}})"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":{},"level":"sometimes"})"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":{},"message":7})"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":{"properties":{"a":{"pattern":"("}}}})"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":{"properties":{"a":{"$ref":"http://example.com/x"}}}})"), 1621);
  EXPECT_EQ(compile_error(R"({"rule":{"minProperties":-1}})"), 1621);
  std::string deep;
  for (int i = 0; i < 90; ++i) deep += R"({"not":)";
  EXPECT_EQ(compile_error("{\"rule\":" + deep + "{}" + std::string(90, '}') + "}"), 1621);
}

TEST_F(StoreTest, SchemasGuardWritesByLevel) {
  auto with_level = [&](std::string_view name, std::string_view level) {
    Collection definition;
    definition.name = name;
    definition.schema = json(R"({"rule":{"properties":{"n":{"type":"number"}},"required":["n"]},"level":")" +
                             std::string(level) + R"(","message":"n must be a number"})");
    return store->create_collection(*database, definition).value();
  };
  CollectionPtr strict = with_level("strict", "strict"), fresh = with_level("fresh", "new"),
                moderate = with_level("moderate", "moderate"), none = with_level("none", "none");
  auto refused = insert(*strict, R"({"n":"x"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number(), 1620);
  EXPECT_EQ(refused.error().message(), "n must be a number");
  EXPECT_TRUE(insert(*none, "{}"));
  EXPECT_EQ(error_number(insert(*fresh, "{}")), 1620);
  EXPECT_TRUE(insert(*moderate, R"({"_key":"bad"})", {.skip_schema = true}));
  EXPECT_TRUE(update(*moderate, "bad", R"({"m":1})")) << "it was bad before";
  EXPECT_TRUE(update(*moderate, "bad", R"({"n":1})"));
  EXPECT_EQ(error_number(update(*moderate, "bad", R"({"n":"x"})")), 1620);
  ASSERT_TRUE(insert(*fresh, R"({"_key":"a","n":1})"));
  EXPECT_TRUE(update(*fresh, "a", R"({"n":"x"})"));
  ASSERT_TRUE(insert(*strict, R"({"_key":"a","n":1})"));
  EXPECT_EQ(error_number(replace(*strict, "a", "{}")), 1620);
  Collection changed = *strict;
  changed.schema = value::Buffer(value::Slice::null());
  ASSERT_TRUE(store->change_collection(*database, changed));
  EXPECT_TRUE(replace(*find("strict"), "a", "{}"));
  reopen();
  EXPECT_EQ(error_number(insert(*find("fresh"), "{}")), 1620) << "schemas live on after a restart";
}

}  // namespace
}  // namespace workerdb::storage

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/number.h"
#include "search/link.h"
#include "search/scoring.h"
#include "search/view.h"
#include "value/json.h"

namespace workerdb::search {
namespace {

using ::testing::ElementsAre;

value::Buffer json(std::string_view text) {
  auto parsed = value::parse_json(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? *parsed : value::Buffer();
}

// "a.b.1" is {a}{b}{1}.
Path path_of(std::string_view text) {
  Path path;
  while (!text.empty()) {
    size_t end = std::min(text.find('.'), text.size());
    std::string step(text.substr(0, end));
    auto position = base::parse_integer<size_t>(step);
    path.push_back(position ? PathStep{"", position} : PathStep{step, std::nullopt});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return path;
}

std::vector<std::string> values(std::string_view link, std::string_view document, std::string_view path,
                                bool whole_arrays = false) {
  auto rule = parse_link(json(link).slice(), [](auto name) { return analysis::built_in_definition(name); });
  if (!rule) return {rule.error().message()};
  std::vector<std::string> found;
  auto buffer = json(document);
  walk(buffer.slice(), **rule, path_of(path), whole_arrays,
       [&](value::Slice value, const FieldRule&) { found.push_back(value::to_json(value)); });
  return found;
}

TEST(Link, OnlyWhatIsIncludedExists) {
  EXPECT_THAT(values(R"({"fields":{"a":{}}})", R"({"a":1,"b":2})", "a"), ElementsAre("1"));
  EXPECT_THAT(values(R"({"fields":{"a":{}}})", R"({"a":1,"b":2})", "b"), ElementsAre());
  EXPECT_THAT(values(R"({"fields":{"a":{}}})", R"({"a":{"b":2}})", "a.b"), ElementsAre());
  EXPECT_THAT(values(R"({"fields":{"a":{"includeAllFields":true}}})", R"({"a":{"b":{"c":2}}})", "a.b.c"),
              ElementsAre("2"));
  EXPECT_THAT(values(R"({"includeAllFields":true,"fields":{"a":{"includeAllFields":false}}})",
                     R"({"a":{"b":2},"c":{"d":3}})", "a.b"),
              ElementsAre());
  EXPECT_THAT(values(R"({"includeAllFields":true,"fields":{"a":{}}})", R"({"a":{"b":2},"c":{"d":3}})", "c.d"),
              ElementsAre("3"));
}

TEST(Link, ArraysAreTheirMembersOrPositions) {
  EXPECT_THAT(values(R"({"includeAllFields":true})", R"({"a":[1,[2,{"b":3}]]})", "a"),
              ElementsAre("1", "2", R"({"b":3})"));
  EXPECT_THAT(values(R"({"includeAllFields":true})", R"({"a":[1,[2,{"b":3}]]})", "a.b"), ElementsAre("3"));
  EXPECT_THAT(values(R"({"includeAllFields":true})", R"({"a":[1,2]})", "a.1"), ElementsAre());
  EXPECT_THAT(values(R"({"includeAllFields":true})", R"({"a":[1,2]})", "a", true), ElementsAre("[1,2]"));
  EXPECT_THAT(values(R"({"includeAllFields":true,"trackListPositions":true})", R"({"a":[1,2]})", "a.1"),
              ElementsAre("2"));
  EXPECT_THAT(values(R"({"includeAllFields":true,"trackListPositions":true})", R"({"a":[1,2]})", "a.2"), ElementsAre());
  EXPECT_THAT(values(R"({"includeAllFields":true,"trackListPositions":true})", R"({"a":[1,2]})", "a"), ElementsAre());
}

TEST(Link, FieldsInheritAndOverrule) {
  auto rule = parse_link(
      json(
          R"({"analyzers":["text_en"],"storeValues":"id","fields":{"a":{},"b":{"analyzers":["identity"],"storeValues":"none"}}})")
          .slice(),
      [](auto name) { return analysis::built_in_definition(name); });
  ASSERT_TRUE(rule.has_value());
  EXPECT_EQ((*rule)->child("a")->analyzers[0]->name, "text_en");
  EXPECT_TRUE((*rule)->child("a")->stores_values);
  EXPECT_EQ((*rule)->child("b")->analyzers[0]->name, "identity");
  EXPECT_FALSE((*rule)->child("b")->stores_values);
  EXPECT_EQ((*rule)->child("c"), nullptr);
}

TEST(Link, DepthIsBounded) {
  std::string link = "{}", document = "1";
  for (int i = 0; i < 70; ++i) link = R"({"fields":{"a":)" + link + "}}", document = "[" + document + "]";
  EXPECT_FALSE(parse_link(json(link).slice(), [](auto) { return nullptr; }).has_value());
  EXPECT_THAT(values(R"({"includeAllFields":true})", R"({"a":)" + document + "}", "a"), ElementsAre());
}

Names no_names() {
  return {[](std::string_view name) -> base::Result<uint64_t> {
            if (name == "c" || name == "7") return 7;
            return base::ErrorCode::kCollectionNotFound;
          },
          [](std::string_view name) { return analysis::built_in_definition(name); }};
}

TEST(View, KeepsLinksByNumberAndShowsNames) {
  auto kept = make_view_properties(
      json(R"({"links":{"c":{"includeAllFields":true}},"storedValues":["a",["b"]]})").slice(), no_names());
  ASSERT_TRUE(kept.has_value()) << kept.error().message();
  ASSERT_EQ(links_of(kept->slice()).size(), 1u);
  EXPECT_EQ(links_of(kept->slice())[0].collection_id, 7u);
  EXPECT_EQ(value::to_json(kept->slice().get("storedValues")),
            R"([{"fields":["a"],"compression":"lz4"},{"fields":["b"],"compression":"lz4"}])");
  value::Builder shown, without;
  shown.open_object();
  append_view_properties(
      kept->slice(), [](uint64_t) { return std::string("renamed"); }, shown);
  shown.close();
  EXPECT_TRUE(shown.slice().get("links").get("renamed").is_object());
  without.open_object();
  append_view_properties(
      kept->slice(), [](uint64_t) { return std::string(); }, without);
  without.close();
  EXPECT_EQ(without.slice().get("links").size(), 0u);
  auto changed = change_view_properties(kept->slice(), json(R"({"links":{"c":null}})").slice(), false, no_names());
  ASSERT_TRUE(changed.has_value());
  EXPECT_TRUE(links_of(changed->slice()).empty());
  EXPECT_FALSE(make_view_properties(json(R"({"links":{"none":{}}})").slice(), no_names()).has_value());
}

TEST(Scoring, IsTheDocumentationsExample) {
  // Five texts with seven words; "bar" is in two of them, in one that has it alone and in one of two words.
  FieldStatistics field{5, 7};
  Bm25 method;
  double idf = method.idf(field, 2);
  EXPECT_NEAR(idf * method.weight(field, {1, 1, 2}, true), 0.9913395643234253, 1e-6);
  double foo = 2.5 * method.idf(field, 3) * method.weight(field, {1, 2, 3}, true);
  EXPECT_NEAR(foo, 1.6895781755447388, 1e-6);
  EXPECT_NEAR(foo + idf * method.weight(field, {1, 2, 2}, true), 2.787301540374756, 1e-6);
}

}  // namespace
}  // namespace workerdb::search

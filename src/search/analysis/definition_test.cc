#include "search/analysis/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "value/json.h"

namespace workerdb::search::analysis {
namespace {

using ::testing::ElementsAre;

base::Result<DefinitionPtr> parse(const std::string& json) {
  auto value = value::parse_json(json);
  EXPECT_TRUE(value.has_value()) << json;
  return parse_definition(value->slice());
}

std::vector<std::string> terms(const std::string& type, const std::string& properties, std::string_view text) {
  auto made = parse(R"({"name":"a","type":")" + type + R"(","properties":)" + properties + "}");
  if (!made) return {made.error().message()};
  std::vector<Term> found;
  (*made)->analyzer->analyze(text, found);
  std::vector<std::string> texts;
  for (const Term& term : found) texts.push_back(term.text);
  return texts;
}

TEST(Definition, TypesDoWhatTheDocumentationSays) {
  EXPECT_THAT(terms("delimiter", R"({"delimiter":","})", R"(foo,bar,baz,"bar,baz")"),
              ElementsAre("foo", "bar", "baz", "bar,baz"));
  EXPECT_THAT(terms("multi_delimiter", R"({"delimiters":[",",";","||"]})", "differently,delimited;words||one|token"),
              ElementsAre("differently", "delimited", "words", "one|token"));
  EXPECT_THAT(terms("stem", R"({"locale":"en"})", "databases"), ElementsAre("databas"));
  EXPECT_THAT(terms("norm", R"({"locale":"en","case":"upper"})", "UPPER lower dïäcríticš"),
              ElementsAre("UPPER LOWER DÏÄCRÍTICŠ"));
  EXPECT_THAT(terms("norm", R"({"locale":"en","accent":false})", "UPPER lower dïäcríticš"),
              ElementsAre("UPPER lower diacritics"));
  EXPECT_THAT(terms("ngram", R"({"min":3,"max":3,"preserveOriginal":false,"streamType":"utf8"})", "foobar"),
              ElementsAre("foo", "oob", "oba", "bar"));
  EXPECT_THAT(terms("ngram", R"({"min":3,"max":3,"preserveOriginal":true})", "fo"), ElementsAre("fo"));
  EXPECT_THAT(terms("text", R"({"locale":"en","stemming":false,"stopwords":["the"],
                                "edgeNgram":{"min":3,"max":8,"preserveOriginal":true}})",
                    "The quick"),
              ElementsAre("qui", "quic", "quick"));
  EXPECT_THAT(terms("stopwords", R"({"stopwords":["616e64"],"hex":true})", "and"), ElementsAre());
  EXPECT_THAT(terms("segmentation", R"({"break":"graphic"})", "Test with a+b!"),
              ElementsAre("test", "with", "a", "+", "b", "!"));
  EXPECT_THAT(terms("pipeline", R"({"pipeline":[{"type":"norm","properties":{"locale":"en","case":"upper"}},
      {"type":"ngram","properties":{"min":2,"max":2,"preserveOriginal":false,"streamType":"utf8"}}]})",
                    "Quick"),
              ElementsAre("QU", "UI", "IC", "CK"));
}

TEST(Definition, NgramsCarryMarkers) {
  EXPECT_THAT(
      terms("ngram", R"({"min":3,"max":3,"preserveOriginal":true,"startMarker":"^","endMarker":"$"})", "foobar"),
      ::testing::UnorderedElementsAre("^foo", "^foobar", "foobar$", "oob", "oba", "bar$"));
}

TEST(Definition, EdgeNgramsStandAtTheirWordsPosition) {
  auto made = parse(R"({"name":"a","type":"text","properties":{"locale":"en","edgeNgram":{"min":1,"max":2}}})");
  ASSERT_TRUE(made.has_value());
  std::vector<Term> found;
  (*made)->analyzer->analyze("ab cd", found);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[1].position, 0u);
  EXPECT_EQ(found[2].position, 1u);
}

TEST(Definition, SaysWhatIsWrong) {
  for (const char* text :
       {R"({"name":"1","type":"identity"})", R"({"name":"a::b","type":"identity"})", R"({"name":"a"})",
        R"({"name":"a","type":"no"})", R"({"name":"a","type":"identity","properties":1})",
        R"({"name":"a","type":"identity","features":["speed"]})",
        R"({"name":"a","type":"identity","features":["position"]})", R"({"name":"a","type":"delimiter"})",
        R"({"name":"a","type":"text","properties":{}})",
        R"({"name":"a","type":"ngram","properties":{"min":3,"max":2,"preserveOriginal":true}})",
        R"({"name":"a","type":"ngram","properties":{"min":1,"max":1e18,"preserveOriginal":true}})",
        R"({"name":"a","type":"multi_delimiter","properties":{"delimiters":["a","ab"]}})",
        R"({"name":"a","type":"norm","properties":{"locale":"en","case":"big"}})",
        R"({"name":"a","type":"pipeline","properties":{"pipeline":[]}})",
        R"({"name":"a","type":"pipeline","properties":{"pipeline":[{"type":"geojson"}]}})"}) {
    auto made = parse(text);
    ASSERT_FALSE(made.has_value()) << text;
    EXPECT_EQ(made.error().number(), 10) << text;
  }
  auto unknown = parse(R"({"name":"a","type":"aql","properties":{"queryString":"RETURN 1"}})");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().number(), 9);
}

TEST(Definition, IsWrittenWithItsDefaults) {
  auto made = parse(R"({"name":"t","type":"text","properties":{"locale":"en"},"features":["frequency","norm"]})");
  ASSERT_TRUE(made.has_value());
  value::Builder builder;
  append_definition(**made, "db::", builder);
  EXPECT_EQ(
      value::to_json(builder.slice()),
      R"({"name":"db::t","type":"text","properties":{"locale":"en","case":"lower","accent":false,"stemming":true,)"
      R"("stopwords":[]},"features":["frequency","norm"]})");
  EXPECT_EQ(built_in_definitions().size(), 13u);
  EXPECT_TRUE(built_in_definition("text_en")->features.position);
  EXPECT_FALSE(built_in_definition("identity")->features.position);
}

}  // namespace
}  // namespace workerdb::search::analysis

#include "value/text.h"

#include <gtest/gtest.h>

#include "value/json.h"

namespace workerdb::value {
namespace {

TEST(TextTest, of_strings_alone) {
  Buffer object = *parse_json(R"({"a": "x", "b": 1})");
  EXPECT_EQ(text_or_empty(object.slice().get("a")), "x");
  EXPECT_EQ(text_or_empty(object.slice().get("b")), "");
  EXPECT_EQ(text_or_empty(object.slice().get("c")), "");
}

TEST(TextTest, broken_characters_become_question_marks) {
  EXPECT_EQ(as_utf8("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(as_utf8("caf\xc3"), "caf?");
  EXPECT_EQ(as_utf8("\xff\xc3\xa9 a"), "??? a") << "also characters that are whole";
}

}  // namespace
}  // namespace workerdb::value

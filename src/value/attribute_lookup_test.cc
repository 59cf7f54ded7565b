#include "value/attribute_lookup.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "value/json.h"

namespace workerdb::value {
namespace {

Buffer object(const std::string& json) {
  auto parsed = parse_json(json);
  EXPECT_TRUE(parsed) << json;
  return *std::move(parsed);
}

std::string with_bytes(size_t extra, const std::string& names) {
  return R"({"_key": "k", "fill": ")" + std::string(extra, 'x') + "\"" + names + "}";
}

// Shapes that follow one another: the place of the last object is right, wrong, behind the end, or holds a name of the
// same length or the same beginning. All widths of offsets.
TEST(AttributeLookup, FindsWhatGetFinds) {
  std::vector<Buffer> objects;
  for (size_t extra : {0, 300, 70'000}) {
    for (const char* names :
         {"", R"(, "a": 1)", R"(, "b": 2, "a": 3)", R"(, "ab": 4, "c": 5)", R"(, "_id": 6, "_rev": 7, "a": null)"}) {
      objects.push_back(object(with_bytes(extra, names)));
    }
  }
  for (const char* other : {"{}", "[]", "1", "null", R"("a")", R"({"a": {"a": 8}})"}) objects.push_back(object(other));
  for (const std::string& name :
       {std::string("a"), std::string("b"), std::string("ab"), std::string("fill"), std::string("_key"),
        std::string("_id"), std::string("_ke"), std::string(), std::string(200, 'n')}) {
    AttributeLookup lookup(name);
    for (int round = 0; round < 3; ++round) {
      for (size_t i = 0; i < objects.size(); ++i) {
        Slice from = objects[(i * (round + 1)) % objects.size()].slice();
        EXPECT_EQ(lookup.in(from).start(), from.get(name).start()) << name;
      }
    }
  }
}

TEST(AttributeLookup, LongNames) {
  std::string name(130, 'n');
  Buffer holder = object("{\"" + name + "\": 1, \"" + std::string(126, 'm') + "\": 2}");
  EXPECT_EQ(AttributeLookup(name).in(holder.slice()).as_int64(), 1);
  AttributeLookup shorter(std::string(126, 'm'));
  EXPECT_EQ(shorter.in(holder.slice()).as_int64(), 2);
  EXPECT_EQ(shorter.in(holder.slice()).as_int64(), 2);
}

TEST(AttributeLookup, IsSharedByThreads) {
  Buffer one = object(R"({"a": 1, "b": 2})"), other = object(R"({"0": 0, "a": 1, "b": 2})");
  AttributeLookup lookup("b");
  auto read = [&] {
    for (int i = 0; i < 20'000; ++i) {
      ASSERT_EQ(lookup.in((i % 3 == 0 ? one : other).slice()).as_int64(), 2);
    }
  };
  std::jthread first(read), second(read);
}

}  // namespace
}  // namespace workerdb::value

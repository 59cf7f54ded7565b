// The documents behind random queries: few, of all types, with many equal values and many holes.
#include <fmt/format.h>

#include "query_generator.h"
#include "random_source.h"

namespace workerdb::aqltest {
namespace {

std::string any_value(RandomSource& random) {
  return random.pick({"null",
                      "false",
                      "true",
                      "0",
                      "1",
                      "2",
                      "3",
                      "4",
                      "5",
                      "-1",
                      "1.5",
                      "2.5",
                      "9007199254740993",
                      "9007199254740992",
                      R"("")",
                      R"("a")",
                      R"("b")",
                      R"("B")",
                      R"("ä")",
                      R"("ab")",
                      R"("1")",
                      "[]",
                      "[1]",
                      "[1,2]",
                      R"(["a"])",
                      "{}",
                      R"({"x":1})",
                      R"({"x":2,"y":"a"})"});
}

std::string list(RandomSource& random) {
  std::string result = "[";
  for (size_t count = random.below(4); count > 0; --count) {
    result += random.pick({"1", "2", "3", R"("a")", R"("b")", "[1,2]"});
    if (count > 1) result += ',';
  }
  return result + "]";
}

std::string document(RandomSource& random, size_t number, const std::string& more) {
  std::string text = fmt::format(R"({{"_key":"{:02}","u":{},"n":{})", number, number, random.below(8));
  if (random.chance(85)) text += R"(,"a":)" + any_value(random);
  if (random.chance(85)) text += R"(,"b":)" + random.number(5);
  if (random.chance(80))
    text += R"(,"c":)" + random.pick({R"("red")", R"("green")", R"("blue")", R"("Red")", R"("re")"});
  if (random.chance(70)) text += fmt::format(R"(,"d":{{"x":{},"y":{}}})", random.below(4), any_value(random));
  if (random.chance(70)) text += R"(,"e":)" + list(random);
  return text + more + "}";
}

}  // namespace

std::vector<RandomCollection> random_fixture() {
  RandomSource random(20260101);
  RandomCollection left{"people", false, {}, {}}, right{"items", false, {}, {}}, edges{"knows", true, {}, {}};
  for (size_t i = 0; i < 37; ++i) left.documents.push_back(document(random, i, ""));
  for (size_t i = 0; i < 23; ++i) right.documents.push_back(document(random, i, ""));
  for (size_t i = 0; i < 41; ++i) {
    std::string ends =
        fmt::format(R"(,"_from":"people/{:02}","_to":"people/{:02}")", random.below(37), random.below(37));
    edges.documents.push_back(document(random, i, ends));
  }
  left.indexes = {R"({"type":"persistent","fields":["a","b"],"name":"by_a_b"})",
                  R"({"type":"persistent","fields":["b","c"],"name":"by_b_c","storedValues":["a","n"]})",
                  R"({"type":"persistent","fields":["d.x"],"name":"by_x","sparse":true})",
                  R"({"type":"persistent","fields":["e[*]"],"name":"by_member"})",
                  R"({"type":"persistent","fields":["u"],"name":"by_u","unique":true})"};
  right.indexes = {R"({"type":"persistent","fields":["c"],"name":"by_c"})",
                   R"({"type":"persistent","fields":["a"],"name":"by_a","sparse":true})",
                   R"({"type":"persistent","fields":["b"],"name":"by_b"})",
                   R"({"type":"persistent","fields":["n","d.x"],"name":"by_n_x","storedValues":["c"]})"};
  edges.indexes = {R"({"type":"persistent","fields":["_from","b"],"name":"by_from_b"})"};
  return {left, right, edges};
}

}  // namespace workerdb::aqltest

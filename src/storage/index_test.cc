// Persistent, ttl, edge and primary indexes: what is in them and what their scans give.
#include "storage/store_testing.h"
#include "value/order.h"

namespace workerdb::storage {
namespace {

using value::Slice;

class IndexTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    items = create("items");
  }
  std::shared_ptr<const Index> make(std::string_view definition) {
    auto index = ensure(*items, definition);
    items = find("items");
    return index;
  }
  void add(std::string_view document) {
    auto result = insert(*items, document);
    ASSERT_TRUE(result) << document << ": " << result.error().message();
  }
  // equal: an array as JSON; lower and upper: values as JSON, "" for none.
  std::string range(const Index& index, std::string_view equal, std::string_view lower = "",
                    std::string_view upper = "", bool lower_inclusive = true, bool upper_inclusive = true,
                    Direction direction = Direction::kForward) {
    auto equal_value = json(equal), lower_value = json(lower.empty() ? "null" : lower),
         upper_value = json(upper.empty() ? "null" : upper);
    IndexBounds bounds;
    for (value::ArrayIterator item(equal_value.slice()); item.valid(); item.next())
      bounds.equal.push_back(item.value());
    if (!lower.empty()) bounds.lower = lower_value.slice();
    if (!upper.empty()) bounds.upper = upper_value.slice();
    bounds.lower_inclusive = lower_inclusive;
    bounds.upper_inclusive = upper_inclusive;
    return keys(*items, index, bounds, direction);
  }
  std::string covered(const Index& index, size_t position) {
    auto transaction = store->begin({.read_only = true});
    auto scan = transaction->scan_index(*items, index, {}).value();
    std::string result;
    while (scan->next().value()) result += value::to_json(scan->covered(position).value()) + " ";
    return result;
  }

  CollectionPtr items;
};

TEST_F(IndexTest, RangesOfOneField) {
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  add(R"({"_key":"a","v":3})");
  add(R"({"_key":"b","v":1})");
  add(R"({"_key":"c","v":"x"})");
  add(R"({"_key":"d"})");
  add(R"({"_key":"e","v":2.5})");
  add(R"({"_key":"f","v":[1]})");
  add(R"({"_key":"g","v":1.0})");
  EXPECT_EQ(range(*index, "[]"), "d b g e a c f");
  EXPECT_EQ(range(*index, "[]", "", "", true, true, Direction::kBackward), "f c a e g b d");
  EXPECT_EQ(range(*index, "[1]"), "b g");
  EXPECT_EQ(range(*index, "[null]"), "d");
  EXPECT_EQ(range(*index, "[]", "1", "3"), "b g e a");
  EXPECT_EQ(range(*index, "[]", "1", "3", false, false), "e");
  EXPECT_EQ(range(*index, "[]", "1", "", false), "e a c f");
  EXPECT_EQ(range(*index, "[]", "", "2.5", true, false), "d b g");
  EXPECT_EQ(range(*index, "[]", "3", "1"), "");
  EXPECT_EQ(range(*index, "[]", "1", "3", true, false, Direction::kBackward), "e g b");
  EXPECT_EQ(covered(*index, 0), R"(null 1 1 2.5 3 "x" [1] )");
  expect_consistent(*items);
}

TEST_F(IndexTest, SeveralFieldsNestedPathsAndStoredValues) {
  auto index = make(R"({"type":"persistent","fields":["a.b","c"],"storedValues":["s.t","_id"]})");
  add(R"({"_key":"1","a":{"b":"x"},"c":2,"s":{"t":[1,null]}})");
  add(R"({"_key":"2","a":{"b":"x"},"c":1})");
  add(R"({"_key":"3","a":{"b":"y"},"c":{"z":1,"a":null}})");
  add(R"({"_key":"4","a":"no object","c":5})");
  EXPECT_EQ(range(*index, "[]"), "4 2 1 3");
  EXPECT_EQ(range(*index, R"(["x"])"), "2 1");
  EXPECT_EQ(range(*index, R"(["x"])", "1", "", false), "1");
  EXPECT_EQ(range(*index, R"(["x",1])"), "2");
  EXPECT_EQ(covered(*index, 0), R"(null "x" "x" "y" )");
  EXPECT_EQ(covered(*index, 1), R"(5 1 2 {"z":1,"a":null} )") << "objects come back as they were written";
  EXPECT_EQ(covered(*index, 2), R"(null null [1,null] null )");
  EXPECT_EQ(covered(*index, 3), R"("items/4" "items/2" "items/1" "items/3" )");
  auto transaction = store->begin();
  IndexBounds too_many;
  too_many.equal = {Slice::null(), Slice::null(), Slice::null()};
  EXPECT_EQ(error_number(transaction->scan_index(*items, *index, too_many)), 10);
  auto scan = transaction->scan_index(*items, *index, {}).value();
  ASSERT_TRUE(scan->next().value());
  EXPECT_FALSE(scan->covered(4));
}

TEST_F(IndexTest, StoredValuesFollowUpdates) {
  auto index = make(R"({"type":"persistent","fields":["a"],"storedValues":["s"]})");
  add(R"({"_key":"1","a":1,"s":"old"})");
  ASSERT_TRUE(update(*items, "1", R"({"s":"new"})"));
  EXPECT_EQ(covered(*index, 1), R"("new" )");
  ASSERT_TRUE(update(*items, "1", R"({"a":1.0})"));
  expect_consistent(*items);
}

TEST_F(IndexTest, SparseLeavesOutNulls) {
  auto index = make(R"({"type":"persistent","fields":["a","b"],"sparse":true})");
  add(R"({"_key":"1","a":1,"b":2})");
  add(R"({"_key":"2","a":1})");
  add(R"({"_key":"3","a":null,"b":1})");
  EXPECT_EQ(range(*index, "[]"), "1");
  ASSERT_TRUE(update(*items, "2", R"({"b":false})"));
  ASSERT_TRUE(update(*items, "1", R"({"b":null})"));
  EXPECT_EQ(range(*index, "[]"), "2");
  expect_consistent(*items);
}

TEST_F(IndexTest, UniqueWithAndWithoutSparse) {
  make(R"({"type":"persistent","fields":["u"],"unique":true})");
  add(R"({"_key":"1"})");
  EXPECT_EQ(error_number(insert(*items, R"({"_key":"2"})")), 1210) << "null counts as a value";
  EXPECT_EQ(error_number(insert(*items, R"({"_key":"2","u":null})")), 1210);
  add(R"({"_key":"3","u":1})");
  EXPECT_EQ(error_number(insert(*items, R"({"u":1.0})")), 1210);
  EXPECT_EQ(error_number(update(*items, "1", R"({"u":1})")), 1210);
  ASSERT_TRUE(update(*items, "3", R"({"u":1,"other":2})")) << "its own value is not in its way";
  CollectionPtr sparse = create("sparse");
  ensure(*sparse, R"({"type":"persistent","fields":["u"],"unique":true,"sparse":true})");
  sparse = find("sparse");
  EXPECT_TRUE(insert(*sparse, "{}"));
  EXPECT_TRUE(insert(*sparse, "{}"));
  expect_consistent(*items);
  expect_consistent(*sparse);
}

TEST_F(IndexTest, ArrayMembers) {
  auto index = make(R"({"type":"persistent","fields":["tags[*].name"]})");
  auto plain = make(R"({"type":"persistent","fields":["n[*]","x"]})");
  add(R"({"_key":"1","tags":[{"name":"b"},{"name":"a"},{"name":"b"},{}],"n":[1,2],"x":1})");
  add(R"({"_key":"2","tags":[],"n":"no array"})");
  add(R"({"_key":"3","tags":{"name":"a"},"n":[null]})");
  EXPECT_EQ(range(*index, "[]"), "1 1 1");
  EXPECT_EQ(range(*index, R"(["b"])"), "1");
  EXPECT_EQ(covered(*index, 0), R"(null "a" "b" )");
  EXPECT_EQ(range(*plain, "[]"), "3 1 1");
  ASSERT_TRUE(update(*items, "1", R"({"tags":[{"name":"c"}],"n":[2,3]})"));
  EXPECT_EQ(range(*index, "[]"), "1");
  EXPECT_EQ(covered(*plain, 0), "null 2 3 ");
  expect_consistent(*items);
}

TEST_F(IndexTest, UniqueArrayMembers) {
  make(R"({"type":"persistent","fields":["t[*]"],"unique":true})");
  add(R"({"_key":"1","t":["a","a","b"]})");
  EXPECT_EQ(error_number(insert(*items, R"({"t":["c","b"]})")), 1210);
  add(R"({"_key":"2","t":["c"]})");
  CollectionPtr strict = create("strict");
  ensure(*strict, R"({"type":"persistent","fields":["t[*]"],"unique":true,"deduplicate":false})");
  strict = find("strict");
  EXPECT_EQ(error_number(insert(*strict, R"({"t":["a","a"]})")), 1210);
  EXPECT_EQ(store->document_count(*strict), 0u);
  expect_consistent(*items);
}

TEST_F(IndexTest, IsBuiltOverExistingDocuments) {
  for (int i = 0; i < 500; ++i) add(R"({"v":)" + std::to_string(i % 7) + "}");
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  expect_consistent(*items);
  EXPECT_EQ(range(*index, "[3]", "", "").substr(0, 6), "102 10");
  auto definition = parse_index_definition(json(R"({"type":"persistent","fields":["v"],"unique":true})").slice());
  EXPECT_EQ(error_number(store->ensure_index(*items, *definition)), 1210);
  EXPECT_EQ(find("items")->indexes.size(), 2u);
  auto again = store->ensure_index(*items, *index);
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->index->id, index->id);
  reopen();
  items = find("items");
  ASSERT_EQ(items->indexes.size(), 2u);
  expect_consistent(*items);
  ASSERT_TRUE(store->drop_index(*items, index->id));
  EXPECT_EQ(error_number(store->drop_index(*items, index->id)), 1212);
  EXPECT_EQ(error_number(store->drop_index(*items, 0)), 11);
  items = find("items");
  add("{}");
  expect_consistent(*items);
}

TEST_F(IndexTest, RearmStartsOver) {
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  for (int i = 0; i < 20; ++i) add(R"({"_key":"k)" + std::to_string(i) + R"(","v":)" + std::to_string(i / 2) + "}");
  auto transaction = store->begin();
  ASSERT_TRUE(transaction->insert(*items, json(R"({"_key":"own","v":3})").slice(), {}));
  IndexBounds bounds;
  auto three = json("3"), five = json("5"), none = json("99");
  bounds.equal = {three.slice()};
  auto scan = transaction->scan_index(*items, *index, bounds).value();
  auto all = [&] {
    std::string result;
    while (scan->next().value()) {
      result += std::string(scan->key()) + "=" + value::to_json(scan->document().value().get("v")) + " ";
    }
    return result;
  };
  EXPECT_EQ(all(), "k6=3 k7=3 own=3 ");
  bounds.equal = {five.slice()};
  ASSERT_TRUE(scan->rearm(bounds));
  EXPECT_EQ(all(), "k10=5 k11=5 ");
  bounds.equal = {none.slice()};
  ASSERT_TRUE(scan->rearm(bounds));
  EXPECT_EQ(all(), "");
}

TEST_F(IndexTest, ThePrimaryIndexIsInKeyOrder) {
  for (const char* key : {"b", "B", "a", "_x", "10", "9"}) add(R"({"_key":")" + std::string(key) + "\"}");
  const Index& primary = *items->indexes[0];
  EXPECT_EQ(range(primary, "[]"), "10 9 B _x a b");
  EXPECT_EQ(range(primary, "[]", "", "", true, true, Direction::kBackward), "b a _x B 9 10");
  EXPECT_EQ(range(primary, R"(["a"])"), "a");
  EXPECT_EQ(range(primary, R"(["c"])"), "");
  EXPECT_EQ(range(primary, "[5]"), "");
  EXPECT_EQ(range(primary, "[]", "\"B\"", "\"a\""), "B _x a");
  EXPECT_EQ(range(primary, "[]", "\"B\"", "\"a\"", false, false), "_x");
  EXPECT_EQ(range(primary, "[]", "null", "[]"), "10 9 B _x a b");
  EXPECT_EQ(range(primary, "[]", "[]"), "");
  EXPECT_EQ(range(primary, "[]", "", "5"), "");
  EXPECT_EQ(range(primary, "[]", "\"ä\""), "b") << "ä stands between a and b";
  EXPECT_EQ(range(primary, "[]", "", "\"ä\"", true, false), "10 9 B _x a");
  EXPECT_EQ(covered(primary, 0), R"("10" "9" "B" "_x" "a" "b" )");
}

TEST_F(IndexTest, EdgesAreFoundFromBothEnds) {
  CollectionPtr edges = create("edges", CollectionType::kEdge);
  for (const char* edge : {R"({"_key":"1","_from":"v/a","_to":"v/b"})", R"({"_key":"2","_from":"v/a","_to":"v/a"})",
                           R"({"_key":"3","_from":"v/b","_to":"v/a"})", R"({"_key":"4","_from":"v/ab","_to":"v/c"})"}) {
    ASSERT_TRUE(insert(*edges, edge));
  }
  const Index& index = *edges->indexes[1];
  auto vertex = json("\"v/a\"");
  IndexBounds from{{vertex.slice()}}, to{{vertex.slice()}};
  to.field = 1;
  EXPECT_EQ(keys(*edges, index, from), "1 2");
  EXPECT_EQ(keys(*edges, index, to), "2 3");
  auto transaction = store->begin();
  auto scan = transaction->scan_index(*edges, index, to).value();
  ASSERT_TRUE(scan->next().value());
  ASSERT_TRUE(scan->next().value());
  EXPECT_EQ(value::to_json(scan->covered(0).value()), "\"v/b\"");
  EXPECT_EQ(value::to_json(scan->covered(1).value()), "\"v/a\"");
  EXPECT_EQ(keys(*edges, index), "1 2 4 3");
  from.lower = vertex.slice();
  EXPECT_EQ(error_number(transaction->scan_index(*edges, index, from)), 10);
  ASSERT_TRUE(update(*edges, "1", R"({"_from":"v/z"})"));
  EXPECT_EQ(keys(*edges, index, {{vertex.slice()}}), "2");
  expect_consistent(*edges);
}

TEST_F(IndexTest, ExpiredDocumentsAreRemoved) {
  auto index = make(R"({"type":"ttl","fields":["at"],"expireAfter":10})");
  add(R"({"_key":"old","at":1000})");
  add(R"({"_key":"date","at":"1970-01-01T00:16:40.500Z"})");
  add(R"({"_key":"zone","at":"1970-01-01T01:16:30+01:00"})");
  add(R"({"_key":"new","at":2000})");
  add(R"({"_key":"text","at":"tomorrow"})");
  add(R"({"_key":"none"})");
  EXPECT_EQ(range(*index, "[]"), "zone old date new");
  EXPECT_EQ(covered(*index, 0), R"("1970-01-01T01:16:30+01:00" 1000 "1970-01-01T00:16:40.500Z" 2000 )");
  EXPECT_EQ(store->remove_expired(1009).value(), 1u);
  EXPECT_EQ(store->remove_expired(1010).value(), 1u);
  EXPECT_EQ(store->remove_expired(1011).value(), 1u);
  EXPECT_EQ(range(*index, "[]"), "new");
  EXPECT_EQ(store->document_count(*items), 3u);
  auto second = parse_index_definition(json(R"({"type":"ttl","fields":["other"],"expireAfter":1})").slice());
  EXPECT_EQ(error_number(store->ensure_index(*items, *second)), 10);
  expect_consistent(*items);
}

TEST_F(IndexTest, ManyExpiredDocumentsGoInBatches) {
  make(R"({"type":"ttl","fields":["at"],"expireAfter":0})");
  auto transaction = store->begin();
  for (int i = 0; i < 2500; ++i) ASSERT_TRUE(transaction->insert(*items, json(R"({"at":1})").slice(), {}));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(store->remove_expired(5).value(), 2500u);
  EXPECT_EQ(store->document_count(*items), 0u);
}

TEST_F(IndexTest, SelectivityEstimates) {
  auto two = make(R"({"type":"persistent","fields":["two"]})");
  auto all = make(R"({"type":"persistent","fields":["all"]})");
  auto transaction = store->begin();
  for (int i = 0; i < 2000; ++i) {
    auto document = json(R"({"two":)" + std::to_string(i % 2) + R"(,"all":)" + std::to_string(i) + "}");
    ASSERT_TRUE(transaction->insert(*items, document.slice(), {}));
  }
  ASSERT_TRUE(transaction->commit());
  EXPECT_DOUBLE_EQ(store->selectivity_estimate(*items, *two), 0.001);
  EXPECT_DOUBLE_EQ(store->selectivity_estimate(*items, *all), 1);
  EXPECT_DOUBLE_EQ(store->selectivity_estimate(*items, *items->indexes[0]), 1);
}

// Everything that a scan gives must be what comparing the documents' values gives.
TEST_F(IndexTest, RangesAgreeWithCompare) {
  const char* values[] = {"null",     "false", "true",      "-1",       "0",     "0.5",    "1",  "9007199254740993",
                          "\"\"",     "\"a\"", "\"A\"",     "\"ä\"",    "\"b\"", "\"日\"", "[]", "[0]",
                          "[null,1]", "{}",    "{\"a\":1}", "{\"b\":1}"};
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  for (const char* value : values) add(R"({"v":)" + std::string(value) + "}");
  for (const char* low : values) {
    for (const char* high : values) {
      for (int inclusive = 0; inclusive < 4; ++inclusive) {
        auto lower = json(low), upper = json(high);
        auto transaction = store->begin({.read_only = true});
        IndexBounds bounds;
        bounds.lower = lower.slice(), bounds.upper = upper.slice();
        bounds.lower_inclusive = inclusive & 1, bounds.upper_inclusive = inclusive & 2;
        size_t expected = 0, found = 0;
        for (const char* text : values) {
          auto value = json(text);
          int below = value::compare(lower.slice(), value.slice()),
              above = value::compare(value.slice(), upper.slice());
          expected += (below < 0 || (below == 0 && (inclusive & 1))) && (above < 0 || (above == 0 && (inclusive & 2)));
        }
        auto scan = transaction->scan_index(*items, *index, bounds).value();
        while (scan->next().value()) ++found;
        ASSERT_EQ(found, expected) << low << " to " << high << ", " << inclusive;
      }
    }
  }
}

}  // namespace
}  // namespace workerdb::storage

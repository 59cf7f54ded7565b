// What lookups in indexes find a second time, when the document cache has their entries.
#include "storage/kept_lookup.h"

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

TEST(KeptLookup, GivesItsEntriesBack) {
  KeptLookup lookup;
  std::string long_details(300, 'd');
  lookup.begin();
  lookup.add("key", "");
  lookup.add("another", long_details);
  EXPECT_FALSE(lookup.is_too_long());
  lookup.rewind();
  std::string_view key, details;
  ASSERT_TRUE(lookup.next(key, details));
  EXPECT_EQ(key, "key");
  EXPECT_EQ(details, "");
  ASSERT_TRUE(lookup.next(key, details));
  EXPECT_EQ(key, "another");
  EXPECT_EQ(details, long_details);
  EXPECT_FALSE(lookup.next(key, details));
  for (int i = 0; i < 1000; ++i) lookup.add("0123456789", "");
  EXPECT_TRUE(lookup.is_too_long());
  EXPECT_LE(lookup.bytes().size(), KeptLookup::kLongest);
}

TEST(KeptLookup, PrefixIsTheEntryWithoutTheDocument) {
  EXPECT_EQ(KeptLookup::prefix_of("values\x03key\x03", false), "values\x03");
  EXPECT_EQ(KeptLookup::prefix_of("values", true), "values");
  EXPECT_EQ(KeptLookup::prefix_of("\x7f", false), "\x7f");  // no entry: nothing is cut off
}

class KeptLookupStore : public StoreTest {
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
  static std::string found(Transaction& transaction, const Collection& collection, const Index& index,
                           std::string_view equal, uint8_t field = 0) {
    auto values = json(equal);
    IndexBounds bounds;
    bounds.field = field;
    for (value::ArrayIterator item(values.slice()); item.valid(); item.next()) bounds.equal.push_back(item.value());
    return keys(transaction, collection, index, bounds);
  }
  // Twice: the second time they come out of the cache.
  std::string found(const Index& index, std::string_view equal, uint8_t field = 0) {
    auto transaction = store->begin({.read_only = true});
    std::string first = found(*transaction, *items, index, equal, field);
    EXPECT_EQ(found(*transaction, *items, index, equal, field), first);
    return first;
  }

  CollectionPtr items;
};

TEST_F(KeptLookupStore, WritesEndWhatTheyChange) {
  auto index = make(R"({"type":"persistent","fields":["v","w"]})");
  EXPECT_EQ(found(*index, R"(["x",1])"), "");
  ASSERT_TRUE(insert(*items, R"({"_key":"a","v":"x","w":1})"));
  EXPECT_EQ(found(*index, R"(["x",1])"), "a");
  ASSERT_TRUE(insert(*items, R"({"_key":"b","v":"x","w":1.0})"));
  EXPECT_EQ(found(*index, R"(["x",1])"), "a b");
  EXPECT_EQ(found(*index, R"(["x"])"), "a b");  // not for all fields: never kept
  ASSERT_TRUE(update(*items, "a", R"({"w":2})"));
  EXPECT_EQ(found(*index, R"(["x",1])"), "b");
  EXPECT_EQ(found(*index, R"(["x",2])"), "a");
  EXPECT_EQ(found(*index, R"(["x"])"), "b a");
  ASSERT_TRUE(remove(*items, "b"));
  EXPECT_EQ(found(*index, R"(["x",1])"), "");
  ASSERT_TRUE(store->truncate_collection(*items));
  EXPECT_EQ(found(*index, R"(["x",2])"), "");
}

TEST_F(KeptLookupStore, UniqueAndArrayIndexes) {
  auto unique = make(R"({"type":"persistent","fields":["u"],"unique":true,"sparse":true})");
  auto array = make(R"({"type":"persistent","fields":["tags[*]"]})");
  ASSERT_TRUE(insert(*items, R"({"_key":"a","u":1,"tags":["x","y"]})"));
  ASSERT_TRUE(insert(*items, R"({"_key":"b","tags":["y"]})"));
  EXPECT_EQ(found(*unique, "[1]"), "a");
  EXPECT_EQ(found(*array, R"(["y"])"), "a b");
  auto transaction = store->begin();
  ASSERT_TRUE(transaction->update(*items, "a", json(R"({"u":2,"tags":["x"]})").slice()));
  ASSERT_TRUE(transaction->update(*items, "b", json(R"({"u":1})").slice()));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(found(*unique, "[1]"), "b");
  EXPECT_EQ(found(*unique, "[2]"), "a");
  EXPECT_EQ(found(*array, R"(["y"])"), "b");
}

TEST_F(KeptLookupStore, EdgesByDirection) {
  items = create("links", CollectionType::kEdge);
  ASSERT_TRUE(insert(*items, R"({"_key":"1","_from":"v/a","_to":"v/b"})"));
  ASSERT_TRUE(insert(*items, R"({"_key":"2","_from":"v/b","_to":"v/a"})"));
  const Index& index = *items->indexes[1];
  EXPECT_EQ(found(index, R"(["v/a"])", 0), "1");
  EXPECT_EQ(found(index, R"(["v/a"])", 1), "2");
  ASSERT_TRUE(update(*items, "1", R"({"_to":"v/a"})"));
  EXPECT_EQ(found(index, R"(["v/a"])", 1), "1 2");
  EXPECT_EQ(found(index, R"(["v/b"])", 1), "");
  auto transaction = store->begin({.read_only = true});
  auto vertex = json(R"("v/a")");
  for (int round = 0; round < 2; ++round) {
    auto scan = transaction->scan_index(*items, index, {{vertex.slice()}}).value();
    ASSERT_TRUE(scan->next().value());
    EXPECT_EQ(scan->covered(0)->as_string(), "v/a");
    EXPECT_EQ(scan->covered(1)->as_string(), "v/a");
    EXPECT_EQ(scan->document()->get("_to").as_string(), "v/a");
  }
}

// Stored values, and fields that the key does not hold as they were, stand in the entry's details.
TEST_F(KeptLookupStore, CoveredValues) {
  auto index = make(R"({"type":"persistent","fields":["v"],"storedValues":["s"]})");
  ASSERT_TRUE(insert(*items, R"({"_key":"a","v":{"b":1,"a":2},"s":"stored"})"));
  auto value = json(R"({"b":1,"a":2})");
  auto transaction = store->begin({.read_only = true});
  for (int round = 0; round < 2; ++round) {
    auto scan = transaction->scan_index(*items, *index, {{value.slice()}}).value();
    ASSERT_TRUE(scan->next().value());
    EXPECT_EQ(value::to_json(scan->covered(0).value()), R"({"b":1,"a":2})");
    EXPECT_EQ(value::to_json(scan->covered(1).value()), R"("stored")");
    EXPECT_FALSE(scan->next().value());
  }
}

TEST_F(KeptLookupStore, EachTransactionHasItsOwnView) {
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  ASSERT_TRUE(insert(*items, R"({"_key":"a","v":1})"));
  EXPECT_EQ(found(*index, "[1]"), "a");
  auto older = store->begin({.read_only = true});
  auto writer = store->begin();
  ASSERT_TRUE(writer->insert(*items, json(R"({"_key":"b","v":1})").slice()));
  EXPECT_EQ(found(*writer, *items, *index, "[1]"), "a b");
  EXPECT_EQ(found(*index, "[1]"), "a");
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(found(*index, "[1]"), "a b");
  EXPECT_EQ(found(*older, *items, *index, "[1]"), "a");
  EXPECT_EQ(found(*index, "[1]"), "a b");
  auto undone = store->begin();
  ASSERT_TRUE(undone->remove(*items, "a"));
  EXPECT_EQ(found(*undone, *items, *index, "[1]"), "b");
  undone->rollback();
  EXPECT_EQ(found(*index, "[1]"), "a b");
}

TEST_F(KeptLookupStore, AgreesWithTheDocumentsAfterWritesByChance) {
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  std::mt19937 random(11);
  std::map<std::string, int> expected;
  for (int step = 0; step < 1500; ++step) {
    std::string key = "k" + std::to_string(random() % 20);
    int value = int(random() % 5);
    std::string document = R"({"_key":")" + key + R"(","v":)" + std::to_string(value) + "}";
    if (random() % 4 == 0) {
      EXPECT_EQ(remove(*items, key).has_value(), expected.erase(key) == 1);
    } else {
      ASSERT_TRUE(insert(*items, document, {.overwrite = OverwriteMode::kReplace}));
      expected[key] = value;
    }
    int asked = int(random() % 5);
    std::string keys;
    for (const auto& [there, of] : expected) {
      if (of == asked) keys += (keys.empty() ? "" : " ") + there;
    }
    ASSERT_EQ(found(*index, "[" + std::to_string(asked) + "]"), keys) << "step " << step;
  }
}

// A document goes to and fro between two values: a reader finds it by exactly one of them.
TEST_F(KeptLookupStore, ReadersSeeTheirSnapshotWhileWritersCommit) {
  auto index = make(R"({"type":"persistent","fields":["v"]})");
  ASSERT_TRUE(insert(*items, R"({"_key":"k","v":0})"));
  std::atomic<bool> ends = false;
  std::thread writer([&] {
    for (int n = 1; n <= 1500; ++n) {
      auto transaction = store->begin();
      ASSERT_TRUE(transaction->replace(*items, "k", json(R"({"v":)" + std::to_string(n % 2) + "}").slice()));
      ASSERT_TRUE(transaction->commit());
    }
    ends = true;
  });
  auto reader = [&] {
    while (!ends) {
      auto transaction = store->begin({.read_only = true});
      EXPECT_EQ(found(*transaction, *items, *index, "[0]") + found(*transaction, *items, *index, "[1]"), "k");
    }
  };
  std::thread one(reader), two(reader);
  writer.join(), one.join(), two.join();
}

}  // namespace
}  // namespace workerdb::storage

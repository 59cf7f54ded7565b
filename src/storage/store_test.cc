// Databases, collections and documents over the life of a store.
#include "storage/store.h"

#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

TEST_F(StoreTest, KeepsDocumentsOverARestart) {
  CollectionPtr people = create("people");
  auto written = insert(*people, R"({"_key":"ada","name":"Ada","_id":"x/y","_rev":"z"})");
  ASSERT_TRUE(written);
  EXPECT_EQ(written->key, "ada");
  EXPECT_EQ(read(*people, "ada"), R"({"_key":"ada","_id":"people/ada","name":"Ada"})");
  reopen();
  people = find("people");
  ASSERT_NE(people, nullptr);
  EXPECT_EQ(read(*people, "ada"), R"({"_key":"ada","_id":"people/ada","name":"Ada"})");
  EXPECT_EQ(read(*people, "bob"), "");
  EXPECT_EQ(store->document_count(*people), 1u);
  expect_consistent(*people);
}

TEST_F(StoreTest, DatabasesComeAndGo) {
  EXPECT_EQ(error_number(store->create_database("_system", value::Slice::null())), 1207);
  EXPECT_EQ(error_number(store->create_database("a/b", value::Slice::null())), 1229);
  ASSERT_TRUE(store->create_database("flowmaster", json(R"({"environment":"production"})").slice()));
  auto other = store->find_database("flowmaster");
  Collection definition;
  definition.name = "schedules";
  ASSERT_TRUE(store->create_collection(*other, definition));
  EXPECT_EQ(error_number(store->create_collection(*other, definition)), 1207);
  EXPECT_EQ(find("schedules"), nullptr) << "it is in another database";
  ASSERT_TRUE(store->set_database_properties("flowmaster", json(R"({"environment":"test"})").slice()));
  reopen();
  other = store->find_database("flowmaster");
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(value::to_json(other->properties.slice()), R"({"environment":"test"})");
  EXPECT_NE(store->find_collection(*other, "schedules"), nullptr);
  EXPECT_EQ(error_number(store->drop_database("_system")), 11);
  ASSERT_TRUE(store->drop_database("flowmaster"));
  EXPECT_EQ(error_number(store->drop_database("flowmaster")), 1228);
  reopen();
  EXPECT_EQ(store->databases().size(), 1u);
}

TEST_F(StoreTest, FindsCollectionsByNameAndById) {
  CollectionPtr people = create("people");
  EXPECT_EQ(find(std::to_string(people->id)), people);
  EXPECT_EQ(find("nobody"), nullptr);
  EXPECT_EQ(find("999999"), nullptr);
  create("_users");
  ASSERT_EQ(store->collections(*database).size(), 2u);
  EXPECT_TRUE(find("_users")->is_system);
}

TEST_F(StoreTest, ADroppedCollectionTakesNoMoreWrites) {
  CollectionPtr people = create("people");
  ASSERT_TRUE(insert(*people, R"({"_key":"a"})"));
  ASSERT_TRUE(store->drop_collection(*database, "people"));
  EXPECT_EQ(error_number(insert(*people, "{}")), 1203);
  EXPECT_EQ(error_number(store->drop_collection(*database, "people")), 1203);
  CollectionPtr again = create("people");
  EXPECT_EQ(read(*again, "a"), "");
  EXPECT_EQ(store->document_count(*again), 0u);
}

TEST_F(StoreTest, TruncateEmptiesDocumentsAndIndexesButNotOldSnapshots) {
  CollectionPtr people = create("people");
  auto index = ensure(*people, R"({"type":"persistent","fields":["name"]})");
  people = find("people");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(insert(*people, R"({"name":"x"})"));
  auto before = store->begin({.read_only = true});
  ASSERT_TRUE(store->truncate_collection(*people));
  EXPECT_EQ(store->document_count(*people), 0u);
  EXPECT_EQ(keys(*people, *index), "");
  EXPECT_EQ(before->count(*people).value(), 50u);
  EXPECT_EQ(scan_keys(*before, *people).size(), std::string("1 2 3 4 5 6 7 8 9 ").size() + 41 * 3 - 1);
  before.reset();
  ASSERT_TRUE(insert(*people, R"({"name":"y"})"));
  expect_consistent(*people);
  reopen();
  EXPECT_EQ(store->document_count(*find("people")), 1u);
  expect_consistent(*find("people"));
}

TEST_F(StoreTest, WritesFollowTheirRules) {
  CollectionPtr people = create("people");
  EXPECT_EQ(error_number(insert(*people, "[]")), 1227);
  EXPECT_EQ(error_number(insert(*people, R"({"_key":7})")), 1221);
  EXPECT_EQ(error_number(insert(*people, R"({"_key":"a/b"})")), 1221);
  ASSERT_TRUE(insert(*people, R"({"_key":"a","v":1,"o":{"x":1,"y":2}})"));
  EXPECT_EQ(error_number(insert(*people, R"({"_key":"a"})")), 1210);
  auto updated = update(*people, "a", R"({"o":{"y":null,"z":3},"w":null,"_key":"other"})");
  ASSERT_TRUE(updated);
  EXPECT_NE(updated->rev, updated->old_rev);
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","v":1,"o":{"x":1,"y":null,"z":3},"w":null})");
  ASSERT_TRUE(update(*people, "a", R"({"o":{"y":null},"w":null,"n":{"p":null,"q":1}})", {.keep_null = false}));
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","v":1,"o":{"x":1,"z":3},"n":{"q":1}})");
  ASSERT_TRUE(update(*people, "a", R"({"o":{"only":1}})", {.merge_objects = false}));
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","v":1,"o":{"only":1},"n":{"q":1}})");
  ASSERT_TRUE(replace(*people, "a", R"({"_key":"z","fresh":true})"));
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","fresh":true})");
  EXPECT_EQ(error_number(update(*people, "b", "{}")), 1202);
  EXPECT_EQ(error_number(replace(*people, "b", "{}")), 1202);
  EXPECT_EQ(error_number(remove(*people, "b")), 1202);
  auto removed = remove(*people, "a", {.return_old = true});
  ASSERT_TRUE(removed);
  EXPECT_EQ(without_rev(removed->old_document.slice()), R"({"_key":"a","_id":"people/a","fresh":true})");
  EXPECT_EQ(store->document_count(*people), 0u);
}

TEST_F(StoreTest, RevisionsArePreconditions) {
  CollectionPtr people = create("people");
  std::string first = insert(*people, R"({"_key":"a"})")->rev;
  std::string second = update(*people, "a", R"({"v":1})")->rev;
  EXPECT_EQ(error_number(update(*people, "a", "{}", {.expected_rev = first})), 1200);
  EXPECT_EQ(error_number(remove(*people, "a", {.expected_rev = first})), 1200);
  EXPECT_TRUE(remove(*people, "a", {.expected_rev = second}));
}

TEST_F(StoreTest, OverwriteModes) {
  CollectionPtr people = create("people");
  std::string rev = insert(*people, R"({"_key":"a","v":1,"keep":true})")->rev;
  auto ignored = insert(*people, R"({"_key":"a","v":2})", {.overwrite = OverwriteMode::kIgnore});
  ASSERT_TRUE(ignored);
  EXPECT_TRUE(ignored->ignored);
  EXPECT_EQ(ignored->rev, rev);
  auto updated = insert(*people, R"({"_key":"a","v":3})", {.overwrite = OverwriteMode::kUpdate, .return_new = true});
  EXPECT_EQ(without_rev(updated->new_document.slice()), R"({"_key":"a","_id":"people/a","v":3,"keep":true})");
  auto replaced = insert(*people, R"({"_key":"a","v":4})", {.overwrite = OverwriteMode::kReplace, .return_old = true});
  EXPECT_EQ(without_rev(replaced->old_document.slice()), R"({"_key":"a","_id":"people/a","v":3,"keep":true})");
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","v":4})");
  EXPECT_EQ(store->document_count(*people), 1u);
}

TEST_F(StoreTest, TheVersionAttributeSkipsLateUpdates) {
  CollectionPtr people = create("people");
  ASSERT_TRUE(insert(*people, R"({"_key":"a","version":5})"));
  EXPECT_TRUE(update(*people, "a", R"({"version":5,"x":1})", {.version_attribute = "version"})->ignored);
  EXPECT_TRUE(replace(*people, "a", R"({"version":4})", {.version_attribute = "version"})->ignored);
  EXPECT_TRUE(update(*people, "a", R"({"version":5.9})", {.version_attribute = "version"})->ignored);
  EXPECT_FALSE(update(*people, "a", R"({"version":6,"x":1})", {.version_attribute = "version"})->ignored);
  EXPECT_FALSE(update(*people, "a", R"({"x":2})", {.version_attribute = "version"})->ignored);
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","version":6,"x":2})");
}

TEST_F(StoreTest, EdgesNeedTheirVertices) {
  CollectionPtr knows = create("knows", CollectionType::kEdge);
  EXPECT_EQ(error_number(insert(*knows, R"({"_from":"people/a"})")), 1233);
  EXPECT_EQ(error_number(insert(*knows, R"({"_from":"people/a","_to":"nobody"})")), 1233);
  ASSERT_TRUE(insert(*knows, R"({"_key":"1","x":1,"_from":"people/a","_to":"people/b"})"));
  EXPECT_EQ(read(*knows, "1"), R"({"_key":"1","_id":"knows/1","_from":"people/a","_to":"people/b","x":1})");
  EXPECT_EQ(error_number(update(*knows, "1", R"({"_to":7})")), 1233);
  ASSERT_TRUE(update(*knows, "1", R"({"_to":"people/c"})"));
  EXPECT_EQ(read(*knows, "1"), R"({"_key":"1","_id":"knows/1","_from":"people/a","_to":"people/c","x":1})");
  expect_consistent(*knows);
}

TEST_F(StoreTest, RefusesDocumentsThatAreTooLarge) {
  options.largest_document_bytes = 1000;
  reopen();
  CollectionPtr people = create("people");
  EXPECT_EQ(error_number(insert(*people, R"({"t":")" + std::string(1000, 'x') + "\"}")), 1216);
}

TEST_F(StoreTest, RenameMovesEverything) {
  CollectionPtr people = create("people");
  ensure(*people, R"({"type":"persistent","fields":["name"],"storedValues":["_id"]})");
  auto plain = ensure(*people, R"({"type":"persistent","fields":["age"]})");
  people = find("people");
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(insert(*people, R"({"name":"x","age":1})"));
  auto before = store->begin({.read_only = true});
  auto renamed = store->rename_collection(*database, "people", "persons");
  ASSERT_TRUE(renamed) << renamed.error().message();
  EXPECT_EQ(find("people"), nullptr);
  CollectionPtr persons = find("persons");
  ASSERT_NE(persons, nullptr);
  EXPECT_EQ(persons->id, people->id);
  EXPECT_EQ(read(*persons, "7"), R"({"_key":"7","_id":"persons/7","name":"x","age":1})");
  expect_consistent(*persons);
  EXPECT_EQ(before->count(*people).value(), 300u);
  PinnedDocument old;
  ASSERT_TRUE(before->read(*people, "7", old).value()) << "the snapshot still has the old documents";
  EXPECT_EQ(error_number(before->read(*persons, "7", old)), 1200);
  before.reset();
  EXPECT_EQ(error_number(insert(*people, "{}")), 1203) << "the old description is no longer good for writing";
  EXPECT_EQ(insert(*persons, R"({"age":2})")->key, "301");
  reopen();
  expect_consistent(*find("persons"));
  EXPECT_EQ(store->document_count(*find("persons")), 301u);
  EXPECT_EQ(error_number(store->rename_collection(*database, "nobody", "x")), 1203);
  create("other");
  EXPECT_EQ(error_number(store->rename_collection(*database, "persons", "other")), 1207);
}

TEST_F(StoreTest, AFolderHasOneUser) {
  EXPECT_EQ(error_number(Store::open(folder.path(), options)), 1107);
  EXPECT_EQ(error_number(Store::open("/proc/nowhere/at/all", options)), 19);
}

TEST_F(StoreTest, TicksRiseAlsoOverRestarts) {
  uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) {
      uint64_t tick = store->new_tick();
      ASSERT_GT(tick, last);
      last = tick;
    }
    reopen();
  }
}

}  // namespace
}  // namespace workerdb::storage

// Views: names, definitions, and what a restart keeps.
#include "storage/records.h"
#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

View definition(std::string_view name, std::string_view properties = "{}") {
  View view;
  view.name = name;
  view.type = "arangosearch";
  view.properties = json(properties);
  return view;
}

TEST_F(StoreTest, ViewsShareTheNamesOfCollections) {
  create("people");
  EXPECT_EQ(error_number(store->create_view(*database, definition("people"))), 1207);
  ASSERT_TRUE(store->create_view(*database, definition("found")));
  EXPECT_EQ(error_number(store->create_view(*database, definition("found"))), 1207);
  Collection collection;
  collection.name = "found";
  EXPECT_EQ(error_number(store->create_collection(*database, collection)), 1207);
  EXPECT_EQ(error_number(store->rename_collection(*database, "people", "found")), 1207);
  EXPECT_EQ(error_number(store->rename_view(*database, "found", "people")), 1207);
  EXPECT_EQ(error_number(store->create_view(*database, definition("a/b"))), 1208);
  EXPECT_EQ(error_number(store->create_view(*database, definition("_system_view"))), 1208);
}

TEST_F(StoreTest, ViewsOutliveARestart) {
  auto created = store->create_view(*database, definition("found", R"({"links":{}})"));
  ASSERT_TRUE(created);
  ASSERT_TRUE(store->change_view(*database, "found", json(R"({"links":{"7":{}}})").slice()));
  ASSERT_TRUE(store->rename_view(*database, "found", "sought"));
  ASSERT_TRUE(store->create_view(*database, definition("other")));
  ASSERT_TRUE(store->drop_view(*database, "other"));
  reopen();
  EXPECT_EQ(store->find_view(*database, "found"), nullptr);
  ViewPtr view = store->find_view(*database, "sought");
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->id, (*created)->id);
  EXPECT_EQ(view->type, "arangosearch");
  EXPECT_EQ(value::to_json(view->properties.slice()), R"({"links":{"7":{}}})");
  EXPECT_EQ(store->find_view(*database, std::to_string(view->id)), view);
  EXPECT_EQ(store->views(*database).size(), 1u);
  EXPECT_EQ(error_number(store->drop_view(*database, "found")), 1203);
  EXPECT_EQ(error_number(store->change_view(*database, "found", value::Slice::empty_object())), 1203);
}

TEST(ViewRecord, HasItsGoldenForm) {
  View view = definition("found", R"({"links":{"7":{}}})");
  view.id = 12;
  view.database_id = 1;
  EXPECT_EQ(value::to_json(view_record(view).slice()),
            R"({"id":12,"databaseId":1,"name":"found","type":"arangosearch","properties":{"links":{"7":{}}}})");
  auto parsed = parse_view_record(view_record(view).slice());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->name, "found");
  EXPECT_FALSE(parse_view_record(json(R"({"id":1,"name":"found"})").slice()));
}

TEST_F(StoreTest, ViewsGoWithTheirDatabase) {
  ASSERT_TRUE(store->create_database("other", value::Slice::null()));
  auto other = store->find_database("other");
  ASSERT_TRUE(store->create_view(*other, definition("found")));
  EXPECT_EQ(store->find_view(*database, "found"), nullptr) << "it is in another database";
  ASSERT_TRUE(store->drop_database("other"));
  EXPECT_EQ(error_number(store->create_view(*other, definition("again"))), 1228);
  reopen();
  ASSERT_TRUE(store->create_database("other", value::Slice::null()));
  EXPECT_TRUE(store->views(*store->find_database("other")).empty());
}

}  // namespace
}  // namespace workerdb::storage

// What every adapter does with databases, collections, indexes and documents.
#include <gmock/gmock.h>

#include <thread>

#include "documents_under_test.h"
#include "value/json.h"

namespace workerdb::stores::documents {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using value::to_json;

INSTANTIATE_TEST_SUITE_P(Adapters, DocumentStoreContract, ::testing::Values(Adapter::kLocal, Adapter::kRemote),
                         [](const auto& adapter) { return adapter.param == Adapter::kLocal ? "Local" : "Remote"; });

TEST_P(DocumentStoreContract, DatabasesComeAndGo) {
  EXPECT_THAT(*store_->databases(), ElementsAre("_system", "shop"));
  EXPECT_EQ(store_->create_database("shop").error().code(), ErrorCode::kDuplicateName);
  EXPECT_EQ(store_->create_database("a/b\x01").error().code(), ErrorCode::kDatabaseNameInvalid);
  EXPECT_EQ(store_->open("none").error().code(), ErrorCode::kDatabaseNotFound);
  EXPECT_EQ(store_->drop_database("none").error().code(), ErrorCode::kDatabaseNotFound);
  EXPECT_EQ(store_->drop_database("_system").error().code(), ErrorCode::kForbidden);
  ASSERT_TRUE(store_->create_database("with space"));
  EXPECT_EQ((*store_->open("with space"))->name(), "with space");
  ASSERT_TRUE(store_->drop_database("shop"));
  EXPECT_EQ(database_->count("things").error().code(), ErrorCode::kDatabaseNotFound);
}

TEST_P(DocumentStoreContract, ADatabaseCarriesItsEnvironmentClass) {
  EXPECT_FALSE(store_->environment_class("shop")->has_value());
  ASSERT_TRUE(store_->set_environment_class("shop", "production"));
  ASSERT_TRUE(store_->set_environment_class("shop", "dev"));
  EXPECT_EQ(store_->environment_class("shop")->value(), "dev");
  EXPECT_EQ(store_->environment_class("none").error().code(), ErrorCode::kDatabaseNotFound);
}

TEST_P(DocumentStoreContract, CollectionsAreDescribedAsTheyWereMade) {
  CollectionDescription wanted;
  wanted.name = "orders";
  wanted.wait_for_sync = true;
  wanted.schema = json(R"({"rule":{"required":["total"]},"level":"strict","message":"no total"})");
  wanted.key_options = json(R"({"type":"padded","allowUserKeys":true})");
  ASSERT_TRUE(database_->create_collection(wanted));
  EXPECT_EQ(database_->create_collection(wanted).error().code(), ErrorCode::kDuplicateName);
  auto found = database_->find_collection("orders");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->type, CollectionType::kDocument);
  EXPECT_TRUE((*found)->wait_for_sync);
  EXPECT_EQ(to_json((*found)->schema.slice().get("rule")), R"({"required":["total"]})");
  EXPECT_EQ((*found)->key_options.slice().get("type").as_string(), "padded");
  EXPECT_FALSE(database_->find_collection("none")->has_value());
  wanted.name = "other";
  wanted.key_options = json(R"({"type":"random"})");
  EXPECT_EQ(database_->create_collection(wanted).error().code(), ErrorCode::kInvalidKeyGenerator);
  wanted = {};
  wanted.name = "1 bad/name";
  EXPECT_EQ(database_->create_collection(wanted).error().code(), ErrorCode::kIllegalName);
  wanted.name = "edges";
  wanted.type = CollectionType::kEdge;
  ASSERT_TRUE(database_->create_collection(wanted));
  std::vector<std::string> names;
  auto collections = database_->collections();
  for (const auto& collection : *collections) {
    if (!collection.is_system) names.push_back(collection.name);
  }
  EXPECT_EQ((*database_->find_collection("edges"))->type, CollectionType::kEdge);
  EXPECT_THAT(names, ElementsAre("edges", "orders"));
}

TEST_P(DocumentStoreContract, SchemasHoldUntilTheyAreRemoved) {
  make("orders");
  auto schema = json(R"({"rule":{"required":["total"]},"level":"strict","message":"no total"})");
  ASSERT_TRUE(database_->set_schema("orders", schema.slice()));
  auto refused = database_->insert("orders", json("{}").slice());
  EXPECT_EQ(refused.error().code(), ErrorCode::kValidationFailed);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("no total"));
  EXPECT_EQ(database_->set_schema("orders", json(R"({"rule":5})").slice()).error().code(),
            ErrorCode::kValidationBadParameter);
  ASSERT_TRUE(database_->set_schema("orders", value::Slice::null()));
  EXPECT_TRUE(database_->insert("orders", json("{}").slice()));
  EXPECT_EQ(database_->set_schema("none", schema.slice()).error().code(), ErrorCode::kCollectionNotFound);
}

TEST_P(DocumentStoreContract, CollectionsAreEmptiedAndDropped) {
  make("orders", {"{}", "{}"});
  EXPECT_EQ(database_->count("orders").value(), 2u);
  ASSERT_TRUE(database_->truncate_collection("orders"));
  EXPECT_EQ(database_->count("orders").value(), 0u);
  ASSERT_TRUE(database_->drop_collection("orders"));
  for (auto code : {database_->count("orders").error().code(), database_->drop_collection("orders").error().code(),
                    database_->truncate_collection("orders").error().code(),
                    database_->indexes("orders").error().code(), database_->read("orders", "1").error().code(),
                    database_->insert("orders", json("{}").slice()).error().code()}) {
    EXPECT_EQ(code, ErrorCode::kCollectionNotFound);
  }
}

TEST_P(DocumentStoreContract, IndexesAreEnsuredOnce) {
  make("orders", {R"({"number":1})", R"({"number":1})"});
  auto definition = json(R"({"type":"persistent","name":"by_total","fields":["total"],"sparse":true})");
  auto index = database_->ensure_index("orders", definition.slice());
  ASSERT_TRUE(index) << index.error().message();
  auto again = database_->ensure_index("orders", definition.slice());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(to_json(index->slice().get("id")), to_json(again->slice().get("id")));
  ASSERT_EQ(database_->indexes("orders")->size(), 2u);
  EXPECT_EQ((*database_->indexes("orders"))[0].slice().get("type").as_string(), "primary");
  auto unique = json(R"({"type":"persistent","fields":["number"],"unique":true})");
  EXPECT_EQ(database_->ensure_index("orders", unique.slice()).error().code(), ErrorCode::kUniqueConstraintViolated);
  EXPECT_EQ(database_->ensure_index("orders", json(R"({"type":"nonsense","fields":["a"]})").slice()).error().code(),
            ErrorCode::kBadParameter);
  ASSERT_TRUE(database_->drop_index("orders", index->slice().get("id").as_string()));
  EXPECT_EQ(database_->drop_index("orders", "by_total").error().code(), ErrorCode::kIndexNotFound);
}

TEST_P(DocumentStoreContract, DocumentsAreWrittenAndRead) {
  make("orders");
  auto written = database_->insert("orders", json(R"({"_key":"1:a@b","total":2,"tags":{"a":1}})").slice());
  ASSERT_TRUE(written) << written.error().message();
  EXPECT_EQ(written->key, "1:a@b");
  auto found = database_->read("orders", "1:a@b");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->slice().get("_rev").as_string(), written->revision);
  EXPECT_EQ((*found)->slice().get("_id").as_string(), "orders/1:a@b");
  EXPECT_FALSE(database_->read("orders", "2")->has_value());
  auto made = database_->insert("orders", json(R"({"total":9})").slice());
  ASSERT_TRUE(made);
  EXPECT_EQ(to_json(database_->read("orders", made->key)->value().slice().get("total")), "9");

  ASSERT_TRUE(
      database_->update("orders", "1:a@b", json(R"({"tags":{"b":2},"total":null})").slice(), {.keep_null = false}));
  auto updated = *database_->read("orders", "1:a@b");
  EXPECT_EQ(to_json(updated->slice().get("tags")), R"({"a":1,"b":2})");
  EXPECT_TRUE(updated->slice().get("total").is_none());
  ASSERT_TRUE(database_->update("orders", "1:a@b", json(R"({"tags":{"c":3}})").slice(), {.merge_objects = false}));
  EXPECT_EQ(to_json((*database_->read("orders", "1:a@b"))->slice().get("tags")), R"({"c":3})");
  ASSERT_TRUE(database_->replace("orders", "1:a@b", json(R"({"x":1})").slice()));
  EXPECT_TRUE((*database_->read("orders", "1:a@b"))->slice().get("tags").is_none());
  ASSERT_TRUE(database_->remove("orders", "1:a@b"));
  EXPECT_EQ(database_->remove("orders", "1:a@b").error().code(), ErrorCode::kDocumentNotFound);
  EXPECT_EQ(database_->update("orders", "1:a@b", json("{}").slice()).error().code(), ErrorCode::kDocumentNotFound);
  EXPECT_EQ(database_->replace("orders", "1:a@b", json("{}").slice()).error().code(), ErrorCode::kDocumentNotFound);
  EXPECT_EQ(database_->insert("orders", json(R"({"_key":"a b"})").slice()).error().code(), ErrorCode::kDocumentKeyBad);
  EXPECT_EQ(database_->insert("orders", json("[]").slice()).error().code(), ErrorCode::kDocumentTypeInvalid);
}

TEST_P(DocumentStoreContract, AnExpectedRevisionIsDemanded) {
  make("orders");
  auto first = *database_->insert("orders", json(R"({"_key":"1","n":1})").slice());
  auto second = database_->replace("orders", "1", json(R"({"n":2})").slice(), {.expected_revision = first.revision});
  ASSERT_TRUE(second) << second.error().message();
  WriteOptions outdated{.expected_revision = first.revision};
  EXPECT_EQ(database_->replace("orders", "1", json("{}").slice(), outdated).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(database_->update("orders", "1", json("{}").slice(), outdated).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(database_->remove("orders", "1", outdated).error().code(), ErrorCode::kConflict);
  EXPECT_TRUE(database_->remove("orders", "1", {.expected_revision = second->revision}));
}

TEST_P(DocumentStoreContract, OverwriteModes) {
  make("orders", {R"({"_key":"1","a":1})"});
  auto insert = [&](OverwriteMode mode, std::string_view document) {
    return database_->insert("orders", json(document).slice(), {.overwrite = mode});
  };
  auto contents = [&] {
    auto found = *database_->read("orders", "1");
    return to_json(found->slice().get("a")) + to_json(found->slice().get("b"));
  };
  EXPECT_EQ(insert(OverwriteMode::kConflict, R"({"_key":"1"})").error().code(), ErrorCode::kUniqueConstraintViolated);
  ASSERT_TRUE(insert(OverwriteMode::kIgnore, R"({"_key":"1","a":2})"));
  EXPECT_EQ(contents(), "1null");
  ASSERT_TRUE(insert(OverwriteMode::kUpdate, R"({"_key":"1","b":2})"));
  EXPECT_EQ(contents(), "12");
  ASSERT_TRUE(insert(OverwriteMode::kReplace, R"({"_key":"1","b":3})"));
  EXPECT_EQ(contents(), "null3");
}

TEST_P(DocumentStoreContract, BulkInsertReportsEachBadDocument) {
  make("orders", {R"({"_key":"there"})"});
  std::vector<value::Buffer> buffers;
  for (int number = 0; number < 2500; ++number) {
    std::string text = number == 1700   ? R"({"_key":"a b"})"
                       : number == 1701 ? R"({"_key":"there"})"
                       : number == 1702 ? "[]"
                                        : "{\"n\":" + std::to_string(number) + "}";
    buffers.push_back(json(text));
  }
  std::vector<value::Slice> documents;
  for (const value::Buffer& buffer : buffers) documents.push_back(buffer.slice());
  auto outcome = database_->insert_many("orders", documents);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(outcome->created, 2497u);
  ASSERT_EQ(outcome->errors.size(), 3u);
  EXPECT_EQ(outcome->errors[0].position, 1700u);
  EXPECT_EQ(outcome->errors[0].error.code(), ErrorCode::kDocumentKeyBad);
  EXPECT_EQ(outcome->errors[1].error.code(), ErrorCode::kUniqueConstraintViolated);
  EXPECT_EQ(outcome->errors[2].error.code(), ErrorCode::kDocumentTypeInvalid);
  EXPECT_EQ(database_->count("orders").value(), 2498u);
  auto ignoring =
      database_->insert_many("orders", std::span(documents).subspan(1701, 1), {.overwrite = OverwriteMode::kIgnore});
  ASSERT_TRUE(ignoring);
  EXPECT_EQ(ignoring->ignored, 1u);
  EXPECT_EQ(ignoring->created, 0u);
  EXPECT_TRUE(database_->insert_many("orders", {})->errors.empty());
}

TEST_P(DocumentStoreContract, KeyGeneratorsOfTheStoreAreLeftToIt) {
  CollectionDescription counted;
  counted.name = "counted";
  counted.key_options = json(R"({"type":"autoincrement","offset":10,"increment":5})");
  ASSERT_TRUE(database_->create_collection(counted));
  EXPECT_EQ(database_->insert("counted", json("{}").slice())->key, "10");
  auto document = json("{}");
  std::vector<value::Slice> two{document.slice(), document.slice()};
  EXPECT_EQ(database_->insert_many("counted", two)->created, 2u);
  EXPECT_EQ(rows("FOR c IN counted SORT TO_NUMBER(c._key) RETURN c._key"), R"(["10","15","20"])");
}

TEST_P(DocumentStoreContract, ManyThreadsShareAStore) {
  make("orders");
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int number = 0; number < 25; ++number) {
        auto document = json(R"({"_key":")" + std::to_string(thread) + "-" + std::to_string(number) + R"("})");
        if (!database_->insert("orders", document.slice())) ++failures;
        if (database_->query("FOR o IN orders LIMIT 3 RETURN o", value::Slice::null(), {.batch_size = 1}).has_value())
          continue;
        ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(database_->count("orders").value(), 200u);
}

}  // namespace
}  // namespace workerdb::stores::documents

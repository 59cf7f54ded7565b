#include "stores/documents/local/local_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/engine.h"
#include "stores/documents/cursor_reading.h"
#include "value/json.h"

namespace workerdb::stores::documents {
namespace {

using base::ErrorCode;
using value::parse_json;

class LocalStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-local-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    auto opened = engine::Engine::open(folder_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    engine_ = *std::move(opened);
    store_ = make_local_store(*engine_);
    ASSERT_TRUE(store_->create_database("shop").has_value());
    auto database = store_->open("shop");
    ASSERT_TRUE(database.has_value());
    database_ = *database;
  }
  void TearDown() override {
    database_.reset();
    store_.reset();
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static value::Buffer json(std::string_view text) { return parse_json(text).value(); }

  std::string folder_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<DocumentStore> store_;
  std::shared_ptr<DocumentDatabase> database_;
};

TEST_F(LocalStoreTest, DatabasesCarryTheirEnvironmentClass) {
  EXPECT_EQ(store_->databases().value(), (std::vector<std::string>{"_system", "shop"}));
  EXPECT_EQ(store_->create_database("shop").error().code(), ErrorCode::kDuplicateName);
  EXPECT_EQ(store_->open("none").error().code(), ErrorCode::kDatabaseNotFound);
  EXPECT_FALSE(store_->environment_class("shop")->has_value());
  ASSERT_TRUE(store_->set_environment_class("shop", "production").has_value());
  ASSERT_TRUE(store_->set_environment_class("shop", "dev").has_value());
  EXPECT_EQ(store_->environment_class("shop")->value(), "dev");
  ASSERT_TRUE(store_->drop_database("shop").has_value());
  EXPECT_EQ(store_->environment_class("shop").error().code(), ErrorCode::kDatabaseNotFound);
}

TEST_F(LocalStoreTest, CollectionsWithSchemaKeysAndIndexes) {
  CollectionDescription wanted{
      .name = "orders",
      .schema = json(R"({"rule":{"required":["total"]},"level":"strict","message":"no total"})"),
      .key_options = json(R"({"type":"padded","allowUserKeys":true})")};
  ASSERT_TRUE(database_->create_collection(wanted).has_value());
  EXPECT_EQ(database_->create_collection(wanted).error().code(), ErrorCode::kDuplicateName);
  wanted.name = "other";
  wanted.key_options = json(R"({"type":"random"})");
  EXPECT_EQ(database_->create_collection(wanted).error().code(), ErrorCode::kInvalidKeyGenerator);
  auto found = database_->find_collection("orders");
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ(value::to_json((*found)->schema.slice().get("rule")), R"({"required":["total"]})");
  EXPECT_EQ((*found)->key_options.slice().get("type").as_string(), "padded");
  EXPECT_FALSE(database_->find_collection("other")->has_value());

  EXPECT_EQ(database_->insert("orders", json("{}").slice()).error().code(), ErrorCode::kValidationFailed);
  ASSERT_TRUE(database_->set_schema("orders", value::Slice::null()).has_value());
  EXPECT_TRUE(database_->insert("orders", json("{}").slice()).has_value());

  auto index =
      database_->ensure_index("orders", json(R"({"type":"persistent","name":"by_total","fields":["total"]})").slice());
  ASSERT_TRUE(index.has_value()) << index.error().message();
  EXPECT_EQ(database_->indexes("orders")->size(), 2u);
  EXPECT_TRUE(database_->drop_index("orders", "by_total").has_value());
  EXPECT_EQ(database_->drop_index("orders", "by_total").error().code(), ErrorCode::kIndexNotFound);
  EXPECT_EQ(database_->count("orders").value(), 1u);
  ASSERT_TRUE(database_->truncate_collection("orders").has_value());
  EXPECT_EQ(database_->count("orders").value(), 0u);
  ASSERT_TRUE(database_->drop_collection("orders").has_value());
  EXPECT_EQ(database_->count("orders").error().code(), ErrorCode::kCollectionNotFound);
}

TEST_F(LocalStoreTest, SingleDocuments) {
  ASSERT_TRUE(database_->create_collection({.name = "orders"}).has_value());
  auto written = database_->insert("orders", json(R"({"_key":"1","total":2})").slice());
  ASSERT_TRUE(written.has_value()) << written.error().message();
  EXPECT_EQ(written->key, "1");
  EXPECT_EQ(database_->insert("orders", json(R"({"_key":"1"})").slice()).error().code(),
            ErrorCode::kUniqueConstraintViolated);
  EXPECT_FALSE(database_->read("orders", "2")->has_value());
  EXPECT_EQ(database_->read("orders", "1")->value().slice().get("total").as_int64(), 2);
  ASSERT_TRUE(database_->update("orders", "1", json(R"({"paid":true})").slice()).has_value());
  EXPECT_EQ(database_->read("orders", "1")->value().slice().get("total").as_int64(), 2);
  EXPECT_EQ(
      database_->replace("orders", "1", json("{}").slice(), {.expected_revision = written->revision}).error().code(),
      ErrorCode::kConflict);
  ASSERT_TRUE(database_->replace("orders", "1", json(R"({"total":3})").slice()).has_value());
  EXPECT_TRUE(database_->read("orders", "1")->value().slice().get("paid").is_none());
  ASSERT_TRUE(database_->remove("orders", "1").has_value());
  EXPECT_EQ(database_->remove("orders", "1").error().code(), ErrorCode::kDocumentNotFound);
}

TEST_F(LocalStoreTest, BulkInsertReportsEachBadDocument) {
  ASSERT_TRUE(database_->create_collection({.name = "orders"}).has_value());
  std::vector<value::Buffer> buffers;
  for (int number = 0; number < 2500; ++number) {
    buffers.push_back(
        json(number == 1700 ? std::string("{\"_key\":\"a b\"}") : "{\"n\":" + std::to_string(number) + "}"));
  }
  std::vector<value::Slice> documents;
  for (const value::Buffer& buffer : buffers) documents.push_back(buffer.slice());
  auto outcome = database_->insert_many("orders", documents);
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message();
  EXPECT_EQ(outcome->created, 2499u);
  ASSERT_EQ(outcome->errors.size(), 1u);
  EXPECT_EQ(outcome->errors[0].position, 1700u);
  EXPECT_EQ(outcome->errors[0].error.code(), ErrorCode::kDocumentKeyBad);
  EXPECT_EQ(database_->count("orders").value(), 2499u);
}

TEST_F(LocalStoreTest, QueriesComeInBatches) {
  auto cursor = database_->query("FOR n IN 1..@last RETURN n * 2", json(R"({"last":5})").slice(), {.batch_size = 2});
  ASSERT_TRUE(cursor.has_value()) << cursor.error().message();
  std::vector<std::string> batches;
  while (true) {
    auto batch = (*cursor)->next_batch();
    ASSERT_TRUE(batch.has_value()) << batch.error().message();
    if (!*batch) break;
    batches.push_back(value::to_json(**batch));
  }
  EXPECT_EQ(batches, (std::vector<std::string>{"[2,4]", "[6,8]", "[10]"}));
  EXPECT_TRUE((*cursor)->extra().get("stats").is_object());
  EXPECT_EQ(database_->query("RETURN", value::Slice::null()).error().code(), ErrorCode::kQueryParse);
  EXPECT_EQ(query_all(*database_, "FOR n IN 1..11 RETURN n", value::Slice::null(), 10).error().code(),
            ErrorCode::kResourceLimit);
}

}  // namespace
}  // namespace workerdb::stores::documents

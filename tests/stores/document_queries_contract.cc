// What every adapter does with queries.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "documents_under_test.h"
#include "stores/documents/cursor_reading.h"
#include "value/json.h"

namespace workerdb::stores::documents {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::StartsWith;
using value::to_json;

QueryOptions with_extra(std::string_view text) {
  QueryOptions options;
  options.extra = *value::parse_json(text);
  return options;
}

TEST_P(DocumentStoreContract, RowsComeInBatches) {
  auto cursor = database_->query("FOR n IN 1..@last RETURN n * 2", json(R"({"last":5})").slice(), {.batch_size = 2});
  ASSERT_TRUE(cursor) << cursor.error().message();
  std::vector<std::string> batches;
  while (auto batch = *(*cursor)->next_batch()) batches.push_back(to_json(*batch));
  EXPECT_THAT(batches, ElementsAre("[2,4]", "[6,8]", "[10]"));
  EXPECT_FALSE((*cursor)->next_batch()->has_value());
  EXPECT_TRUE((*cursor)->extra().get("stats").is_object());
  EXPECT_EQ(rows("FOR n IN [] RETURN n"), "[]");
}

TEST_P(DocumentStoreContract, AStreamOfManyBatches) {
  QueryOptions options = with_extra(R"({"stream":true})");
  options.batch_size = 10;
  auto cursor = database_->query("FOR n IN 1..1005 RETURN n", value::Slice::null(), options);
  ASSERT_TRUE(cursor) << cursor.error().message();
  int64_t sum = 0;
  while (auto batch = *(*cursor)->next_batch()) {
    for (value::ArrayIterator row(*batch); row.valid(); row.next()) sum += row.value().as_int64();
  }
  EXPECT_EQ(sum, 1005 * 1006 / 2);
}

TEST_P(DocumentStoreContract, FullCountAndWarnings) {
  make("orders", {"{}", "{}", "{}"});
  QueryOptions counting;
  counting.full_count = true;
  auto cursor = *database_->query("FOR o IN orders LIMIT 1 RETURN 1", value::Slice::null(), counting);
  while (*cursor->next_batch()) {
  }
  EXPECT_EQ(to_json(cursor->extra().get("stats").get("fullCount")), "3");
  cursor = *database_->query("RETURN 1 / 0", value::Slice::null());
  while (*cursor->next_batch()) {
  }
  ASSERT_EQ(cursor->extra().get("warnings").size(), 1u);
  EXPECT_EQ(to_json(cursor->extra().get("warnings").at(0).get("code")), "1562");
  QueryOptions strict;
  strict.fail_on_warning = true;
  EXPECT_EQ(query_error("RETURN 1 / 0", strict), ErrorCode(1562));
}

TEST_P(DocumentStoreContract, QueriesFailWithTheirDocumentedNumbers) {
  make("orders", {R"({"_key":"1"})"});
  EXPECT_EQ(query_error("RETURN"), ErrorCode::kQueryParse);
  EXPECT_EQ(query_error("FOR x IN missing RETURN x"), ErrorCode::kCollectionNotFound);
  EXPECT_EQ(query_error("RETURN @missing"), ErrorCode(1551));
  EXPECT_EQ(query_error("INSERT {_key: '1'} INTO orders"), ErrorCode::kUniqueConstraintViolated);
  QueryOptions small;
  small.memory_limit_bytes = 1 << 20;
  EXPECT_EQ(query_error("LET a = (FOR n IN 1..1000000 RETURN CONCAT('a long text', n)) RETURN a", small),
            ErrorCode::kResourceLimit);
  QueryOptions short_time;
  short_time.max_runtime_ms = 50;
  EXPECT_EQ(query_error("FOR a IN 1..100000 FOR b IN 1..100000 FILTER a + b == 0 RETURN 1", short_time),
            ErrorCode::kQueryKilled);
  EXPECT_EQ(query_all(*database_, "FOR n IN 1..11 RETURN n", value::Slice::null(), 10).error().code(),
            ErrorCode::kResourceLimit);
}

TEST_P(DocumentStoreContract, AKilledQueryEnds) {
  std::atomic<bool> ended = false;
  std::thread killer([&] {
    while (!ended) {
      for (const auto& query : engine_->running_queries("shop")) (void)engine_->kill_query("shop", query.id);
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(query_error("FOR a IN 1..100000 FOR b IN 1..100000 FILTER a + b == 0 RETURN 1"), ErrorCode::kQueryKilled);
  ended = true;
  killer.join();
}

TEST_P(DocumentStoreContract, ExplainAndAnalyzeRunNothing) {
  make("orders");
  make("log");
  auto plan = database_->explain("FOR o IN orders RETURN o", value::Slice::null());
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->slice().get("plan").get("nodes").is_array());
  auto reading = database_->analyze("FOR o IN @@c RETURN o", json(R"({"@c":"orders"})").slice());
  ASSERT_TRUE(reading) << reading.error().message();
  ASSERT_EQ(reading->collections.size(), 1u);
  EXPECT_EQ(reading->collections[0].name, "orders");
  EXPECT_FALSE(reading->collections[0].writes || reading->modifies);
  auto writing = *database_->analyze("FOR o IN orders INSERT {of: o._key} INTO log", value::Slice::null());
  ASSERT_EQ(writing.collections.size(), 2u);
  EXPECT_TRUE(writing.collections[0].name == "log" && writing.collections[0].writes);
  EXPECT_FALSE(writing.collections[1].writes);
  EXPECT_TRUE(writing.modifies);
  EXPECT_EQ(database_->count("log").value(), 0u);
  EXPECT_EQ(database_->analyze("RETURN", value::Slice::null()).error().code(), ErrorCode::kQueryParse);
}

TEST_P(DocumentStoreContract, AReadOnlyQueryCannotWrite) {
  make("orders", {R"({"_key":"1","n":1})", R"({"_key":"2","n":2})"});
  QueryOptions reading;
  reading.read_only = true;
  reading.batch_size = 1;
  EXPECT_EQ(rows("FOR o IN orders SORT o.n RETURN o.n", reading), "[1,2]");
  EXPECT_EQ(rows("RETURN DOCUMENT('orders/1').n", reading), "[1]");
  for (const char* text : {"INSERT {} INTO orders", "FOR o IN orders REMOVE o IN orders",
                           "LET x = (UPDATE '1' WITH {n: 5} IN orders RETURN NEW) RETURN x",
                           "UPSERT {n: 1} INSERT {} UPDATE {n: 9} IN orders", "REPLACE '1' WITH {} IN orders",
                           "FOR o IN orders FILTER false INSERT {} INTO orders"}) {
    EXPECT_EQ(query_error(text, reading), ErrorCode::kReadOnly) << text;
  }
  EXPECT_EQ(rows("FOR o IN orders SORT o.n RETURN o.n"), "[1,2]");
  QueryOptions stream = with_extra(R"({"stream":true})");
  stream.read_only = true;
  stream.batch_size = 1;
  EXPECT_EQ(rows("FOR o IN orders SORT o.n RETURN o.n", stream), "[1,2]");
}

TEST_P(DocumentStoreContract, AQueryTouchesOnlyWhatItMay) {
  make("orders", {R"({"_key":"1","n":1})"});
  make("secrets", {R"({"_key":"1","word":"x"})"});
  QueryOptions scoped;
  scoped.allowed_collections = {"orders", "missing"};
  EXPECT_EQ(rows("FOR o IN orders RETURN o.n", scoped), "[1]");
  EXPECT_EQ(rows("RETURN DOCUMENT('orders/1').n", scoped), "[1]");
  for (const char* text :
       {"FOR s IN secrets RETURN s", "FOR o IN orders FOR s IN secrets RETURN s.word", "RETURN DOCUMENT('secrets/1')",
        "RETURN DOCUMENT(CONCAT('sec', 'rets/', '1'))", "LET x = (FOR s IN secrets RETURN s) RETURN 1",
        "FOR o IN orders INSERT {} INTO secrets", "RETURN LENGTH(secrets)"}) {
    EXPECT_EQ(query_error(text, scoped), ErrorCode::kForbidden) << text;
  }
  // Writing where it may is lasting.
  EXPECT_EQ(rows("FOR o IN orders UPDATE o WITH {n: 2} IN orders RETURN NEW.n", scoped), "[2]");
  EXPECT_EQ(rows("FOR o IN orders RETURN o.n"), "[2]");
  scoped.read_only = true;
  EXPECT_EQ(query_error("FOR o IN orders UPDATE o WITH {n: 3} IN orders", scoped), ErrorCode::kReadOnly);
  scoped.read_only = false;
  scoped.allowed_collections = std::vector<std::string>{};
  EXPECT_EQ(rows("RETURN 1 + 1", scoped), "[2]");
  EXPECT_EQ(query_error("FOR o IN orders RETURN o", scoped), ErrorCode::kForbidden);
  EXPECT_EQ(database_->count("secrets").value(), 1u);
}

TEST_P(DocumentStoreContract, ADroppedCursorLeavesNothingBehind) {
  {
    auto cursor = *database_->query("FOR n IN 1..100 RETURN n", value::Slice::null(), {.batch_size = 1});
    ASSERT_TRUE(cursor->next_batch()->has_value());
    ASSERT_TRUE(cursor->next_batch()->has_value());
  }
  EXPECT_EQ(server_ != nullptr ? server_->statistics().open_cursors : 0, 0u);
  EXPECT_TRUE(engine_->running_queries("shop").empty());
}

}  // namespace
}  // namespace workerdb::stores::documents

#include "engine/plan_cache.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "engine/engine.h"

namespace workerdb::engine {
namespace {

class PlanCacheTest : public ::testing::Test {
 protected:
  PlanCacheTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-plans-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    engine_ = *Engine::open(folder_);
    database_.emplace(*engine_->database("_system"));
    auto things = *database_->create_collection("things");
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(
          things.insert(json("{\"_key\": \"k" + std::to_string(i) + "\", \"n\": " + std::to_string(i) + "}").slice()));
    }
  }
  ~PlanCacheTest() override {
    database_.reset();
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static Buffer json(std::string_view text) { return *value::parse_json(text); }

  // The rows as one JSON array, or the error's number.
  std::string run(std::string_view text, std::string_view bind = "{}") {
    Buffer variables = json(bind);
    QueryOptions options;
    options.use_plan_cache = listed_;
    auto cursor = database_->query(text, variables.slice(), options);
    if (!cursor) return std::to_string(cursor.error().number());
    key_ = cursor->plan_cache_key();
    std::string rows;
    EXPECT_TRUE(cursor->append_json(1000, rows));
    return "[" + rows + "]";
  }

  std::string folder_;
  std::unique_ptr<Engine> engine_;
  std::optional<Database> database_;
  bool listed_ = false;
  std::optional<uint64_t> key_;
};

TEST_F(PlanCacheTest, OnePlanServesOtherValues) {
  listed_ = true;
  constexpr std::string_view kQuery = "FOR t IN things FILTER t.n == @n RETURN t._key";
  EXPECT_EQ(run(kQuery, R"({"n": 3})"), R"(["k3"])");
  EXPECT_FALSE(key_);  // made, not found
  EXPECT_EQ(run(kQuery, R"({"n": 4})"), R"(["k4"])");
  EXPECT_TRUE(key_);
  EXPECT_EQ(run(kQuery, R"({"n": null})"), "[]");  // another kind: a plan of its own
  EXPECT_FALSE(key_);
  EXPECT_EQ(database_->cached_plans().size(), 2u);
  database_->clear_cached_plans();
  EXPECT_TRUE(database_->cached_plans().empty());
}

TEST_F(PlanCacheTest, ValuesThatDecideAreNotMixedUp) {
  EXPECT_EQ(run("FOR t IN things SORT t.n LIMIT @l RETURN t.n", R"({"l": 2})"), "[0,1]");
  EXPECT_EQ(run("FOR t IN things SORT t.n LIMIT @l RETURN t.n", R"({"l": 3})"), "[0,1,2]");
  EXPECT_EQ(run("FOR t IN things FILTER @all OR t.n == 1 RETURN t.n", R"({"all": false})"), "[1]");
  EXPECT_EQ(run("FOR t IN things FILTER @all OR t.n == 1 LIMIT 2 RETURN 1", R"({"all": true})"), "[1,1]");
  EXPECT_EQ(run("FOR t IN things FILTER @all OR t.n == 1 RETURN 1", R"({"all": true})"), "[1,1,1,1,1,1,1,1,1,1]");
  EXPECT_EQ(run("FOR t IN things FILTER @all OR t.n == 1 RETURN 1", R"({"all": false})"), "[1]");
  EXPECT_EQ(run("RETURN @a + 1", R"({"a": 1})"), "[2]");
  EXPECT_EQ(run("RETURN @a + 1", R"({"a": 5})"), "[6]");
  EXPECT_EQ(run("FOR t IN things FILTER t.n > @a OR t.n > @b RETURN t.n", R"({"a": 8, "b": 9})"), "[9]");
  EXPECT_EQ(run("FOR t IN things FILTER t.n > @a OR t.n > @b RETURN t.n", R"({"a": 9, "b": 8})"), "[9]");
  EXPECT_EQ(
      run("FOR t IN things FILTER LENGTH(FOR u IN things FILTER u.n <= t.n RETURN 1) > @n RETURN t.n", R"({"n": 0})"),
      "[0,1,2,3,4,5,6,7,8,9]");
  EXPECT_EQ(
      run("FOR t IN things FILTER LENGTH(FOR u IN things FILTER u.n <= t.n RETURN 1) > @n RETURN t.n", R"({"n": 8})"),
      "[8,9]");
  EXPECT_EQ(run("FOR t IN things SORT t.n LIMIT 1 RETURN t.@a", R"({"a": "n"})"), "[0]");
  EXPECT_EQ(run("FOR t IN things SORT t.n LIMIT 1 RETURN t.@a", R"({"a": "_key"})"), R"(["k0"])");
}

// Each rule that looks into a parameter's value, with a second use of it that stays in the plan.
TEST_F(PlanCacheTest, WhatRulesMakeOfAValueServesNoOther) {
  auto things = *database_->collection("things");
  EXPECT_TRUE(things.ensure_index(json(R"({"type": "persistent", "fields": ["n"]})").slice()));
  auto texts = *database_->create_collection("texts");
  EXPECT_TRUE(texts.ensure_index(json(R"({"type": "persistent", "fields": ["t"]})").slice()));
  for (const char* text : {"abc", "abd", "b"})
    EXPECT_TRUE(texts.insert(json(R"({"t": ")" + std::string(text) + R"("})").slice()));
  constexpr std::string_view kLike = "FOR d IN texts FILTER d.t LIKE @p SORT d.t RETURN d.t";
  EXPECT_EQ(run(kLike, R"({"p": "a%"})"), R"(["abc","abd"])");
  EXPECT_EQ(run(kLike, R"({"p": "b%"})"), R"(["b"])");
  EXPECT_EQ(run(kLike, R"({"p": "%"})"), R"(["abc","abd","b"])");
  constexpr std::string_view kOr =
      "FOR t IN things FILTER (t.n == @x && t.n < 100) || (t.n == @y && t.n < 200) SORT t.n RETURN t.n";
  EXPECT_EQ(run(kOr, R"({"x": 2, "y": 2})"), "[2]");
  EXPECT_EQ(run(kOr, R"({"x": 2, "y": 3})"), "[2,3]");
  constexpr std::string_view kBounds =
      "FOR t IN things FILTER t.n > @x || t.n > @y FILTER t.n >= @x - 5 && (t.n < 9 || t.n + 100 > @x + @y) && "
      "(t.n < 9 || t.n + 100 > @y) SORT t.n RETURN t.n";
  EXPECT_EQ(run(kBounds, R"({"x": 5, "y": 7})"), "[6,7,8,9]");
  EXPECT_EQ(run(kBounds, R"({"x": 8, "y": 6})"), "[7,8,9]");
  constexpr std::string_view kFolded =
      "FOR t IN things LET big = t.n > @x && LENGTH(FOR u IN things RETURN 1) > 1 "
      "FILTER big RETURN [t.n, @x ? 1 : 2]";
  EXPECT_EQ(run(kFolded, R"({"x": 8})"), "[[9,1]]");
  EXPECT_EQ(run(kFolded, R"({"x": 0})").substr(0, 6), "[[1,2]");
}

TEST_F(PlanCacheTest, MissingAndUnknownValuesAreStillErrors) {
  EXPECT_EQ(run("RETURN @a", R"({"a": 1})"), "[1]");
  EXPECT_EQ(run("RETURN @a", "{}"), "1551");
  EXPECT_EQ(run("RETURN @a", R"({"a": 1, "b": 2})"), "1552");
}

TEST_F(PlanCacheTest, ChangesOfTheSchemaEndPlans) {
  constexpr std::string_view kQuery = "FOR t IN things FILTER t.n == 5 RETURN t._key";
  listed_ = true;
  EXPECT_EQ(run(kQuery), R"(["k5"])");
  EXPECT_EQ(run(kQuery), R"(["k5"])");
  EXPECT_TRUE(key_);
  ASSERT_TRUE(
      database_->collection("things")->ensure_index(json(R"({"type": "persistent", "fields": ["n"]})").slice()));
  EXPECT_EQ(run(kQuery), R"(["k5"])");
  EXPECT_FALSE(key_);  // planned anew
  ASSERT_TRUE(database_->drop_collection("things"));
  EXPECT_EQ(run(kQuery), "1203");
  ASSERT_TRUE(database_->create_collection("things"));
  EXPECT_EQ(run(kQuery), "[]");
}

TEST_F(PlanCacheTest, SaysWhatItDoesNotKeep) {
  listed_ = true;
  EXPECT_EQ(run("FOR t IN things LIMIT @l RETURN 1", R"({"l": 2})"), "1584");
  EXPECT_EQ(run("FOR t IN things RETURN t.@a", R"({"a": "n"})"), "1584");
  EXPECT_EQ(run("UPSERT {n: 1} INSERT {n: 1} UPDATE {} IN things"), "1584");
  EXPECT_EQ(run("FOR t IN @@c FILTER t.n == 1 RETURN t.n", R"({"@c": "things"})"), "[1]");
}

TEST_F(PlanCacheTest, StaysWithinItsLimits) {
  PlanCacheLimits limits;
  limits.entries = 8;
  PlanCache cache(limits);
  storage::Database database;
  database.id = 1;
  for (int i = 0; i < 100; ++i) {
    auto query = std::make_shared<CompiledQuery>();
    query->plan = std::make_shared<aql::plan::Plan>();
    EXPECT_NE(cache.add(database, "RETURN " + std::to_string(i), Slice(), QueryOptions(), query), nullptr);
    EXPECT_LE(cache.size(), 8u);
  }
  cache.clear(database);
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(PlanCacheTest, ManyThreadsAndAChangingSchema) {
  std::atomic<bool> ends = false;
  auto reader = [&] {
    while (!ends) {
      auto cursor = database_->query("FOR t IN things FILTER t.n == @n RETURN t.n", json(R"({"n": 7})").slice());
      ASSERT_TRUE(cursor) << cursor.error().message();
      std::string rows;
      ASSERT_TRUE(cursor->append_json(10, rows));
      EXPECT_EQ(rows, "7");
    }
  };
  std::thread one(reader), two(reader);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(database_->create_collection("other" + std::to_string(i)));
    auto things = *database_->collection("things");
    EXPECT_TRUE(
        things.ensure_index(json(R"({"type": "persistent", "fields": ["m)" + std::to_string(i) + R"("]})").slice()));
  }
  ends = true;
  one.join(), two.join();
}

// Rows that went to the disk come back in the order that they would have had in memory.
TEST_F(PlanCacheTest, SortsThatSpillGiveTheSameRows) {
  constexpr std::string_view kQuery =
      "FOR i IN 1..20000 LET k = (i * 7919) % 101 SORT k DESC, i % 7 RETURN [k, i, CONCAT('row ', i)]";
  auto rows_of = [&](const QueryOptions& options) {
    auto cursor = database_->query(kQuery, Slice(), options);
    EXPECT_TRUE(cursor) << cursor.error().message();
    std::string rows;
    EXPECT_EQ(*cursor->append_json(100'000, rows), 20'000u);
    return rows;
  };
  std::string wanted = rows_of({});
  for (uint64_t rows : {1, 999, 15'000}) {
    QueryOptions options;
    options.spill_from_rows = rows;
    EXPECT_EQ(rows_of(options), wanted) << rows;
  }
  QueryOptions by_bytes;
  by_bytes.spill_from_bytes = 1 << 20;
  EXPECT_EQ(rows_of(by_bytes), wanted);
  // Nothing is left in the folder: the files have no names.
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().filename().string().find("spill"), std::string::npos);
  }
}

// Between a plan and its run somebody may drop an index that it uses.
TEST_F(PlanCacheTest, AnIndexThatGoesBeforeTheRunMakesAnotherPlan) {
  auto things = *database_->collection("things");
  ASSERT_TRUE(things.ensure_index(json(R"({"type": "persistent", "fields": ["n"], "name": "by_n"})").slice()));
  QueryOptions options;
  int asked = 0;
  options.authorize = [&](std::string_view, bool) -> Result<> {
    return ++asked == 1 ? database_->collection("things")->drop_index("by_n") : Result<>();
  };
  auto cursor = database_->query("FOR t IN things FILTER t.n == 3 RETURN t._key", {}, options);
  ASSERT_TRUE(cursor) << cursor.error().message();
  EXPECT_EQ(cursor->next()->as_string(), "k3");
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace workerdb::engine

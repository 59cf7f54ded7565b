#include "engine/engine.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>

namespace workerdb::engine {
namespace {

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-engine-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    open();
  }
  ~EngineTest() override {
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void open() {
    auto opened = Engine::open(folder_);
    ASSERT_TRUE(opened) << opened.error().message();
    engine_ = *std::move(opened);
  }
  Database database() { return *engine_->database("_system"); }
  Collection things() {
    auto found = database().collection("things");
    return found ? *found : *database().create_collection("things");
  }
  static Buffer json(std::string_view text) { return *value::parse_json(text); }
  void insert(std::string_view text) {
    auto written = things().insert(json(text).slice());
    ASSERT_TRUE(written) << written.error().message();
  }

  // The rows as JSON with commas, or the error's number.
  std::string run(std::string_view text, std::string_view bind = "{}", const QueryOptions& options = {},
                  Transaction* transaction = nullptr) {
    auto cursor = database().query(text, json(bind).slice(), options, transaction);
    if (!cursor) return fmt::format("error {}", cursor.error().number());
    std::string rows;
    auto read = cursor->append_json(1000, rows);
    return read ? rows : fmt::format("error {}", read.error().number());
  }

  std::string folder_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineTest, KeepsWhatWasWritten) {
  insert(R"({"_key":"a","n":1})");
  ASSERT_TRUE(things().update("a", json(R"({"m":2})").slice()));
  engine_.reset();
  open();
  EXPECT_EQ(run("FOR d IN things RETURN [d._key, d.n, d.m]"), R"(["a",1,2])");
  ASSERT_TRUE(things().remove("a"));
  EXPECT_EQ(*things().count(), 0u);
  EXPECT_EQ(things().remove("a").error().code(), ErrorCode::kDocumentNotFound);
}

TEST_F(EngineTest, AFailedQueryLeavesNothingInItsTransaction) {
  things();
  Transaction transaction = database().begin();
  EXPECT_EQ(run("INSERT {_key: 'kept'} INTO things", "{}", {}, &transaction), "");
  EXPECT_EQ(run("FOR i IN 1..3 INSERT {_key: i < 3 ? CONCAT('k', i) : 'kept'} INTO things", "{}", {}, &transaction),
            "error 1210");
  EXPECT_EQ(run("FOR d IN things RETURN d._key", "{}", {}, &transaction), R"("kept")");
  EXPECT_EQ(run("FOR d IN things RETURN d._key"), "");
  ASSERT_TRUE(transaction.commit());
  EXPECT_EQ(run("FOR d IN things RETURN d._key"), R"("kept")");
}

TEST_F(EngineTest, AStreamThatIsGivenUpLeavesNothing) {
  things();
  {
    QueryOptions options;
    options.stream = true;
    options.batch_size = 1;
    auto cursor = database().query("FOR i IN 1..3000 INSERT {n: i} INTO things RETURN NEW.n", {}, options);
    ASSERT_TRUE(cursor);
    ASSERT_TRUE(cursor->next());
  }
  EXPECT_EQ(run("RETURN LENGTH(things)"), "0");
}

TEST_F(EngineTest, AKilledStreamEnds) {
  QueryOptions options;
  options.stream = true;
  auto cursor = database().query("FOR i IN 1..100000000 RETURN i", {}, options);
  ASSERT_TRUE(cursor);
  ASSERT_TRUE(cursor->next());
  ASSERT_EQ(engine_->running_queries("_system").size(), 1u);
  EXPECT_FALSE(engine_->kill_query("other", cursor->id()));
  ASSERT_TRUE(engine_->kill_query("_system", cursor->id()));
  std::string rows;
  auto read = cursor->append_json(100'000'000, rows);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kQueryKilled);
  EXPECT_TRUE(engine_->running_queries("_system").empty());
  EXPECT_FALSE(engine_->kill_query("_system", cursor->id()));
}

TEST_F(EngineTest, RightsGoByTheCollectionsOwnName) {
  insert(R"({"_key":"a"})");
  std::set<std::string> asked;
  QueryOptions options;
  options.authorize = [&](std::string_view name, bool writes) -> Result<> {
    asked.insert(fmt::format("{} {}", name, writes ? "write" : "read"));
    return name == "things" ? Result<>(ErrorCode::kForbidden) : Result<>();
  };
  std::string by_number = fmt::format(R"({{"@c":"{}"}})", things().id());
  for (const std::string& bind : {std::string(R"({"@c":"things"})"), by_number}) {
    EXPECT_EQ(run("FOR d IN @@c RETURN d", bind, options), "error 11") << bind;
    EXPECT_EQ(run("REMOVE 'a' IN @@c", bind, options), "error 11") << bind;
    EXPECT_FALSE(database().explain("FOR d IN @@c RETURN d", json(bind).slice(), options)) << bind;
  }
  EXPECT_EQ(asked, (std::set<std::string>{"things read", "things write"}));
  EXPECT_EQ(*things().count(), 1u);
}

TEST_F(EngineTest, BoundsHowDeepAQueryNests) {
  auto chain = [](int lets, std::string_view first = "1") {
    std::string text = fmt::format("LET a0 = {}", first);
    for (int i = 1; i <= lets; ++i) {
      fmt::format_to(std::back_inserter(text), " LET a{} = {}a{}{}", i, std::string(450, '['), i - 1,
                     std::string(450, ']'));
    }
    return fmt::format("{} RETURN [a{}] == [a{}, 1]", text, lets, lets);
  };
  EXPECT_EQ(run(chain(5)), "false");
  EXPECT_EQ(run(chain(200)), "error 1524");
  EXPECT_EQ(run(chain(200, "RAND()")), "error 1524");
}

TEST_F(EngineTest, DocumentsDoNotGrowDeeperThanJson) {
  insert(R"({"_key":"a","n":1})");
  std::string deeper = fmt::format("FOR d IN things UPDATE d WITH {{n: {}d.n{}}} IN things", std::string(150, '['),
                                   std::string(150, ']'));
  EXPECT_EQ(run(deeper), "");
  EXPECT_EQ(run(deeper), "error 1216");
  PinnedDocument stored;
  ASSERT_TRUE(*things().read("a", stored));
  EXPECT_TRUE(value::parse_json(value::to_json(stored.slice())));
}

TEST_F(EngineTest, RunsWithAnyMaximalRuntime) {
  QueryOptions options;
  options.max_runtime_s = 1e300;
  EXPECT_EQ(run("RETURN 1", "{}", options), "1");
  options.max_runtime_s = 1e-9;
  EXPECT_EQ(run("FOR i IN 1..100000000 FILTER i < 0 RETURN i", "{}", options), "error 1500");
}

TEST_F(EngineTest, SystemCollectionsKeepTheirNames) {
  auto system = database().create_collection("_kept", {.is_system = true});
  ASSERT_TRUE(system);
  EXPECT_EQ(system->rename("lost").error().code(), ErrorCode::kForbidden);
  ASSERT_TRUE(things().rename("others"));
  EXPECT_TRUE(database().collection("others"));
  EXPECT_FALSE(database().collection("things"));
}

TEST_F(EngineTest, AWriteWithARevisionIsNotRepeated) {
  insert(R"({"_key":"a","n":1})");
  WriteOptions options;
  options.expected_rev = "another";
  EXPECT_EQ(things().update("a", json(R"({"n":2})").slice(), options).error().code(), ErrorCode::kConflict);
  Transaction older = database().begin();
  PinnedDocument seen;
  ASSERT_TRUE(*things().read("a", seen, &older));
  ASSERT_TRUE(things().update("a", json(R"({"n":3})").slice()));
  EXPECT_EQ(things().update("a", json(R"({"n":4})").slice(), {}, &older).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(run("FOR d IN things RETURN d.n"), "3");
}

TEST_F(EngineTest, ExplainsWithoutRunning) {
  things();
  auto plan = database().explain("FOR i IN 1..3 INSERT {n: i} INTO things");
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->slice().get("plan").is_object());
  EXPECT_EQ(*things().count(), 0u);
}

}  // namespace
}  // namespace workerdb::engine

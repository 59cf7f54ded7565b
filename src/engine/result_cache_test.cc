#include "engine/result_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "engine/engine.h"

namespace workerdb::engine {
namespace {

using Mode = ResultCacheProperties::Mode;

class ResultCacheTest : public ::testing::Test {
 protected:
  ResultCacheTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-results-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    engine_ = *Engine::open(folder_);
    database_.emplace(*engine_->database("_system"));
    for (int i = 0; i < 5; ++i) write(fmt::format("INSERT {{_key: 'k{}', n: {}}} INTO things", i, i), "things");
    set_mode(Mode::kOn);
  }
  ~ResultCacheTest() override {
    database_.reset();
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static Buffer json(std::string_view text) { return *value::parse_json(text); }

  void set_mode(Mode mode) {
    auto properties = engine_->result_cache();
    properties.mode = mode;
    engine_->set_result_cache(properties);
  }
  void write(std::string_view text, std::string_view collection) {
    if (!database_->collection(collection)) ASSERT_TRUE(database_->create_collection(collection));
    auto cursor = database_->query(text);
    ASSERT_TRUE(cursor) << cursor.error().message();
  }
  // The rows, with "cached " in front where they were kept.
  std::string run(std::string_view text, std::string_view bind = "{}", const QueryOptions& options = {},
                  Transaction* transaction = nullptr) {
    auto cursor = database_->query(text, json(bind).slice(), options, transaction);
    if (!cursor) return fmt::format("error {}", cursor.error().number());
    extra_ = cursor->extra();
    std::string rows = cursor->cached() ? "cached " : "";
    EXPECT_TRUE(cursor->append_json(1000, rows));
    return rows;
  }
  // Whether a second run of the query is answered by the first one's rows.
  bool is_kept(std::string_view text, std::string_view bind = "{}", const QueryOptions& options = {}) {
    run(text, bind, options);
    return run(text, bind, options).starts_with("cached");
  }

  std::string folder_;
  std::unique_ptr<Engine> engine_;
  std::optional<Database> database_;
  Buffer extra_;
};

TEST_F(ResultCacheTest, GivesTheSameRowsUntilTheyChange) {
  constexpr std::string_view kQuery = "FOR t IN things FILTER t.n >= @n SORT t.n RETURN t.n";
  EXPECT_EQ(run(kQuery, R"({"n": 3})"), "3,4");
  EXPECT_EQ(run(kQuery, R"({"n": 3})"), "cached 3,4");
  EXPECT_EQ(extra_.slice().get("stats").get("scannedFull").as_double(), 5);                       // of the first run
  EXPECT_EQ(run(kQuery, R"({"n": 4})"), "4");                                                     // another value
  EXPECT_EQ(run("FOR t IN things  FILTER t.n >= @n SORT t.n RETURN t.n", R"({"n": 3})"), "3,4");  // another text
  write("INSERT {other: 1} INTO others", "others");
  EXPECT_EQ(run(kQuery, R"({"n": 3})"), "cached 3,4");  // has nothing to do with it
  write("UPDATE 'k3' WITH {n: 30} IN things", "things");
  EXPECT_EQ(run(kQuery, R"({"n": 3})"), "4,30");
  EXPECT_EQ(run(kQuery, R"({"n": 3})"), "cached 4,30");
}

TEST_F(ResultCacheTest, FollowsItsModeAndTheOption) {
  QueryOptions yes, no;
  yes.cache = true;
  no.cache = false;
  EXPECT_FALSE(is_kept("RETURN 1", "{}", no));
  EXPECT_TRUE(is_kept("RETURN 2"));
  set_mode(Mode::kDemand);
  EXPECT_FALSE(is_kept("RETURN 3"));
  EXPECT_TRUE(is_kept("RETURN 4", "{}", yes));
  set_mode(Mode::kOff);
  EXPECT_FALSE(is_kept("RETURN 5", "{}", yes));
  EXPECT_TRUE(database_->cached_results().empty());
}

TEST_F(ResultCacheTest, KeepsOnlyWhatTheDocumentationAllows) {
  EXPECT_FALSE(is_kept("RETURN RAND()"));
  EXPECT_FALSE(is_kept("RETURN DATE_NOW()"));
  EXPECT_FALSE(is_kept("RETURN CURRENT_USER()"));
  EXPECT_FALSE(is_kept("FOR t IN things SORT RAND() LIMIT 1 RETURN t"));
  EXPECT_FALSE(is_kept("RETURN DOCUMENT('things/k1').n"));
  EXPECT_FALSE(is_kept("FOR x IN 1..2 LET y = (RETURN UUID()) RETURN y"));
  EXPECT_FALSE(is_kept("RETURN CALL('ABS', 1)"));
  EXPECT_FALSE(is_kept("RETURN 1 / 0"));                  // a warning
  EXPECT_FALSE(is_kept("FOR x IN [1, 0] RETURN 1 / x"));  // one that only the run gives
  EXPECT_FALSE(is_kept("INSERT {} INTO things RETURN 1"));
  QueryOptions stream;
  stream.stream = true;
  EXPECT_FALSE(is_kept("RETURN 1", "{}", stream));
  EXPECT_FALSE(is_kept("FOR a IN _analyzers RETURN a"));  // not there
  ASSERT_TRUE(database_->create_collection("_own", {.is_system = true}));
  EXPECT_FALSE(is_kept("FOR a IN _own RETURN a"));
  auto properties = engine_->result_cache();
  properties.include_system = true;
  engine_->set_result_cache(properties);
  EXPECT_TRUE(is_kept("FOR a IN _own RETURN a"));
}

TEST_F(ResultCacheTest, OptionsThatMatterArePartOfTheKey) {
  constexpr std::string_view kQuery = "FOR t IN things SORT t.n LIMIT 1 RETURN t.n";
  EXPECT_TRUE(is_kept(kQuery));
  QueryOptions counts;
  counts.full_count = true;
  EXPECT_EQ(run(kQuery, "{}", counts), "0");
  EXPECT_EQ(run(kQuery, "{}", counts), "cached 0");
  EXPECT_EQ(extra_.slice().get("stats").get("fullCount").as_double(), 5);
  QueryOptions rules;
  rules.optimizer_rules = {"-all"};
  EXPECT_EQ(run(kQuery, "{}", rules), "0");
}

TEST_F(ResultCacheTest, TransactionsOfTheCallerSeeNoneAndLeaveNone) {
  constexpr std::string_view kQuery = "FOR t IN things COLLECT WITH COUNT INTO n RETURN n";
  auto transaction = database_->begin();
  EXPECT_EQ(run("INSERT {} INTO things RETURN 1", "{}", {}, &transaction), "1");
  EXPECT_EQ(run(kQuery, "{}", {}, &transaction), "6");
  EXPECT_EQ(run(kQuery), "5");  // not committed
  EXPECT_EQ(run(kQuery, "{}", {}, &transaction), "6");
  ASSERT_TRUE(transaction.commit());
  EXPECT_EQ(run(kQuery), "6");
  EXPECT_EQ(run(kQuery), "cached 6");
}

TEST_F(ResultCacheTest, NamesMustStandForTheSame) {
  constexpr std::string_view kQuery = "FOR t IN things COLLECT WITH COUNT INTO n RETURN n";
  EXPECT_TRUE(is_kept(kQuery));
  ASSERT_TRUE(database_->drop_collection("things"));
  EXPECT_EQ(run(kQuery), "error 1203");
  write("INSERT {} INTO things", "things");
  EXPECT_EQ(run(kQuery), "1");
  auto properties = json(R"({"type": "arangosearch", "links": {"things": {"includeAllFields": true}}})");
  ASSERT_TRUE(database_->create_view("found", properties.slice()));
  constexpr std::string_view kSearch = "FOR t IN found SEARCH t.n > 5 RETURN t.n";
  EXPECT_TRUE(is_kept(kSearch));
  write("INSERT {n: 7} INTO things", "things");
  EXPECT_EQ(run(kSearch), "7");
  EXPECT_EQ(run(kSearch), "cached 7");
  ASSERT_TRUE(database_->drop_view("found"));
  EXPECT_EQ(run(kSearch), "error 1203");
}

TEST_F(ResultCacheTest, SeesChangesOfVerticesThatTheQueryDoesNotName) {
  ASSERT_TRUE(database_->create_collection("knows", {.type = CollectionType::kEdge}));
  write("INSERT {_from: 'things/k1', _to: 'people/p'} INTO knows", "knows");
  constexpr std::string_view kWalk = "FOR v IN 1..1 OUTBOUND 'things/k1' knows RETURN v.name";
  EXPECT_EQ(run(kWalk), "null");
  EXPECT_EQ(run(kWalk), "cached null");
  write("INSERT {_key: 'p', name: 'Eva'} INTO people", "people");  // a collection that was not there
  EXPECT_EQ(run(kWalk), "\"Eva\"");
  EXPECT_EQ(run(kWalk), "cached \"Eva\"");
  write("UPDATE 'p' WITH {name: 'Ada'} IN people", "people");
  EXPECT_EQ(run(kWalk), "\"Ada\"");
}

TEST_F(ResultCacheTest, RightsAreAskedForAgain) {
  constexpr std::string_view kQuery = "FOR t IN things COLLECT WITH COUNT INTO n RETURN n";
  EXPECT_TRUE(is_kept(kQuery));
  QueryOptions nobody;
  nobody.authorize = [](std::string_view, bool) -> Result<> { return ErrorCode::kForbidden; };
  EXPECT_EQ(run(kQuery, "{}", nobody), "error 11");
}

TEST_F(ResultCacheTest, StaysWithinItsBounds) {
  auto properties = engine_->result_cache();
  properties.most_results = 3;
  engine_->set_result_cache(properties);
  for (int i = 0; i < 10; ++i) run(fmt::format("RETURN {}", i));
  EXPECT_EQ(database_->cached_results().size(), 3u);
  EXPECT_EQ(run("RETURN 9"), "cached 9");
  EXPECT_EQ(run("RETURN 0"), "0");
  EXPECT_EQ(database_->cached_results()[0].text, "RETURN 0");
  properties.most_entry_bytes = 64 << 10;
  properties.most_bytes = 100 << 10;
  engine_->set_result_cache(properties);
  EXPECT_FALSE(is_kept("RETURN REPEAT('x', 70000)"));
  EXPECT_TRUE(is_kept("RETURN REPEAT('x', 60000)"));
  EXPECT_TRUE(is_kept("RETURN REPEAT('y', 60000)"));
  EXPECT_FALSE(run("RETURN REPEAT('x', 60000)").starts_with("cached"));
  uint64_t bytes = 0;
  for (const auto& entry : database_->cached_results()) bytes += entry.bytes;
  EXPECT_LE(bytes, properties.most_bytes);
  database_->clear_cached_results();
  EXPECT_TRUE(database_->cached_results().empty());
}

// Each writer waits for its write's acknowledgement and then asks: what it gets back must hold the write.
TEST_F(ResultCacheTest, IsNeverOlderThanAnAcknowledgedWrite) {
  constexpr int kWriters = 4, kRounds = 150;
  write("INSERT {_key: 'sum', n: 0} INTO counters", "counters");
  for (int i = 0; i < kWriters; ++i) write(fmt::format("INSERT {{_key: 'w{}', n: 0}} INTO counters", i), "counters");
  std::atomic<int> stale = 0, hits = 0;
  std::atomic<bool> is_over = false;
  auto ask = [&](int writer) {
    auto cursor = database_->query("FOR c IN counters FILTER c._key == @key RETURN c.n",
                                   json(fmt::format(R"({{"key": "w{}"}})", writer)).slice());
    if (!cursor) return -1;
    hits += cursor->cached();
    auto row = cursor->next();
    return row && row->is_number() ? int(row->as_double()) : -1;
  };
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int round = 1; round <= kRounds; ++round) {
        auto patch = json(fmt::format(R"({{"n": {}}})", round));
        if (!database_->collection("counters")->update(fmt::format("w{}", writer), patch.slice())) ++stale;
        if (ask(writer) != round) ++stale;
      }
    });
  }
  std::thread reader([&] {
    std::vector<int> last(kWriters, 0);
    while (!is_over) {
      for (int writer = 0; writer < kWriters; ++writer) {
        int seen = ask(writer);
        if (seen < last[size_t(writer)]) ++stale;
        last[size_t(writer)] = seen;
      }
    }
  });
  for (auto& thread : threads) thread.join();
  is_over = true;
  reader.join();
  EXPECT_EQ(stale, 0);
  for (int writer = 0; writer < kWriters; ++writer) EXPECT_EQ(ask(writer), kRounds);
  int before = hits;
  EXPECT_EQ(ask(0), kRounds);
  EXPECT_EQ(hits, before + 1);
}

}  // namespace
}  // namespace workerdb::engine

// Queries that would not end by themselves: killed, late, without a client; and what is kept of them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "engine/engine.h"

namespace workerdb::engine {
namespace {

constexpr auto kBound = std::chrono::seconds(5);

class QueryControlTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-control-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    engine_ = Engine::open(folder_)->release();
    auto database = *engine_->database("_system");
    ASSERT_TRUE(database.create_collection("things"));
    ASSERT_TRUE(database.create_collection("knows", {.type = CollectionType::kEdge}));
    auto index = json(R"({"type": "persistent", "fields": ["g"]})");
    ASSERT_TRUE(database.collection("things")->ensure_index(index.slice()));
    ASSERT_TRUE(database.query("FOR i IN 1..2000 INSERT {_key: TO_STRING(i), n: i, g: i % 3} INTO things"));
    ASSERT_TRUE(
        database.query("FOR a IN 1..14 FOR b IN 1..14 FILTER a != b "
                       "INSERT {_from: CONCAT('things/', a), _to: CONCAT('things/', b)} INTO knows"));
    auto view = json(R"({"type": "arangosearch", "links": {"things": {"includeAllFields": true}}})");
    ASSERT_TRUE(database.create_view("found", view.slice()));
  }
  static void TearDownTestSuite() {
    delete engine_;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  static Buffer json(std::string_view text) { return *value::parse_json(text); }
  static Database database() { return *engine_->database("_system"); }

  static std::future<int> start(const std::string& text, const QueryOptions& options) {
    return std::async(std::launch::async, [text, options] {
      auto cursor = database().query(text, {}, options);
      if (!cursor) return int(cursor.error().number());
      for (auto row = cursor->next();; row = cursor->next()) {
        if (!row) return int(row.error().number());
        if (row->is_none()) return 0;
      }
    });
  }
  // The number that the query ended with. A test that hangs says nothing, so one that takes too long ends the program.
  static int end_of(std::future<int>& query, const std::string& text) {
    if (query.wait_for(kBound) == std::future_status::ready) return query.get();
    fmt::print(stderr, "does not end: {}\n", text);
    std::abort();
  }
  // Its number, once it executes; 0 if it ended by itself.
  static uint64_t await_running(const std::future<int>& running, const std::string& text) {
    while (running.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
      for (auto& query : engine_->running_queries("_system")) {
        if (query.text == text && query.state == "executing") return query.id;
      }
    }
    return 0;
  }

  static inline std::string folder_;
  static inline Engine* engine_ = nullptr;
};

// One of each kind of operator, of evaluators with loops, and of functions that may take long.
std::vector<std::string> endless_queries() {
  return {
      "FOR i IN 1..1e12 FILTER i < 0 RETURN i",
      "FOR i IN 1..1e12 LET a = i * 2 FILTER a < 0 RETURN a",
      "FOR i IN 1..1e12 COLLECT WITH COUNT INTO n RETURN n",
      "FOR i IN 1..1e12 COLLECT g = i % 10 RETURN g",
      "FOR i IN 1..1e12 COLLECT g = FLOOR(i / 1e9) OPTIONS {method: 'sorted'} RETURN g",
      "FOR i IN 1..1e12 COLLECT AGGREGATE s = SUM(i), u = UNIQUE(i % 5) RETURN [s, u]",
      "FOR i IN 1..1e12 SORT i DESC LIMIT 3 RETURN i",
      "FOR i IN 1..1e12 WINDOW {preceding: 2} AGGREGATE s = SUM(i) RETURN s",
      "FOR i IN 1..1e12 LIMIT 1e12, 1 RETURN i",
      "FOR i IN 1..1e12 FOR j IN 1..1e12 FILTER i + j < 0 RETURN 1",
      "FOR i IN 1..1e12 LET a = (FOR j IN 1..3 FILTER j + i < 0 RETURN j) FILTER LENGTH(a) == 1 RETURN 1",
      "LET a = (FOR j IN 1..1e12 FILTER j < 0 RETURN j) RETURN LENGTH(a)",
      "FOR i IN 1..1e12 FILTER i < 0 RETURN DISTINCT i",
      "FOR a IN things FOR b IN things FOR c IN things FILTER a.n + b.n + c.n < 0 RETURN 1",
      "FOR a IN things FOR b IN things FOR c IN things FILTER b.n % 2 == a.n % 2 AND c.n % 2 == b.n % 2 AND c.n < 0 "
      "RETURN 1",
      "FOR i IN 1..1e12 FOR t IN things FILTER t.g == i % 3 AND t.n < 0 RETURN 1",
      "FOR i IN 1..1e12 FOR t IN things FILTER t._key == TO_STRING(i + 1e6) RETURN 1",
      "FOR i IN 1..1e12 FOR t IN things FILTER t.g IN [i + 10, i + 11, i + 12] RETURN 1",
      "FOR i IN 1..1e12 FOR t IN found SEARCH t.n == -1 RETURN t",
      "FOR i IN 1..1e12 FOR t IN found SEARCH t.n == -1 SORT BM25(t) RETURN t",
      "FOR i IN 1..1e12 UPDATE '1' WITH {x: i} IN things",
      "FOR i IN 1..1e12 UPSERT {_key: '2'} INSERT {_key: '2'} UPDATE {x: i} IN things",
      "FOR i IN 1..1e12 INSERT {x: i} INTO things OPTIONS {overwriteMode: 'ignore'} FILTER false RETURN 1",
      "FOR v, e, p IN 1..100 ANY 'things/1' knows FILTER p.x RETURN 1",
      "FOR v IN 1..100 ANY 'things/1' knows OPTIONS {uniqueEdges: 'none'} FILTER v.n < 0 RETURN 1",
      "FOR v IN 1..100 ANY 'things/1' knows OPTIONS {order: 'bfs', uniqueEdges: 'none'} FILTER v.n < 0 RETURN 1",
      "FOR v, e, p IN 1..100 ANY 'things/1' knows OPTIONS {order: 'weighted'} FILTER p.x RETURN 1",
      "FOR p IN 1..13 ANY K_PATHS 'things/1' TO 'things/2' knows FILTER LENGTH(p.edges) < 0 RETURN 1",
      "FOR p IN ANY K_SHORTEST_PATHS 'things/1' TO 'things/2' knows FILTER LENGTH(p.edges) < 0 RETURN 1",
      "FOR i IN 1..1e12 FOR p IN ANY ALL_SHORTEST_PATHS 'things/1' TO 'things/2' knows FILTER p.x RETURN 1",
      "FOR i IN 1..1e12 FOR v IN ANY SHORTEST_PATH 'things/1' TO 'things/2' knows FILTER v.n < 0 RETURN 1",
      "LET a = 1..1000000 FOR i IN 1..1e12 FILTER LENGTH(a[* FILTER CURRENT < -i]) > 0 RETURN i",
      "LET a = 1..1000000 FOR i IN 1..1e12 FILTER a ANY == -i RETURN i",
      "LET a = 1..1000000 FOR i IN 1..1e12 FILTER a[? 5 FILTER CURRENT < -i] RETURN i",
      "LET a = (FOR x IN 1..100000 RETURN RAND()) RETURN a ALL IN a",
      "FOR i IN 1..1e12 FILTER REGEX_TEST(CONCAT(REPEAT('a', 40), 'b', i), '^(a+)+$') RETURN i",
      "FOR i IN 1..1e12 FILTER LENGTH(REGEX_REPLACE(CONCAT(REPEAT('a', 100000), i), '(a*)*b', 'x')) == 0 RETURN i",
      "FOR i IN 1..1e12 FILTER LIKE(CONCAT(REPEAT('a', 100000), i), '%a%a%a%a%a%a%b') RETURN i",
      "LET s = REPEAT('ab', 2000) FOR i IN 1..1e12 FILTER LEVENSHTEIN_DISTANCE(s, CONCAT(s, i)) < 0 RETURN i",
      "LET s = REPEAT('ab', 2000) FOR i IN 1..1e12 FILTER NGRAM_SIMILARITY(s, CONCAT(s, i), 3) < 0 RETURN i",
      "LET s = REPEAT('abc', 1000000) FOR i IN 1..1e12 FILTER SHA512(CONCAT(s, i)) == '' RETURN i",
      "LET s = JSON_STRINGIFY(1..300000) FOR i IN 1..1e12 FILTER JSON_PARSE(CONCAT(s, ' ')) == i RETURN i",
      "LET a = (FOR x IN 1..200000 RETURN RAND()) FOR i IN 1..1e12 FILTER SORTED(PUSH(a, i)) == [] RETURN i",
      "LET a = (FOR x IN 1..200000 RETURN x) FOR i IN 1..1e12 FILTER UNION_DISTINCT(a, [i]) == [] RETURN i",
      "RETURN CONTAINS(REPEAT('a', 8000000), CONCAT(REPEAT('a', 4000000), 'b'))",
      "FOR i IN 1..1e12 LET s = REPEAT('x', 1000 + i % 2) FILTER s == '' RETURN s",
      "RETURN SLEEP(1e6)",
      "FOR i IN 1..1e12 FILTER SLEEP(0.0001) RETURN i",
  };
}

TEST_F(QueryControlTest, AKilledQueryEndsInEveryOperator) {
  for (const std::string& text : endless_queries()) {
    SCOPED_TRACE(text);
    QueryOptions options;
    options.threads = 2;
    auto query = start(text, options);
    uint64_t id = await_running(query, text);
    if (id == 0) {
      ADD_FAILURE() << "ended with " << query.get();
      continue;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // into the middle of it
    EXPECT_TRUE(engine_->kill_query("_system", id));
    EXPECT_EQ(end_of(query, text), 1500);
    EXPECT_FALSE(engine_->kill_query("_system", id));
  }
  EXPECT_TRUE(engine_->running_queries("_system").empty());
}

TEST_F(QueryControlTest, ALateQueryEndsInEveryOperator) {
  for (const std::string& text : endless_queries()) {
    SCOPED_TRACE(text);
    QueryOptions options;
    options.max_runtime_s = 0.05;
    auto query = start(text, options);
    EXPECT_EQ(end_of(query, text), 1500);
  }
}

TEST_F(QueryControlTest, AQueryEndsWhenNobodyWaitsForIt) {
  for (bool stream : {false, true}) {
    auto is_gone = std::make_shared<std::atomic<bool>>(false);
    QueryOptions options;
    options.stream = stream;
    options.cancelled = is_gone;
    const std::string text = "FOR i IN 1..1e12 FILTER i < 0 RETURN i";
    auto query = start(text, options);
    EXPECT_NE(await_running(query, text), 0u);
    *is_gone = true;
    EXPECT_EQ(end_of(query, text), 1500);
  }
}

TEST_F(QueryControlTest, AStreamFollowsTheRequestThatReadsIt) {
  auto first = std::make_shared<std::atomic<bool>>(false), second = std::make_shared<std::atomic<bool>>(false);
  QueryOptions options;
  options.stream = true;
  options.cancelled = first;
  auto cursor = database().query("FOR i IN 1..1e12 FILTER i < 5 RETURN i", {}, options);
  ASSERT_TRUE(cursor);
  cursor->set_cancelled(second);
  *first = true;  // that request was answered long ago
  auto reading = std::async(std::launch::async, [&] {
    for (int row = 0; row < 4; ++row) {
      auto read = cursor->next();
      if (!read) return int(read.error().number());
    }
    *second = true;
    auto read = cursor->next();
    return read ? 0 : int(read.error().number());
  });
  EXPECT_EQ(end_of(reading, "a stream"), 1500);
}

// Its rows are made a thousand at once: those that are there already are not given out any more.
TEST_F(QueryControlTest, AStreamThatIsKilledBetweenTwoRowsGivesNoMore) {
  QueryOptions options;
  options.stream = true;
  auto cursor = database().query("FOR i IN 1..100 RETURN i", {}, options);
  ASSERT_TRUE(cursor && cursor->next());
  ASSERT_TRUE(engine_->kill_query("_system", cursor->id(), ""));
  EXPECT_EQ(cursor->has_more().error().number(), 1500);
  EXPECT_TRUE(engine_->running_queries("_system").empty());
  auto rest = database().query("FOR i IN 1..100 RETURN i", {}, options);
  ASSERT_TRUE(rest && rest->next());
  ASSERT_TRUE(engine_->kill_query("_system", rest->id(), ""));
  EXPECT_EQ(rest->next().error().number(), 1500);
  EXPECT_FALSE(*rest->has_more());
}

// What can be made of constants is made before the query runs: that must end, too.
TEST_F(QueryControlTest, ConstantsAreNotFoldedForever) {
  std::string text = "RETURN [";
  for (int i = 0; i < 200; ++i) text += fmt::format("REGEX_TEST('{}b{}', '^(a+)+$'),", std::string(60, 'a'), i);
  text += "1]";
  QueryOptions options;
  options.max_runtime_s = 0.5;
  auto query = start(text, options);
  EXPECT_EQ(end_of(query, "constants"), 1500);
}

TEST_F(QueryControlTest, ShowsMemoryWhileTheQueryRuns) {
  const std::string text = "LET a = (FOR i IN 1..100000 RETURN i) RETURN SLEEP(1e6) + SUM(a)";
  auto query = start(text, {});
  uint64_t id = await_running(query, text), seen = 0;
  while (seen < 100'000 && query.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    for (const auto& running : engine_->running_queries("_system")) seen = running.peak_memory_bytes;
  }
  EXPECT_EQ(seen % 32768, 0u);
  EXPECT_TRUE(engine_->kill_query("_system", id));
  EXPECT_EQ(end_of(query, text), 1500);
}

TEST_F(QueryControlTest, RowsThatAreKeptCountForTheMemoryLimit) {
  QueryOptions options;
  options.memory_limit_bytes = 8 << 20;
  auto cursor = database().query("FOR i IN 1..1e12 RETURN CONCAT(REPEAT('x', 1000), i)", {}, options);
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().number(), 32);
}

TEST_F(QueryControlTest, TracksAsItIsTold) {
  auto shop = *engine_->create_database("shop");
  auto bind = json(R"({"secret": 7})");
  QueryTracking tracking = shop.tracking();
  tracking.slow_s = 0;
  shop.set_tracking(tracking);
  ASSERT_TRUE(shop.query("RETURN @secret", bind.slice()));
  EXPECT_FALSE(shop.query("RETURN @missing"));
  auto slow = engine_->slow_queries("shop");
  ASSERT_EQ(slow.size(), 2u);
  EXPECT_EQ(slow[0].text, "RETURN @secret");
  EXPECT_EQ(slow[0].bind_variables.slice().get("secret").as_double(), 7);
  EXPECT_EQ(slow[0].state, "finished");
  EXPECT_EQ(slow[0].exit_code, 0);
  EXPECT_EQ(slow[1].exit_code, 1551);
  EXPECT_TRUE(engine_->slow_queries("_system").empty());

  tracking.bind_variables = false;  // those that are there already go as well
  tracking.text_length = 9;
  tracking.most_slow = 2;
  shop.set_tracking(tracking);
  EXPECT_TRUE(engine_->slow_queries("shop")[0].bind_variables.slice().is_none());
  ASSERT_TRUE(shop.query("RETURN 'ä' == @secret", bind.slice()));
  slow = engine_->slow_queries("shop");
  ASSERT_EQ(slow.size(), 2u);
  EXPECT_EQ(slow[1].text, "RETURN '...");  // no half of a character
  EXPECT_TRUE(slow[1].bind_variables.slice().is_none());

  tracking.slow_stream_s = 100;
  shop.set_tracking(tracking);
  engine_->clear_slow_queries("shop");
  QueryOptions stream;
  stream.stream = true;
  ASSERT_FALSE((*shop.query("RETURN 1", {}, stream)).next()->is_none());
  EXPECT_TRUE(engine_->slow_queries("shop").empty());
  tracking.enabled = false;
  shop.set_tracking(tracking);
  ASSERT_TRUE(shop.query("RETURN 1"));
  EXPECT_TRUE(engine_->slow_queries("shop").empty());
  ASSERT_TRUE(engine_->drop_database("shop"));
  EXPECT_TRUE(engine_->create_database("shop")->tracking().enabled);
  ASSERT_TRUE(engine_->drop_database("shop"));
}

TEST_F(QueryControlTest, ProfilesPhasesAndNodes) {
  QueryOptions options;
  options.profile = 2;
  auto cursor = database().query("FOR i IN 1..1000 SORT i % 7, i DESC RETURN i", {}, options);
  ASSERT_TRUE(cursor);
  Buffer extra = cursor->extra();
  Slice profile = extra.slice().get("profile"), nodes = extra.slice().get("stats").get("nodes");
  for (const char* phase : {"initializing", "parsing", "optimizing ast", "loading collections", "instantiating plan",
                            "optimizing plan", "instantiating executors", "executing", "finalizing"}) {
    EXPECT_TRUE(profile.get(phase).is_number()) << phase;
  }
  for (const char* phase : {"initializing", "optimizing plan", "finalizing"}) {
    EXPECT_GT(profile.get(phase).as_double(), 0) << phase;
  }
  EXPECT_EQ(profile.get("loading collections").as_double(), 0);  // it names none
  Buffer of_scan = database().query("FOR t IN things RETURN t", {}, options)->extra();
  EXPECT_GT(of_scan.slice().get("profile").get("loading collections").as_double(), 0);
  EXPECT_GT(profile.get("executing").as_double(), 0);
  EXPECT_GT(profile.get("parsing").as_double(), 0);
  ASSERT_EQ(nodes.size(), extra.slice().get("plan").get("nodes").size());
  double memory = 0;
  for (value::ArrayIterator node(nodes); node.valid(); node.next()) {
    Slice one = node.value();
    EXPECT_GE(one.get("calls").as_double(), 1);
    EXPECT_GE(one.get("runtime").as_double(), one.get("fetching").as_double());
    memory += one.get("peakMemoryUsage").as_double();
  }
  EXPECT_GT(memory, 8000);  // the sort keeps every row
  options.profile = 1;
  extra = database().query("RETURN 1", {}, options)->extra();
  EXPECT_TRUE(extra.slice().get("profile").is_object());
  EXPECT_TRUE(extra.slice().get("plan").is_none());
  EXPECT_TRUE(extra.slice().get("stats").get("nodes").is_none());
}

}  // namespace
}  // namespace workerdb::engine

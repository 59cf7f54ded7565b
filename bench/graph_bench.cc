// graph_bench: traversals and path searches in process, over 20,000 vertices and 80,000 edges, beside SQLite's recursive
// queries over the same edges in the same process. Results are compared; prints medians, edges a second and ratios.
//   graph_bench [VERTICES EDGES [PIECE OF A NAME]]
#include <fmt/format.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "value/builder.h"
#include "value/json.h"

namespace workerdb::bench {
namespace {

constexpr size_t kStarts = 50;
constexpr int kRounds = 3;

struct Graph {
  size_t vertices = 20'000;
  std::vector<std::pair<uint32_t, uint32_t>> edges;

  Graph(size_t vertex_count, size_t edge_count) : vertices(vertex_count) {
    std::mt19937 random(7);
    for (size_t i = 0; i < edge_count; ++i) {
      edges.emplace_back(uint32_t(random() % vertices), uint32_t(random() % vertices));
    }
  }
};

template <typename T>
T must(base::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message());
    std::exit(1);
  }
  return *std::move(result);
}

class Documents {
 public:
  explicit Documents(const Graph& graph)
      : folder_(std::filesystem::temp_directory_path() / fmt::format("graph-bench-{}", getpid())),
        engine_(must(engine::Engine::open(folder_))), database_(must(engine_->database("_system"))) {
    must(database_.create_collection("nodes"));
    engine::CollectionOptions options;
    options.type = engine::CollectionType::kEdge;
    must(database_.create_collection("links", options));
    load("nodes", graph.vertices, [](size_t i, value::Builder& to) {
      to.add("_key", fmt::format("n{}", i));
      to.add("name", fmt::format("node number {}", i));
    });
    load("links", graph.edges.size(), [&](size_t i, value::Builder& to) {
      to.add("_key", fmt::format("{:07}", i));
      to.add("_from", fmt::format("nodes/n{}", graph.edges[i].first));
      to.add("_to", fmt::format("nodes/n{}", graph.edges[i].second));
      to.add("weight", int(i % 7 + 1));
    });
  }
  ~Documents() {
    engine_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  struct Answer {
    int64_t number = 0;
    uint64_t edges = 0;
  };
  Answer ask(const std::string& query, size_t start, size_t end = 0) {
    value::Builder bind;
    bind.open_object();
    bind.add("start", fmt::format("nodes/n{}", start));
    if (query.find("@end") != std::string::npos) bind.add("end", fmt::format("nodes/n{}", end));
    bind.close();
    auto cursor = must(database_.query(query, bind.slice()));
    value::Slice row = must(cursor.next());
    Answer answer;
    answer.number = row.is_number() ? row.as_int64() : 0;
    value::Buffer extra = cursor.extra();
    value::Slice scanned = extra.slice().get("stats").get("scannedIndex");
    answer.edges = scanned.is_number() ? uint64_t(scanned.as_int64()) : 0;
    return answer;
  }

 private:
  template <typename Fill>
  void load(const char* collection, size_t count, Fill&& fill) {
    constexpr size_t kPerTransaction = 5000;
    for (size_t first = 0; first < count; first += kPerTransaction) {
      value::Builder documents;
      documents.open_array();
      for (size_t i = first; i < std::min(count, first + kPerTransaction); ++i) {
        documents.open_object();
        fill(i, documents);
        documents.close();
      }
      documents.close();
      value::Builder bind;
      bind.open_object();
      bind.add("documents", documents.slice());
      bind.add("@collection", collection);
      bind.close();
      must(database_.query("FOR d IN @documents INSERT d INTO @@collection", bind.slice()));
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<engine::Engine> engine_;
  engine::Database database_;
};

class Sqlite {
 public:
  explicit Sqlite(const Graph& graph) {
    sqlite3_open(":memory:", &database_);
    run("CREATE TABLE links (edge INTEGER PRIMARY KEY, source INTEGER, target INTEGER)");
    run("BEGIN");
    sqlite3_stmt* insert = prepare("INSERT INTO links (source, target) VALUES (?, ?)");
    for (const auto& [source, target] : graph.edges) {
      sqlite3_bind_int(insert, 1, int(source));
      sqlite3_bind_int(insert, 2, int(target));
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    run("COMMIT");
    run("CREATE INDEX by_source ON links (source, target)");
    run("ANALYZE");
  }
  ~Sqlite() {
    for (auto& [text, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(database_);
  }
  int64_t ask(const std::string& query, size_t start, size_t end = 0) {
    sqlite3_stmt*& statement = statements_[query];
    if (statement == nullptr) statement = prepare(query.c_str());
    sqlite3_bind_int(statement, 1, int(start));
    if (sqlite3_bind_parameter_count(statement) > 1) sqlite3_bind_int(statement, 2, int(end));
    if (sqlite3_step(statement) != SQLITE_ROW) fail();
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return answer;
  }

 private:
  void run(const char* text) {
    if (sqlite3_exec(database_, text, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  void fail() {
    fmt::print(stderr, "sqlite: {}\n", sqlite3_errmsg(database_));
    std::exit(1);
  }
  sqlite3_stmt* prepare(const char* text) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, text, -1, &statement, nullptr) != SQLITE_OK) fail();
    return statement;
  }

  sqlite3* database_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Everything runs in this thread, so that its own time counts: what others do on the machine does not.
int64_t thread_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Microseconds for one question, the median over rounds of all starts.
double time_us(const std::function<void(size_t)>& ask) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    int64_t begin = thread_time_ns();
    for (size_t i = 0; i < kStarts; ++i) ask(i);
    rounds.push_back(double(thread_time_ns() - begin) / 1000 / kStarts);
  }
  return median(rounds);
}

struct Question {
  std::string name, aql, sql;
  bool has_end = false;
};

std::vector<Question> questions() {
  std::vector<Question> list;
  for (int depth = 1; depth <= 4; ++depth) {
    list.push_back({fmt::format("vertices within {}", depth),
                    fmt::format("FOR v IN 1..{} OUTBOUND @start links OPTIONS {{order: 'bfs', uniqueVertices: 'global'}} "
                                "COLLECT WITH COUNT INTO n RETURN n", depth),
                    fmt::format("WITH RECURSIVE found(id, depth) AS (SELECT ?1, 0 UNION SELECT target, depth + 1 FROM found "
                                "JOIN links ON source = id WHERE depth < {}) SELECT count(DISTINCT id) - 1 FROM found", depth)});
    list.push_back({fmt::format("paths of {}", depth),
                    fmt::format("FOR v IN {0}..{0} OUTBOUND @start links OPTIONS {{uniqueEdges: 'none'}} COLLECT WITH COUNT "
                                "INTO n RETURN n", depth),
                    fmt::format("WITH RECURSIVE found(id, depth) AS (SELECT ?1, 0 UNION ALL SELECT target, depth + 1 FROM "
                                "found JOIN links ON source = id WHERE depth < {0}) SELECT count(*) FROM found WHERE "
                                "depth = {0}", depth)});
  }
  list.push_back({"vertices within 8",
                  "FOR v IN 1..8 OUTBOUND @start links OPTIONS {order: 'bfs', uniqueVertices: 'global'} COLLECT WITH COUNT "
                  "INTO n RETURN n",
                  "WITH RECURSIVE found(id, depth) AS (SELECT ?1, 0 UNION SELECT target, depth + 1 FROM found JOIN links ON "
                  "source = id WHERE depth < 8) SELECT count(DISTINCT id) - 1 FROM found"});
  list.push_back({"paths of 8", "FOR v IN 8 OUTBOUND @start links COLLECT WITH COUNT INTO n RETURN n", ""});
  list.push_back({"keys within 4", "RETURN SUM(FOR v IN 1..4 OUTBOUND @start links OPTIONS {order: 'bfs', uniqueVertices: "
                  "'global'} RETURN LENGTH(v._key))", ""});
  list.push_back({"documents within 4", "RETURN SUM(FOR v IN 1..4 OUTBOUND @start links OPTIONS {order: 'bfs', "
                  "uniqueVertices: 'global'} RETURN LENGTH(v.name))", ""});
  list.push_back({"shortest path", "FOR v IN OUTBOUND SHORTEST_PATH @start TO @end links COLLECT WITH COUNT INTO n RETURN n",
                  "", true});
  list.push_back({"weighted shortest path", "FOR v IN OUTBOUND SHORTEST_PATH @start TO @end links OPTIONS {weightAttribute: "
                  "'weight'} COLLECT WITH COUNT INTO n RETURN n", "", true});
  return list;
}

int run(size_t vertices, size_t edges, const std::string& wanted) {
  Graph graph(vertices, edges);
  Documents documents(graph);
  Sqlite sqlite(graph);
  fmt::print("{} vertices, {} edges; processor time, medians of {} rounds over {} starts\n", vertices, edges, kRounds, kStarts);
  fmt::print("{:<24} {:>12} {:>14} {:>12} {:>8}\n", "", "workerdb us", "edges a second", "sqlite us", "ratio");
  int differences = 0;
  // What is read often is held in memory.
  for (size_t i = 0; i < kStarts * 20; ++i) documents.ask(questions()[6].aql, i);
  for (const Question& question : questions()) {
    if (question.name.find(wanted) == std::string::npos) continue;
    uint64_t walked = 0;
    for (size_t i = 0; i < kStarts; ++i) {
      auto answer = documents.ask(question.aql, i, kStarts + i);
      walked += answer.edges;
      if (question.sql.empty()) continue;
      int64_t other = sqlite.ask(question.sql, i);
      if (answer.number == other) continue;
      if (++differences < 10) fmt::print("{} from {}: {} and {}\n", question.name, i, answer.number, other);
    }
    double ours = time_us([&](size_t i) { documents.ask(question.aql, i, kStarts + i); });
    double rate = double(walked) / kStarts / ours * 1e6;
    if (question.sql.empty()) {
      fmt::print("{:<24} {:>12.1f} {:>14.0f}\n", question.name, ours, rate);
      continue;
    }
    double theirs = time_us([&](size_t i) { sqlite.ask(question.sql, i); });
    fmt::print("{:<24} {:>12.1f} {:>14.0f} {:>12.1f} {:>7.1f}x\n", question.name, ours, rate, theirs, theirs / ours);
  }
  return differences == 0 ? 0 : 1;
}

}  // namespace
}  // namespace workerdb::bench

int main(int count, char** arguments) {
  size_t vertices = 20'000, edges = 80'000;
  auto read = [](const char* text, size_t& into) { std::from_chars(text, text + std::strlen(text), into); };
  if (count > 2) read(arguments[1], vertices), read(arguments[2], edges);
  return workerdb::bench::run(vertices, edges, count > 3 ? arguments[3] : "");
}

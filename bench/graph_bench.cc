// graph_bench: traversals and path searches in process, over 20,000 vertices and 80,000 edges, beside
// SQLite's recursive queries over the same edges in the same process. Results are compared; prints medians,
// edges a second and ratios.
//   graph_bench [--links FILE] [--only PIECE OF A NAME] [--rounds N] [--small] [--json]
// FILE has the numbers of two vertices in each line; without it the edges are made by chance.
#include <sqlite3.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <random>

#include "bench/in_process.h"
#include "engine/engine.h"
#include "value/builder.h"
#include "value/json.h"

namespace workerdb::bench {
namespace {

struct Graph {
  size_t vertices = 0;
  std::vector<std::pair<uint32_t, uint32_t>> edges;

  // By chance.
  Graph(size_t vertex_count, size_t edge_count) : vertices(vertex_count) {
    std::mt19937 random(7);
    for (size_t i = 0; i < edge_count; ++i) {
      edges.emplace_back(uint32_t(random() % vertices), uint32_t(random() % vertices));
    }
  }
  explicit Graph(const std::string& file) {
    std::ifstream lines(file);
    for (uint32_t source = 0, target = 0; lines >> source >> target;) {
      edges.emplace_back(source, target);
      vertices = std::max<size_t>(vertices, std::max(source, target) + 1);
    }
  }
};

class Documents {
 public:
  explicit Documents(const Graph& graph)
      : folder_(std::filesystem::temp_directory_path() / fmt::format("graph-bench-{}", getpid())),
        engine_(must(engine::Engine::open(folder_))),
        database_(must(engine_->database("_system"))) {
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

  // What a query is asked with, made before time is taken: SQLite's numbers need no making either.
  static value::Buffer bind(size_t start, std::optional<size_t> end) {
    value::Builder bind;
    bind.open_object();
    bind.add("start", fmt::format("nodes/n{}", start));
    if (end) bind.add("end", fmt::format("nodes/n{}", *end));
    bind.close();
    return bind.take();
  }
  int64_t ask(const std::string& query, const value::Buffer& bind, uint64_t* edges = nullptr) {
    auto cursor = must(database_.query(query, bind.slice()));
    value::Slice row = must(cursor.next());
    int64_t number = row.is_number() ? row.as_int64() : 0;
    if (edges != nullptr) {
      value::Buffer extra = cursor.extra();
      value::Slice scanned = extra.slice().get("stats").get("scannedIndex");
      *edges += scanned.is_number() ? uint64_t(scanned.as_int64()) : 0;
    }
    return number;
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

struct Question {
  std::string name, aql, sql;
  bool has_end = false, is_long = false, goes_far = false;
};

std::string found_within(int depth) {
  return fmt::format(
      "WITH RECURSIVE found(id, depth) AS (SELECT ?1, 0 UNION SELECT target, depth + 1 FROM found JOIN links "
      "ON "
      "source = id WHERE depth < {}) ",
      depth);
}

std::vector<Question> questions() {
  constexpr int kMostHops = 20;
  std::vector<Question> list;
  for (int depth : {1, 2, 3, 4, 8}) {
    list.push_back(
        {fmt::format("vertices within {}", depth),
         fmt::format("FOR v IN 1..{} OUTBOUND @start links OPTIONS {{order: 'bfs', uniqueVertices: 'global'}} "
                     "COLLECT WITH COUNT INTO n RETURN n",
                     depth),
         found_within(depth) + "SELECT count(DISTINCT id) - 1 FROM found", false, depth == 4, depth > 4});
    if (depth > 4) continue;
    list.push_back(
        {fmt::format("paths of {}", depth),
         fmt::format("FOR v IN {0}..{0} OUTBOUND @start links OPTIONS {{uniqueEdges: 'none'}} COLLECT WITH COUNT "
                     "INTO n RETURN n",
                     depth),
         fmt::format("WITH RECURSIVE found(id, depth) AS (SELECT ?1, 0 UNION ALL SELECT target, depth + 1 FROM "
                     "found JOIN links ON source = id WHERE depth < {0}) SELECT count(*) FROM found WHERE "
                     "depth = {0}",
                     depth),
         false, depth == 4});
  }
  list.push_back(
      {"paths of 8", "FOR v IN 8 OUTBOUND @start links COLLECT WITH COUNT INTO n RETURN n", "", false, true});
  list.push_back({"keys within 4",
                  "RETURN SUM(FOR v IN 1..4 OUTBOUND @start links OPTIONS {order: 'bfs', uniqueVertices: "
                  "'global'} RETURN LENGTH(v._key))",
                  ""});
  list.push_back({"documents within 4",
                  "RETURN SUM(FOR v IN 1..4 OUTBOUND @start links OPTIONS {order: 'bfs', "
                  "uniqueVertices: 'global'} RETURN LENGTH(v.name))",
                  ""});
  list.push_back({"shortest path",
                  "FOR v IN OUTBOUND SHORTEST_PATH @start TO @end links COLLECT WITH COUNT INTO n RETURN n",
                  found_within(kMostHops) + "SELECT coalesce((SELECT depth + 1 FROM found WHERE id = ?2 LIMIT 1), 0)",
                  true, false, true});
  list.push_back({"weighted shortest path",
                  "FOR v IN OUTBOUND SHORTEST_PATH @start TO @end links OPTIONS {weightAttribute: "
                  "'weight'} COLLECT WITH COUNT INTO n RETURN n",
                  "", true, false, true});
  return list;
}

// Rounds of ours and theirs in turn: what else the machine does meets both.
struct Medians {
  double workerdb = 0, sqlite = 0;
};
template <typename Ours, typename Theirs>
Medians measure(int rounds, int starts, Ours&& ours, Theirs&& theirs) {
  std::vector<double> own, other;
  for (int round = 0; round < rounds; ++round) {
    own.push_back(time_us(starts, ours));
    other.push_back(time_us(starts, theirs));
  }
  return {median(own), median(other)};
}

struct Options {
  bool is_small = false, as_json = false;
  int rounds = 7;  // more of them for a profiler
  std::string_view only;
};

int run(const Graph& graph, const Options& options) {
  const int rounds = options.is_small ? 1 : options.rounds;
  Documents documents(graph);
  Sqlite sqlite(graph);
  auto start = [&](int i) { return size_t(i) * 7919 % graph.vertices; };
  auto end = [&](int i) { return size_t(graph.edges[size_t(i) * 104729 % graph.edges.size()].second); };
  // What is read often is held in memory.
  std::vector<Question> all = questions();
  for (size_t i = 0; i < graph.vertices; i += 20) documents.ask(all[6].aql, Documents::bind(i, {}));
  int differences = 0;
  for (const Question& question : all) {
    if (question.name.find(options.only) == std::string::npos) continue;
    // SQLite takes tens of milliseconds for what goes far.
    const int starts = options.is_small ? 3 : question.goes_far ? 5 : 200;
    uint64_t walked = 0;
    std::vector<value::Buffer> binds;
    for (int i = 0; i < starts; ++i) {
      binds.push_back(Documents::bind(start(i), question.has_end ? std::optional(end(i)) : std::nullopt));
      int64_t number = documents.ask(question.aql, binds.back(), &walked);
      if (question.sql.empty()) continue;
      int64_t other = sqlite.ask(question.sql, start(i), end(i));
      if (number == other) continue;
      if (++differences < 10) fmt::print(stderr, "{} from {}: {} and {}\n", question.name, i, number, other);
    }
    auto medians = measure(
        rounds, starts, [&](int i) { documents.ask(question.aql, binds[size_t(i)]); },
        [&](int i) {
          if (!question.sql.empty()) sqlite.ask(question.sql, start(i), end(i));
        });
    Line line{question.name, "us", medians.workerdb};
    if (!question.sql.empty()) line.sqlite = medians.sqlite, line.ratio_target = 1;
    print(line, options.as_json);
    if (walked == 0 || question.has_end) continue;
    Line rate{question.name + ", edges", "edges/s", double(walked) / starts / medians.workerdb * 1e6};
    // Four hops and more: with fewer edges the query's own beginning and end are what is measured.
    if (question.is_long) rate.least = 2e6;
    print(rate, options.as_json);
  }
  return differences == 0 ? 0 : 1;
}

}  // namespace
}  // namespace workerdb::bench

int main(int count, char** arguments) {
  using namespace workerdb::bench;
  Options options;
  options.is_small = option(count, arguments, "--small").has_value();
  options.as_json = option(count, arguments, "--json").has_value();
  options.only = option(count, arguments, "--only").value_or("");
  if (auto rounds = option(count, arguments, "--rounds")) {
    std::from_chars(rounds->data(), rounds->data() + rounds->size(), options.rounds);
  }
  auto file = option(count, arguments, "--links");
  return run(file ? Graph(std::string(*file)) : Graph(20'000, 80'000), options);
}

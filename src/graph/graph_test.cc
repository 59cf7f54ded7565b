// Walks and searches give the same whether edges come from the store or from memory.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "graph/paths.h"
#include "graph/walk.h"

namespace workerdb::graph {
namespace {

class NeverEnds : public Watch {
 public:
  bool tick() override { return false; }
  base::Error reason() override { return base::Error(base::ErrorCode::kQueryKilled); }
};
class EndsAfter : public Watch {
 public:
  explicit EndsAfter(int ticks) : left_(ticks) {}
  bool tick() override { return --left_ < 0; }
  base::Error reason() override { return base::Error(base::ErrorCode::kQueryKilled); }

 private:
  int left_;
};

class GraphTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + fmt::format("graph-{}-{}", getpid(), ++number_);
    store_ = *storage::Store::open(folder_);
    database_ = store_->find_database("_system");
    storage::Collection definition;
    definition.name = "v";
    vertices_ = *store_->create_collection(*database_, definition);
    definition.name = "e";
    definition.type = storage::CollectionType::kEdge;
    edges_ = *store_->create_collection(*database_, definition);
  }
  void TearDown() override {
    vertices_ = edges_ = nullptr;
    database_ = nullptr;
    store_ = nullptr;
    std::filesystem::remove_all(folder_);
  }

  void add_edge(const std::string& from, const std::string& to, int weight = 1) {
    auto transaction = store_->begin();
    value::Builder edge;
    edge.open_object();
    edge.add("_from", "v/" + from);
    edge.add("_to", "v/" + to);
    edge.add("w", weight);
    edge.close();
    ASSERT_TRUE(transaction->insert(*edges_, edge.slice()));
    ASSERT_TRUE(transaction->commit());
  }
  void add_vertex(const std::string& key) {
    auto transaction = store_->begin();
    value::Builder vertex;
    vertex.open_object();
    vertex.add("_key", key);
    vertex.close();
    ASSERT_TRUE(transaction->insert(*vertices_, vertex.slice()));
    ASSERT_TRUE(transaction->commit());
  }
  // Keys with common beginnings, loops and parallel edges.
  void fill_at_random(unsigned seed, int vertices, int edges) {
    std::mt19937 random(seed);
    for (int i = 0; i < vertices; i += 2) add_vertex(std::to_string(i));
    for (int i = 0; i < edges; ++i) {
      add_edge(std::to_string(random() % unsigned(vertices)), std::to_string(random() % unsigned(vertices)),
               int(random() % 5));
    }
  }

  std::unique_ptr<Network> network(storage::Transaction& transaction, bool outbound, bool inbound,
                                   AdjacencyCache* cache) {
    auto find = [this](std::string_view name) -> base::Result<storage::CollectionPtr> {
      return store_->find_collection(*database_, name);
    };
    std::vector<EdgeSource> sources;
    sources.push_back({edges_, outbound, inbound, store_->document_count(*edges_)});
    auto made = std::make_unique<Network>(transaction, std::move(sources), find, cache, watch_, nullptr);
    EXPECT_TRUE(made->open());
    return made;
  }
  // The cache holds the edges afterwards.
  void hold(AdjacencyCache& cache) {
    auto transaction = store_->begin({.read_only = true});
    ASSERT_TRUE(cache.find(*transaction, *edges_, 0, true, watch_));
    cache.note_reads(*edges_, 1'000'000);
    auto held = cache.find(*transaction, *edges_, 0, true, watch_);
    ASSERT_TRUE(held);
    ASSERT_NE(*held, nullptr);
  }

  static std::string text(const Network& network, std::span<const VertexNumber> vertices,
                          std::span<const EdgeNumber> edges) {
    std::string result(network.vertex_id(vertices[0]));
    for (size_t i = 0; i < edges.size(); ++i) {
      result += fmt::format("-{}-{}", network.edge_key(edges[i]), network.vertex_id(vertices[i + 1]));
    }
    return result + "\n";
  }
  std::string walk_text(Network& network, const WalkOptions& options, std::string_view start) {
    auto walk = Walk::make(network, options, nullptr);
    EXPECT_TRUE(walk->start(network.number_of(start)));
    std::string result;
    for (auto found = walk->next(); found && *found; found = walk->next()) {
      result += text(network, walk->path_vertices(), walk->path_edges());
    }
    return result;
  }
  std::string search_text(Network& network, const SearchOptions& options, std::string_view from, std::string_view to) {
    auto search = Search::make(network, options);
    EXPECT_TRUE(search->start(network.number_of(from), network.number_of(to)));
    std::string result;
    for (auto path = search->next(); path && *path != nullptr; path = search->next()) {
      result += text(network, (*path)->vertices, (*path)->edges);
    }
    return result;
  }

  NeverEnds watch_;
  std::string folder_;
  std::unique_ptr<storage::Store> store_;
  storage::DatabasePtr database_;
  storage::CollectionPtr vertices_, edges_;
  inline static int number_ = 0;
};

TEST_F(GraphTest, WalksAreTheSameFromMemory) {
  fill_at_random(11, 25, 60);
  AdjacencyCache cache;
  hold(cache);
  auto transaction = store_->begin({.read_only = true});
  int compared = 0;
  for (auto [outbound, inbound] : {std::pair(true, false), std::pair(false, true), std::pair(true, true)}) {
    for (Order order : {Order::kDepthFirst, Order::kBreadthFirst, Order::kWeighted}) {
      for (UniqueVertices unique : {UniqueVertices::kNone, UniqueVertices::kPath, UniqueVertices::kGlobal}) {
        if (unique == UniqueVertices::kGlobal && order == Order::kDepthFirst) continue;
        WalkOptions options{0, 3, order, unique, UniqueEdges::kPath, {"w", 1}};
        auto stored = network(*transaction, outbound, inbound, nullptr);
        auto held = network(*transaction, outbound, inbound, &cache);
        std::string expected = walk_text(*stored, options, "v/3");
        EXPECT_EQ(walk_text(*held, options, "v/3"), expected);
        EXPECT_EQ(walk_text(*held, options, "v/3"), expected) << "again";
        compared += expected.size() > 10;
      }
    }
  }
  EXPECT_GT(compared, 10);
}

TEST_F(GraphTest, SearchesAreTheSameFromMemory) {
  fill_at_random(12, 12, 30);
  AdjacencyCache cache;
  hold(cache);
  auto transaction = store_->begin({.read_only = true});
  auto stored = network(*transaction, true, true, nullptr), held = network(*transaction, true, true, &cache);
  for (SearchKind kind : {SearchKind::kShortestPath, SearchKind::kAllShortestPaths, SearchKind::kKPaths}) {
    for (const char* to : {"v/1", "v/5", "v/9"}) {
      SearchOptions options{kind, 1, 4, kind == SearchKind::kShortestPath, {"w", 1}};
      EXPECT_EQ(search_text(*held, options, "v/2", to), search_text(*stored, options, "v/2", to));
    }
  }
}

TEST_F(GraphTest, ExistenceIsKnownForTheContentThatWasLookedAt) {
  add_vertex("a");
  add_edge("a", "b");
  AdjacencyCache cache;
  hold(cache);
  for (int round = 0; round < 2; ++round) {
    auto transaction = store_->begin({.read_only = true});
    auto graph = network(*transaction, true, false, &cache);
    EXPECT_TRUE(graph->exists(graph->number_of("v/a")).value());
    EXPECT_FALSE(graph->exists(graph->number_of("v/b")).value());
    EXPECT_FALSE(graph->exists(graph->number_of("nowhere/b")).value());
    EXPECT_EQ(graph->documents_read, round == 0 ? 2u : 0u);
  }
  add_vertex("b");
  auto transaction = store_->begin({.read_only = true});
  auto graph = network(*transaction, true, false, &cache);
  EXPECT_TRUE(graph->exists(graph->number_of("v/b")).value());
}

TEST_F(GraphTest, ATransactionSeesItsOwnEdgesAndNoLaterOnes) {
  add_edge("a", "b");
  AdjacencyCache cache;
  hold(cache);
  WalkOptions options{1, 2};
  auto older = store_->begin({.read_only = true});
  auto writing = store_->begin();
  value::Builder edge;
  edge.open_object();
  edge.add("_from", "v/b");
  edge.add("_to", "v/c");
  edge.close();
  ASSERT_TRUE(writing->insert(*edges_, edge.slice()));
  auto count = [&](storage::Transaction& transaction) {
    auto graph = network(transaction, true, false, &cache);
    std::string found = walk_text(*graph, options, "v/a");
    return std::ranges::count(found, '\n');
  };
  EXPECT_EQ(count(*writing), 2);
  EXPECT_EQ(count(*older), 1);
  ASSERT_TRUE(writing->commit());
  EXPECT_EQ(count(*older), 1);
  EXPECT_EQ(count(*store_->begin({.read_only = true})), 2);
}

TEST_F(GraphTest, WhatIsTooLargeIsNotHeld) {
  fill_at_random(3, 10, 200);
  AdjacencyCache cache(1000);
  auto transaction = store_->begin({.read_only = true});
  ASSERT_TRUE(cache.find(*transaction, *edges_, 200, true, watch_));
  cache.note_reads(*edges_, 1'000'000);
  auto held = cache.find(*transaction, *edges_, 200, true, watch_);
  ASSERT_TRUE(held);
  EXPECT_EQ(*held, nullptr);
  EXPECT_EQ(cache.memory_bytes(), 0u);
}

TEST_F(GraphTest, TheWatchEndsEveryLoop) {
  fill_at_random(5, 10, 60);
  auto transaction = store_->begin({.read_only = true});
  for (Order order : {Order::kDepthFirst, Order::kBreadthFirst, Order::kWeighted}) {
    EndsAfter watch(1000);
    auto find = [](std::string_view) -> base::Result<storage::CollectionPtr> { return storage::CollectionPtr(); };
    Network graph(*transaction, {{edges_, true, true, 60}}, find, nullptr, watch, nullptr);
    WalkOptions options{1, 1'000'000, order, UniqueVertices::kNone, UniqueEdges::kNone, {}};
    auto walk = Walk::make(graph, options, nullptr);
    ASSERT_TRUE(walk->start(graph.number_of("v/1")));
    auto found = walk->next();
    while (found && *found) found = walk->next();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), base::ErrorCode::kQueryKilled);
  }
}

TEST(NumberSet, HoldsWhatWasAdded) {
  NumberSet set(nullptr);
  std::mt19937 random(1);
  std::vector<bool> expected(100'000, false);
  for (int i = 0; i < 20'000; ++i) {
    auto number = uint32_t(random() % expected.size());
    EXPECT_EQ(set.contains(number), expected[number]);
    EXPECT_EQ(set.add(number), !expected[number]);
    expected[number] = true;
  }
  EXPECT_FALSE(set.contains(4'000'000'000));
  for (uint32_t number = 0; number < expected.size(); ++number) ASSERT_EQ(set.contains(number), expected[number]);
  set.clear();
  EXPECT_FALSE(set.contains(1));
}

TEST(StringTable, NumbersInOrderOfAppearance) {
  StringTable table;
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(table.add(fmt::format("text {}", i)), i);
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(table.add(fmt::format("text {}", i)), i);
  EXPECT_EQ(table.at(4321), "text 4321");
  EXPECT_EQ(table.find("text 99"), 99u);
  EXPECT_EQ(table.find("no text"), StringTable::kNone);
  EXPECT_EQ(table.add(""), 5000u);
  EXPECT_EQ(table.at(5000), "");
}

TEST(WeightColumn, RemembersNumbersAndTheirAbsence) {
  WeightColumn column("w", 4);
  double weight = -1;
  EXPECT_EQ(column.at(0, weight), WeightColumn::kUnknown);
  column.set(0, 0.0), column.set(1, -0.5), column.set_none(2);
  EXPECT_EQ(column.at(0, weight), WeightColumn::kNumber);
  EXPECT_EQ(weight, 0.0);
  EXPECT_EQ(column.at(1, weight), WeightColumn::kNumber);
  EXPECT_EQ(weight, -0.5);
  EXPECT_EQ(column.at(2, weight), WeightColumn::kNone);
  EXPECT_EQ(column.at(3, weight), WeightColumn::kUnknown);
}

}  // namespace
}  // namespace workerdb::graph

#pragma once
// A graph as one query sees it: vertices and edges as numbers, the steps from each vertex, and the documents behind
// them.
//
// Where the graph has one edge collection and that is held in memory, numbers and steps are the Adjacency's. Otherwise
// each vertex's steps are read when they are first asked for (from an Adjacency or from the edge index) and kept.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/adjacency_cache.h"
#include "graph/number_map.h"

namespace workerdb::graph {

struct EdgeSource {
  storage::CollectionPtr collection;
  bool outbound = true, inbound = false;
  uint64_t edge_count = 0;  // about; for the decision to hold it in memory
};

// The collection of a vertex's id; null if there is none, an error if it must not be read.
using CollectionFinder = std::function<base::Result<storage::CollectionPtr>(std::string_view name)>;

struct NetworkOptions {
  bool may_build = true;                        // whether edge collections may be read into memory
  std::vector<std::string> vertex_collections;  // only steps to these; empty: to all
};

// The steps from one vertex, in the order of the collections, outbound before inbound, each in the index's order.
// Borrowed from the network for as long as it lives.
class Steps {
 public:
  Steps() = default;
  Steps(std::span<const Step> first, std::span<const Step> second, VertexNumber looping)
      : first_(first), second_(second), looping_(looping) {}
  size_t size() const { return first_.size() + second_.size(); }
  const Step& operator[](size_t which) const {
    return which < first_.size() ? first_[which] : second_[which - first_.size()];
  }
  // An edge from a vertex to itself stands in both directions' lists; it is one way to go.
  bool is_repetition(size_t which) const { return which >= first_.size() && (*this)[which].vertex == looping_; }

 private:
  std::span<const Step> first_, second_;
  VertexNumber looping_ = kNoNumber;
};

// For one thread. What it is given must outlive it.
class Network {
 public:
  Network(storage::Transaction& transaction, std::vector<EdgeSource> sources, CollectionFinder find_collection,
          AdjacencyCache* cache, Watch& watch, value::MemoryObserver* observer, NetworkOptions options = {});
  ~Network();

  // Finds what is held in memory. Once, before anything else.
  base::Result<> open();

  VertexNumber number_of(std::string_view id);
  // Borrowed until the next number_of(), steps_from() or steps_to().
  std::string_view vertex_id(VertexNumber vertex) const;
  std::string_view edge_key(EdgeNumber edge) const;
  const storage::Collection& edge_collection(EdgeNumber edge) const;

  base::Result<Steps> steps_from(VertexNumber vertex) { return steps(vertex, false); }
  // Against the direction of the graph.
  base::Result<Steps> steps_to(VertexNumber vertex) { return steps(vertex, true); }
  // Whether the options let a step lead there.
  bool admits(VertexNumber vertex) const;
  bool restricts_vertices() const { return !options_.vertex_collections.empty(); }

  // Documents, borrowed until the next trim(). None where there is no such document.
  base::Result<value::Slice> vertex(VertexNumber vertex);
  base::Result<value::Slice> edge(EdgeNumber edge);
  base::Result<bool> exists(VertexNumber vertex);
  // An attribute of an edge, if it is a number.
  base::Result<std::optional<double>> edge_number_at(EdgeNumber edge, const std::string& attribute);
  // Gives up the documents if they have become many.
  void trim();

  // Edges that were met in the store or in memory, and documents that were read.
  uint64_t edges_read = 0, documents_read = 0, seeks = 0;

  Watch& watch() { return watch_; }
  value::MemoryObserver* observer() { return observer_; }

 private:
  struct KeptSteps {
    uint32_t begin = 0, chunk = 0, size = 0;
  };
  struct Source {
    EdgeSource source;
    std::shared_ptr<const Adjacency> held;
    std::unique_ptr<storage::IndexScan> scan;
    StringTable edges;  // keys met so far, where edges may be met from both ends
    uint64_t unreported_reads = 0;
  };
  struct KnownCollection {
    std::string name;
    storage::CollectionPtr collection;   // null: there is none
    std::shared_ptr<Presence> presence;  // null: not known
  };
  struct KnownEdge {
    uint32_t source, key_end;
  };

  base::Result<Steps> steps(VertexNumber vertex, bool reversed);
  base::Result<> read_steps(VertexNumber vertex, bool reversed);
  base::Result<> read_side(uint32_t source, VertexNumber vertex, bool outbound, bool skips_loops);
  base::Result<> read_held(uint32_t source, VertexNumber vertex, bool outbound, bool skips_loops);
  base::Result<> read_stored(uint32_t source, VertexNumber vertex, bool outbound, bool skips_loops);
  EdgeNumber edge_number(uint32_t source, std::string_view key);
  base::Result<KnownCollection*> known_collection(std::string_view name);
  void charge();

  storage::Transaction& transaction_;
  CollectionFinder find_collection_;
  AdjacencyCache* cache_;
  Watch& watch_;
  value::MemoryObserver* observer_;
  NetworkOptions options_;
  std::vector<Source> sources_;

  std::shared_ptr<WeightColumn> weights_;  // of only_, for the attribute that was asked for last
  std::shared_ptr<const Adjacency> only_;  // the graph's one collection, held in memory
  StringTable vertices_;                   // all of them, or those that only_ does not know
  std::vector<KnownEdge> edges_;
  std::string edge_keys_;
  std::vector<std::vector<uint32_t>> edge_numbers_;  // by source and number in Source::edges
  NumberMap<KeptSteps> kept_[2];                     // forward, reversed
  std::vector<std::vector<Step>> chunks_;            // what kept_ points into; they never move
  std::vector<Step> reading_;
  Charge charge_;

  std::vector<std::unique_ptr<KnownCollection>> collections_;
  KnownCollection* last_collection_ = nullptr;
  storage::PinnedDocument pinned_;
  // Documents that were read before; given up all at once when they are too many.
  value::Arena documents_;
  NumberMap<value::Slice> vertex_documents_, edge_documents_;
};

}  // namespace workerdb::graph

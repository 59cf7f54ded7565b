#pragma once
// What traversals and path searches have in common: the graph of one execution, the vertices that they start from, and
// the values that they make of vertices, edges and paths.
#include <memory>
#include <optional>
#include <vector>

#include "aql/execute/runtime.h"
#include "aql/plan/node.h"
#include "graph/paths.h"
#include "graph/walk.h"

namespace workerdb::aql::execute {

// The parts of a node that GraphAccess needs; copied when the node is compiled.
struct GraphParts {
  std::vector<plan::GraphScope::Edges> edges;
  std::vector<std::string> vertex_collections;  // steps lead only there; empty: everywhere
  bool use_cache = true;
};

class GraphAccess {
 public:
  // kCollectionNotFound for an edge collection that was dropped.
  static base::Result<std::unique_ptr<GraphAccess>> make(Runtime& runtime, const GraphParts& parts);

  // Finds what is held in memory; once, at the first row.
  base::Result<> open();
  graph::Network& network() { return *network_; }

  // The vertex that an _id or a document with one names; none with a warning for other values and unknown collections,
  // and without one where there is no such document.
  base::Result<std::optional<graph::VertexNumber>> find_vertex(value::Slice named);

  // Borrowed from the network or the arena.
  base::Result<value::Slice> vertex(graph::VertexNumber vertex, plan::ElementContent content, value::Arena& arena);
  // None stands for the edge in front of the start: null.
  base::Result<value::Slice> edge(graph::EdgeNumber edge, plan::ElementContent content, value::Arena& arena);
  // {vertices, edges, weights}, as much of it as is read; `weight` instead of weights where it is given.
  base::Result<value::Slice> path(std::span<const graph::VertexNumber> vertices,
                                  std::span<const graph::EdgeNumber> edges, std::span<const double> weights,
                                  const double* weight, const plan::PathContent& content, value::Arena& arena);

  // Adds what the network has read since the last call to the statistics.
  void count_reads();

 private:
  class QueryWatch : public graph::Watch {
   public:
    explicit QueryWatch(Runtime& runtime) : runtime_(runtime) {}
    bool tick() override { return runtime_.interrupt.tick(); }
    base::Error reason() override {
      auto checked = runtime_.check();
      return checked ? base::Error(base::ErrorCode::kQueryKilled) : checked.error();
    }

   private:
    Runtime& runtime_;
  };

  explicit GraphAccess(Runtime& runtime) : runtime_(runtime), watch_(runtime) {}
  base::Result<storage::CollectionPtr> find_collection(std::string_view name) const;
  value::Slice identity(std::string_view key, std::string_view id, value::Arena& arena);

  Runtime& runtime_;
  QueryWatch watch_;
  std::unique_ptr<graph::Network> network_;
  bool is_open_ = false;
  value::Builder identity_, path_;
  std::string id_;
};

graph::Weights weights_of(const plan::GraphOptions& options);

}  // namespace workerdb::aql::execute

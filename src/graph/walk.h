#pragma once
// Traversals: every path from one vertex, in an order that the graph's content alone decides.
//   depth first: the edges of a vertex from the last to the first
//   breadth first: by depth, the edges of a vertex from the first to the last
//   weighted: by the sum of weights; of equal sums the one that was found first
// Source of the rules: the 3.12 documentation, "Graph traversals in AQL", and its recorded examples.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/network.h"

namespace workerdb::graph {

enum class Order : uint8_t { kDepthFirst, kBreadthFirst, kWeighted };
enum class UniqueVertices : uint8_t { kNone, kPath, kGlobal };
enum class UniqueEdges : uint8_t { kNone, kPath };

struct Weights {
  std::string attribute;  // empty: every edge weighs default_weight
  double default_weight = 1;
};
// The weight of an edge; kGraphNegativeEdgeWeight.
base::Result<double> weight_of(Network& network, EdgeNumber edge, const Weights& weights);

struct WalkOptions {
  uint64_t least_depth = 1, largest_depth = 1;
  Order order = Order::kDepthFirst;
  UniqueVertices unique_vertices = UniqueVertices::kNone;
  UniqueEdges unique_edges = UniqueEdges::kPath;
  Weights weights;  // weighted only
};

class Walk;

// What a query has to say about paths while they grow.
class PathRules {
 public:
  virtual ~PathRules() = default;
  // Asked once for each new last step (and for the start): false, and neither this path nor one that begins with it is
  // a result.
  virtual base::Result<bool> admits(const Walk& walk) = 0;
  // Asked once for each admitted path, right before it is given out or passed over because it is too short: true, and
  // no path that goes on from here is a result.
  virtual base::Result<bool> prunes(const Walk& walk) = 0;
};

// For one thread. Give it a start, then call next() until it is false; then it may be started again.
class Walk {
 public:
  // All are borrowed; `rules` may be null.
  static std::unique_ptr<Walk> make(Network& network, const WalkOptions& options, PathRules* rules);
  virtual ~Walk() = default;

  virtual base::Result<> start(VertexNumber vertex) = 0;
  // To the next path of a wanted length; false at the end.
  virtual base::Result<bool> next() = 0;

  // The path that next() went to, or that rules are asked about. `edge` is kNoNumber at depth 0.
  virtual uint64_t depth() const = 0;
  virtual VertexNumber vertex() const = 0;
  virtual EdgeNumber edge() const = 0;
  // The whole path: one vertex more than edges. Borrowed until the walk goes on.
  virtual std::span<const VertexNumber> path_vertices() const = 0;
  virtual std::span<const EdgeNumber> path_edges() const = 0;
  // The sum of the weights at each vertex; without weights the depth.
  virtual std::span<const double> path_weights() const = 0;

 protected:
  Walk(Network& network, const WalkOptions& options, PathRules* rules)
      : network_(network), options_(options), rules_(rules) {}
  base::Result<bool> rules_admit() { return rules_ == nullptr ? true : rules_->admits(*this); }
  base::Result<bool> rules_prune() { return rules_ == nullptr ? false : rules_->prunes(*this); }

  Network& network_;
  const WalkOptions options_;
  PathRules* const rules_;
};

}  // namespace workerdb::graph

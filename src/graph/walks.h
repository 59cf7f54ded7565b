#pragma once
// The walks behind walk.h. Internal to this folder.
#include "graph/walk.h"

namespace workerdb::graph {

// Holds one path and the steps that are left at each of its vertices.
class DepthFirstWalk : public Walk {
 public:
  DepthFirstWalk(Network& network, const WalkOptions& options, PathRules* rules)
      : Walk(network, options, rules), charge_(network.observer()) {}

  base::Result<> start(VertexNumber vertex) override;
  base::Result<bool> next() override;
  uint64_t depth() const override { return edges_.size(); }
  VertexNumber vertex() const override { return vertices_.back(); }
  EdgeNumber edge() const override { return edges_.empty() ? kNoNumber : edges_.back(); }
  std::span<const VertexNumber> path_vertices() const override { return vertices_; }
  std::span<const EdgeNumber> path_edges() const override { return edges_; }
  std::span<const double> path_weights() const override;

 private:
  struct Frame {
    Steps steps;
    size_t left = 0;
  };
  // Judges the path as it is now: whether it is a result.
  base::Result<bool> arrive();
  base::Result<bool> go_on();
  bool may_take(const Step& step) const;
  void leave();

  std::vector<VertexNumber> vertices_;
  std::vector<EdgeNumber> edges_;
  std::vector<Frame> frames_;  // of all vertices of the path but, until it is expanded, the last
  bool expands_last_ = false, begins_ = false;
  Charge charge_;
  mutable std::vector<double> depths_;
};

// Breadth first and weighted: paths that were found and are still to be given out, as a tree of their last steps.
class FrontierWalk : public Walk {
 public:
  FrontierWalk(Network& network, const WalkOptions& options, PathRules* rules)
      : Walk(network, options, rules), visited_(network.observer()), charge_(network.observer()) {}

  base::Result<> start(VertexNumber vertex) override;
  base::Result<bool> next() override;
  uint64_t depth() const override { return nodes_[current_].depth; }
  VertexNumber vertex() const override { return nodes_[current_].vertex; }
  EdgeNumber edge() const override { return nodes_[current_].edge; }
  std::span<const VertexNumber> path_vertices() const override;
  std::span<const EdgeNumber> path_edges() const override;
  std::span<const double> path_weights() const override;

 private:
  struct Node {
    uint32_t parent;
    VertexNumber vertex;
    EdgeNumber edge;
    uint32_t depth;
  };
  struct Waiting {
    double weight;
    uint32_t node;
    bool operator<(const Waiting& other) const {  // the heap's top is the least
      return weight != other.weight ? weight > other.weight : node > other.node;
    }
  };
  bool is_weighted() const { return options_.order == Order::kWeighted; }
  bool takes_next();
  base::Result<> expand(uint32_t node);
  bool may_take(uint32_t from, const Step& step);
  void trace() const;

  std::vector<Node> nodes_;
  std::vector<double> weights_;   // by node, weighted only
  std::vector<Waiting> waiting_;  // a heap, weighted only
  NumberSet visited_;             // global uniqueness only
  uint32_t next_ = 0, current_ = 0;
  uint32_t to_expand_ = kNoNumber;  // the node given out last, where its steps are still to be taken
  Charge charge_;
  mutable uint32_t traced_ = kNoNumber;  // the node that the vectors below belong to
  mutable std::vector<VertexNumber> path_vertices_;
  mutable std::vector<EdgeNumber> path_edges_;
  mutable std::vector<double> path_weights_;
};

}  // namespace workerdb::graph

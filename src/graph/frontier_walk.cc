#include <algorithm>

#include "graph/walks.h"

namespace workerdb::graph {

using base::Result;

Result<> FrontierWalk::start(VertexNumber vertex) {
  nodes_.clear();
  weights_.clear();
  waiting_.clear();
  visited_.clear();
  next_ = 0;
  to_expand_ = kNoNumber;
  traced_ = kNoNumber;
  nodes_.push_back({kNoNumber, vertex, kNoNumber, 0});
  current_ = 0;
  if (is_weighted()) weights_.push_back(0);
  if (!TRY(rules_admit())) {
    nodes_.clear();
    return {};
  }
  if (is_weighted()) {
    waiting_.push_back({0, 0});
  } else if (options_.unique_vertices == UniqueVertices::kGlobal) {
    visited_.add(vertex);
  }
  return {};
}

// The node that comes next, as current_.
bool FrontierWalk::takes_next() {
  if (!is_weighted()) {
    if (next_ >= nodes_.size()) return false;
    current_ = next_++;
    return true;
  }
  while (!waiting_.empty()) {
    std::pop_heap(waiting_.begin(), waiting_.end());
    current_ = waiting_.back().node;
    waiting_.pop_back();
    if (options_.unique_vertices != UniqueVertices::kGlobal || visited_.add(nodes_[current_].vertex)) return true;
  }
  return false;
}

Result<bool> FrontierWalk::next() {
  while (true) {
    if (network_.watch().tick()) return network_.watch().reason();
    if (to_expand_ != kNoNumber) TRY(expand(std::exchange(to_expand_, kNoNumber)));
    if (!takes_next()) return false;
    bool is_pruned = TRY(rules_prune());
    if (!is_pruned && depth() < options_.largest_depth) to_expand_ = current_;
    if (depth() >= options_.least_depth) return true;
  }
}

Result<> FrontierWalk::expand(uint32_t from) {
  Steps steps = TRY(network_.steps_from(nodes_[from].vertex));
  for (size_t which = 0; which < steps.size(); ++which) {
    if (network_.watch().tick()) return network_.watch().reason();
    const Step& step = steps[which];
    if (steps.is_repetition(which) || !may_take(from, step)) continue;
    if (nodes_.size() >= kNoNumber) return base::ErrorCode::kResourceLimit;
    current_ = uint32_t(nodes_.size());
    nodes_.push_back({from, step.vertex, step.edge, nodes_[from].depth + 1});
    if (is_weighted()) weights_.push_back(weights_[from] + TRY(weight_of(network_, step.edge, options_.weights)));
    if (!TRY(rules_admit())) {
      nodes_.pop_back();
      if (is_weighted()) weights_.pop_back();
      traced_ = kNoNumber;
      continue;
    }
    if (is_weighted()) {
      waiting_.push_back({weights_[current_], current_});
      std::push_heap(waiting_.begin(), waiting_.end());
    } else if (options_.unique_vertices == UniqueVertices::kGlobal) {
      visited_.add(step.vertex);
    }
  }
  charge_.set(nodes_.capacity() * sizeof(Node) + weights_.capacity() * sizeof(double) +
              waiting_.capacity() * sizeof(Waiting));
  return {};
}

bool FrontierWalk::may_take(uint32_t from, const Step& step) {
  if (options_.unique_vertices == UniqueVertices::kGlobal) {
    if (visited_.contains(step.vertex)) return false;
  } else {
    bool vertices = options_.unique_vertices == UniqueVertices::kPath;
    bool edges = options_.unique_edges == UniqueEdges::kPath;
    for (uint32_t at = from; (vertices || edges) && at != kNoNumber; at = nodes_[at].parent) {
      if (vertices && nodes_[at].vertex == step.vertex) return false;
      if (edges && nodes_[at].edge == step.edge) return false;
    }
  }
  return !network_.restricts_vertices() || network_.admits(step.vertex);
}

void FrontierWalk::trace() const {
  if (traced_ == current_) return;
  traced_ = current_;
  size_t depth = nodes_[current_].depth;
  path_vertices_.resize(depth + 1);
  path_edges_.resize(depth);
  path_weights_.resize(depth + 1);
  uint32_t at = current_;
  for (size_t i = depth + 1; i-- > 0; at = nodes_[at].parent) {
    path_vertices_[i] = nodes_[at].vertex;
    if (i > 0) path_edges_[i - 1] = nodes_[at].edge;
    path_weights_[i] = is_weighted() ? weights_[at] : double(i);
  }
}

std::span<const VertexNumber> FrontierWalk::path_vertices() const {
  trace();
  return path_vertices_;
}
std::span<const EdgeNumber> FrontierWalk::path_edges() const {
  trace();
  return path_edges_;
}
std::span<const double> FrontierWalk::path_weights() const {
  trace();
  return path_weights_;
}

}  // namespace workerdb::graph

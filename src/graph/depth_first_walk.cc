#include <algorithm>

#include "graph/walks.h"

namespace workerdb::graph {

using base::Result;

Result<> DepthFirstWalk::start(VertexNumber vertex) {
  vertices_.assign(1, vertex);
  edges_.clear();
  frames_.clear();
  expands_last_ = false;
  begins_ = true;
  return {};
}

std::span<const double> DepthFirstWalk::path_weights() const {
  while (depths_.size() < vertices_.size()) depths_.push_back(double(depths_.size()));
  return {depths_.data(), vertices_.size()};
}

Result<bool> DepthFirstWalk::next() {
  if (vertices_.empty()) return false;
  if (begins_) {
    begins_ = false;
    if (TRY(arrive())) return true;
  }
  while (!vertices_.empty()) {
    if (network_.watch().tick()) return network_.watch().reason();
    if (TRY(go_on())) return true;
  }
  return false;
}

Result<bool> DepthFirstWalk::arrive() {
  expands_last_ = false;
  if (!TRY(rules_admit())) {
    leave();
    return false;
  }
  bool is_pruned = TRY(rules_prune());
  expands_last_ = !is_pruned && depth() < options_.largest_depth;
  if (depth() >= options_.least_depth) return true;
  if (!expands_last_) leave();
  return false;
}

// Takes one step, or goes back by one.
Result<bool> DepthFirstWalk::go_on() {
  if (frames_.size() < vertices_.size()) {
    if (!expands_last_) {
      leave();
      return false;
    }
    expands_last_ = false;
    Steps steps = TRY(network_.steps_from(vertices_.back()));
    frames_.push_back({steps, steps.size()});
    if ((frames_.size() & 0xff) == 0) charge_.set(frames_.capacity() * (sizeof(Frame) + 2 * sizeof(uint32_t)));
  }
  Frame& frame = frames_.back();
  while (frame.left > 0) {
    size_t which = --frame.left;
    const Step& step = frame.steps[which];
    if (frame.steps.is_repetition(which) || !may_take(step)) {
      if (network_.watch().tick()) return network_.watch().reason();
      continue;
    }
    vertices_.push_back(step.vertex);
    edges_.push_back(step.edge);
    return arrive();
  }
  frames_.pop_back();
  leave();
  return false;
}

bool DepthFirstWalk::may_take(const Step& step) const {
  if (options_.unique_edges == UniqueEdges::kPath && std::ranges::find(edges_, step.edge) != edges_.end()) return false;
  if (options_.unique_vertices != UniqueVertices::kNone &&
      std::ranges::find(vertices_, step.vertex) != vertices_.end()) {
    return false;
  }
  return !network_.restricts_vertices() || network_.admits(step.vertex);
}

void DepthFirstWalk::leave() {
  vertices_.pop_back();
  if (!edges_.empty()) edges_.pop_back();
}

}  // namespace workerdb::graph

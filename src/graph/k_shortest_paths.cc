#include <algorithm>

#include "graph/searches.h"

namespace workerdb::graph {

using base::Result;

Result<> KShortestPaths::start(VertexNumber from, VertexNumber to) {
  from_ = from, to_ = to;
  given_.clear(), candidates_.clear(), known_.clear();
  held_bytes_ = 0;
  made_ = 0;
  is_over_ = false;
  return {};
}

Result<double> KShortestPaths::weight(EdgeNumber edge) {
  return options_.is_weighted ? weight_of(network_, edge, options_.weights) : Result<double>(1.0);
}

Result<const Path*> KShortestPaths::next() {
  if (is_over_) return nullptr;
  if (given_.empty()) {
    Candidate first{{}, 0, made_++};
    is_over_ = !TRY(search_.find(from_, to_, {}, first.path));
    if (is_over_) return nullptr;
    known_.insert(first.path.edges);
    given_.push_back(std::move(first));
    return &given_.back().path;
  }
  TRY(add_deviations());
  if (candidates_.empty()) {
    is_over_ = true;
    return nullptr;
  }
  given_.push_back(std::move(candidates_.extract(candidates_.begin()).value()));
  return &given_.back().path;
}

// From the path that was given last: at each vertex from where it left an earlier one, a path that takes none of the
// edges by which known paths with the same beginning go on.
Result<> KShortestPaths::add_deviations() {
  const size_t last = given_.size() - 1;
  forbidden_vertices_.clear();
  double weight_before = 0;
  for (size_t at = 0; at < given_[last].path.edges.size(); ++at) {
    const Path& path = given_[last].path;
    if (at >= given_[last].deviation) {
      forbidden_edges_.clear();
      for (const Candidate& other : given_) {
        const std::vector<EdgeNumber>& edges = other.path.edges;
        if (edges.size() > at && std::equal(edges.begin(), edges.begin() + ptrdiff_t(at), path.edges.begin())) {
          forbidden_edges_.add(edges[at]);
        }
      }
      Candidate candidate{{}, at, made_};
      Path rest;
      if (TRY(search_.find(path.vertices[at], to_, {&forbidden_vertices_, &forbidden_edges_}, rest))) {
        candidate.path.vertices.assign(path.vertices.begin(), path.vertices.begin() + ptrdiff_t(at));
        candidate.path.edges.assign(path.edges.begin(), path.edges.begin() + ptrdiff_t(at));
        std::ranges::copy(rest.vertices, std::back_inserter(candidate.path.vertices));
        std::ranges::copy(rest.edges, std::back_inserter(candidate.path.edges));
        candidate.path.weight = weight_before + rest.weight;
        if (known_.insert(candidate.path.edges).second) {
          held_bytes_ += sizeof(Candidate) + 4 * sizeof(uint32_t) * candidate.path.edges.size() + 128;
          ++made_;
          candidates_.insert(std::move(candidate));
        }
      }
    }
    forbidden_vertices_.add(path.vertices[at]);
    weight_before += TRY(weight(path.edges[at]));
    if (network_.watch().tick()) return network_.watch().reason();
  }
  charge_.set(held_bytes_);
  return {};
}

}  // namespace workerdb::graph

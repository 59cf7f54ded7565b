#include <algorithm>
#include <queue>

#include "graph/searches.h"

namespace workerdb::graph {

using base::Result;

Result<bool> ShortestPath::find(VertexNumber from, VertexNumber to, const Forbidden& forbidden, Path& into) {
  into.vertices.clear(), into.edges.clear();
  into.weight = 0;
  if (from == to) {
    into.vertices.push_back(from);
    return true;
  }
  reached_[0].clear(), reached_[1].clear();
  if (options_.is_weighted) return find_weighted(from, to, forbidden, into);
  return find_unweighted(from, to, forbidden, into);
}

// The path from the start to a vertex that was reached forward.
void ShortestPath::append_forward(VertexNumber to, Path& into) {
  for (VertexNumber at = to; at != kNoNumber;) {
    const Reached& reached = *reached_[0].find(at);
    into.vertices.push_back(at);
    if (reached.from != kNoNumber) into.edges.push_back(reached.edge);
    at = reached.from;
  }
  std::ranges::reverse(into.vertices);
  std::ranges::reverse(into.edges);
}

Result<bool> ShortestPath::find_unweighted(VertexNumber from, VertexNumber to, const Forbidden& forbidden, Path& into) {
  frontier_[0].assign(1, from), frontier_[1].assign(1, to);
  reached_[0].put(from, {}), reached_[1].put(to, {});
  VertexNumber meeting = kNoNumber;
  while (meeting == kNoNumber && !frontier_[0].empty() && !frontier_[1].empty()) {
    bool backward = frontier_[1].size() < frontier_[0].size();
    meeting = TRY(advance(backward, from, to, forbidden));
  }
  if (meeting == kNoNumber) return false;
  append_forward(meeting, into);
  for (VertexNumber at = meeting; at != to;) {
    const Reached& reached = *reached_[1].find(at);
    into.edges.push_back(reached.edge);
    into.vertices.push_back(reached.from);
    at = reached.from;
  }
  into.weight = double(into.edges.size());
  return true;
}

// One level further on one side; the vertex where the sides met. Whatever meets first is shortest: all shorter paths
// would have met one level before.
Result<VertexNumber> ShortestPath::advance(bool backward, VertexNumber from, VertexNumber to,
                                           const Forbidden& forbidden) {
  level_.clear();
  for (VertexNumber vertex : frontier_[backward]) {
    const Reached* met = nullptr;  // by the other side; of several the one that it reached first
    VertexNumber meeting = kNoNumber;
    Steps steps = TRY(backward ? network_.steps_to(vertex) : network_.steps_from(vertex));
    for (size_t i = 0; i < steps.size(); ++i) {
      if (network_.watch().tick()) return network_.watch().reason();
      const Step& step = steps[i];
      if (reached_[backward].contains(step.vertex)) continue;
      VertexNumber source = backward ? step.vertex : vertex;
      bool is_first = source == from && forbidden.first_edges != nullptr && forbidden.first_edges->contains(step.edge);
      bool is_end = step.vertex == from || step.vertex == to;
      if (is_first || (!is_end && is_forbidden(forbidden, step.vertex))) continue;
      reached_[backward].put(step.vertex, {vertex, step.edge, double(reached_[backward].size())});
      const Reached* other = reached_[!backward].find(step.vertex);
      if (other != nullptr && (met == nullptr || other->weight < met->weight)) met = other, meeting = step.vertex;
      level_.push_back(step.vertex);
    }
    if (met != nullptr) return meeting;
  }
  frontier_[backward].swap(level_);
  return kNoNumber;
}

Result<bool> ShortestPath::find_weighted(VertexNumber from, VertexNumber to, const Forbidden& forbidden, Path& into) {
  struct Waiting {
    double weight;
    uint64_t number;
    VertexNumber vertex;
    bool operator>(const Waiting& other) const {
      return weight != other.weight ? weight > other.weight : number > other.number;
    }
  };
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting;
  Charge charge(network_.observer());
  uint64_t number = 0;
  reached_[0].put(from, {});
  waiting.push({0, number++, from});
  while (!waiting.empty()) {
    Waiting best = waiting.top();
    waiting.pop();
    Reached& here = *reached_[0].find(best.vertex);
    if (here.is_settled) continue;
    here.is_settled = true;
    if (best.vertex == to) {
      into.weight = best.weight;
      append_forward(to, into);
      return true;
    }
    Steps steps = TRY(network_.steps_from(best.vertex));
    for (size_t i = 0; i < steps.size(); ++i) {
      if (network_.watch().tick()) return network_.watch().reason();
      const Step& step = steps[i];
      bool is_first =
          best.vertex == from && forbidden.first_edges != nullptr && forbidden.first_edges->contains(step.edge);
      if (is_first || (step.vertex != to && is_forbidden(forbidden, step.vertex))) continue;
      double weight = best.weight + TRY(weight_of(network_, step.edge, options_.weights));
      Reached* known = reached_[0].find(step.vertex);
      if (known != nullptr && (known->is_settled || known->weight <= weight)) continue;
      Reached reached{best.vertex, step.edge, weight, false};
      if (known != nullptr) {
        *known = reached;
      } else {
        reached_[0].put(step.vertex, reached);
      }
      waiting.push({weight, number++, step.vertex});
    }
    charge.set(waiting.size() * sizeof(Waiting));
  }
  return false;
}

Result<> OneShortestPath::start(VertexNumber from, VertexNumber to) {
  from_ = from, to_ = to;
  return {};
}

Result<const Path*> OneShortestPath::next() {
  if (from_ == kNoNumber) return nullptr;
  bool is_found = TRY(search_.find(std::exchange(from_, kNoNumber), to_, {}, path_));
  return is_found ? &path_ : nullptr;
}

std::unique_ptr<Search> Search::make(Network& network, const SearchOptions& options) {
  switch (options.kind) {
    case SearchKind::kShortestPath: return std::make_unique<OneShortestPath>(network, options);
    case SearchKind::kKShortestPaths: return std::make_unique<KShortestPaths>(network, options);
    case SearchKind::kAllShortestPaths:
    case SearchKind::kKPaths: break;
  }
  return std::make_unique<PathsByLength>(network, options);
}

}  // namespace workerdb::graph

#include <algorithm>

#include "graph/searches.h"

namespace workerdb::graph {

using base::Result;

Result<> Distances::measure(VertexNumber target, VertexNumber from, uint64_t largest) {
  found_.clear();
  found_.put(target, 0);
  std::vector<VertexNumber> level{target}, next;
  for (uint32_t depth = 0; depth < largest && !level.empty(); ++depth) {
    if (from != kNoNumber && found_.contains(from)) return {};
    next.clear();
    for (VertexNumber vertex : level) {
      Steps steps = TRY(network_.steps_to(vertex));
      for (size_t i = 0; i < steps.size(); ++i) {
        if (network_.watch().tick()) return network_.watch().reason();
        VertexNumber source = steps[i].vertex;
        if (source != from && network_.restricts_vertices() && !network_.admits(source)) continue;
        if (found_.put(source, depth + 1)) next.push_back(source);
      }
    }
    level.swap(next);
  }
  return {};
}

Result<> PathsByLength::start(VertexNumber from, VertexNumber to) {
  from_ = from, to_ = to;
  is_over_ = true;
  gives_start_ = false;
  bool is_all_shortest = options_.kind == SearchKind::kAllShortestPaths;
  if (from == to) {
    gives_start_ = is_all_shortest || options_.least_length == 0;
    path_.vertices.assign(1, from), path_.edges.clear();
    return {};
  }
  uint64_t largest = is_all_shortest ? kNoNumber - 1 : std::min<uint64_t>(options_.largest_length, kNoNumber - 1);
  TRY(distances_.measure(to, is_all_shortest ? from : kNoNumber, largest));
  uint32_t distance = distances_.of(from);
  if (distance == kNoNumber) return {};
  length_ = is_all_shortest ? distance : std::max<uint64_t>(distance, options_.least_length);
  // No vertex comes twice, and every one of a path is among those whose distance is known.
  last_length_ = is_all_shortest ? distance : std::min<uint64_t>(options_.largest_length, distances_.size() - 1);
  if (length_ > last_length_) return {};
  is_over_ = false;
  return begin_length();
}

Result<> PathsByLength::begin_length() {
  path_.vertices.assign(1, from_), path_.edges.clear();
  frames_.assign(1, Frame{TRY(network_.steps_from(from_))});
  return {};
}

// A step from which the target is still near enough, to a vertex that the path does not hold.
bool PathsByLength::may_take(const Step& step) {
  uint32_t distance = distances_.of(step.vertex);
  size_t steps = path_.edges.size() + 1;
  if (distance == kNoNumber || steps + distance > length_) return false;
  if (step.vertex == to_ && steps != length_) return false;
  return std::ranges::find(path_.vertices, step.vertex) == path_.vertices.end();
}

Result<const Path*> PathsByLength::next() {
  if (std::exchange(gives_start_, false)) return &path_;
  while (!is_over_) {
    if (frames_.empty()) {
      if (length_ == last_length_) break;
      ++length_;
      TRY(begin_length());
    }
    Frame& frame = frames_.back();
    if (frame.at == frame.steps.size()) {
      frames_.pop_back();
      if (!path_.edges.empty()) path_.edges.pop_back(), path_.vertices.pop_back();
      continue;
    }
    if (network_.watch().tick()) return network_.watch().reason();
    size_t which = frame.at++;
    Step step = frame.steps[which];
    if (frame.steps.is_repetition(which) || !may_take(step)) continue;
    path_.vertices.push_back(step.vertex), path_.edges.push_back(step.edge);
    bool is_complete = path_.edges.size() == length_;
    frames_.push_back(is_complete ? Frame{} : Frame{TRY(network_.steps_from(step.vertex))});
    if (!is_complete) continue;
    path_.weight = double(path_.edges.size());
    return &path_;
  }
  is_over_ = true;
  return nullptr;
}

}  // namespace workerdb::graph

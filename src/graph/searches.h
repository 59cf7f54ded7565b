#pragma once
// The searches behind paths.h. Internal to this folder.
#include <set>

#include "graph/paths.h"

namespace workerdb::graph {

// What must not be used by a search for one path.
struct Forbidden {
  NumberSet* vertices = nullptr;
  NumberSet* first_edges = nullptr;  // out of the start
};

// One path of the least weight. Without weights from both ends at once, level by level; with weights from the start by
// increasing weight.
class ShortestPath {
 public:
  ShortestPath(Network& network, const SearchOptions& options)
      : network_(network),
        options_(options),
        reached_{NumberMap<Reached>(network.observer()), NumberMap<Reached>(network.observer())} {}
  // False if there is none.
  base::Result<bool> find(VertexNumber from, VertexNumber to, const Forbidden& forbidden, Path& into);

 private:
  struct Reached {
    VertexNumber from = kNoNumber;
    EdgeNumber edge = kNoNumber;
    double weight = 0;  // without weights how many were reached before
    bool is_settled = false;
  };
  base::Result<bool> find_unweighted(VertexNumber from, VertexNumber to, const Forbidden& forbidden, Path& into);
  base::Result<VertexNumber> advance(bool backward, VertexNumber from, VertexNumber to, const Forbidden& forbidden);
  base::Result<bool> find_weighted(VertexNumber from, VertexNumber to, const Forbidden& forbidden, Path& into);
  bool is_forbidden(const Forbidden& forbidden, VertexNumber vertex) const {
    return (forbidden.vertices != nullptr && forbidden.vertices->contains(vertex)) ||
           (network_.restricts_vertices() && !network_.admits(vertex));
  }
  void append_forward(VertexNumber to, Path& into);

  Network& network_;
  const SearchOptions& options_;
  NumberMap<Reached> reached_[2];  // forward, backward
  std::vector<VertexNumber> frontier_[2], level_;
};

class OneShortestPath : public Search {
 public:
  OneShortestPath(Network& network, const SearchOptions& options) : options_(options), search_(network, options_) {}
  base::Result<> start(VertexNumber from, VertexNumber to) override;
  base::Result<const Path*> next() override;

 private:
  const SearchOptions options_;
  ShortestPath search_;
  VertexNumber from_ = kNoNumber, to_ = kNoNumber;
  Path path_;
};

// How many steps each vertex is away from the target, found from the target's side.
class Distances {
 public:
  explicit Distances(Network& network) : network_(network), found_(network.observer()) {}
  // Until `from` is met (if that is given) or `largest` is reached.
  base::Result<> measure(VertexNumber target, VertexNumber from, uint64_t largest);
  size_t size() const { return found_.size(); }
  // kNoNumber if it is farther than what was measured, or cannot reach the target.
  uint32_t of(VertexNumber vertex) {
    const uint32_t* found = found_.find(vertex);
    return found == nullptr ? kNoNumber : *found;
  }

 private:
  Network& network_;
  NumberMap<uint32_t> found_;
};

// All paths of a number of steps, or of all numbers in a range one after the other, depth first.
class PathsByLength : public Search {
 public:
  PathsByLength(Network& network, const SearchOptions& options)
      : network_(network), options_(options), distances_(network) {}
  base::Result<> start(VertexNumber from, VertexNumber to) override;
  base::Result<const Path*> next() override;

 private:
  struct Frame {
    Steps steps;
    size_t at = 0;
  };
  base::Result<> begin_length();
  bool may_take(const Step& step);

  Network& network_;
  const SearchOptions options_;
  Distances distances_;
  VertexNumber from_ = kNoNumber, to_ = kNoNumber;
  uint64_t length_ = 0, last_length_ = 0;
  bool is_over_ = true, gives_start_ = false;
  Path path_;
  std::vector<Frame> frames_;
};

// Yen's algorithm: each further path leaves one of those before it at some vertex and goes on by a shortest path.
class KShortestPaths : public Search {
 public:
  KShortestPaths(Network& network, const SearchOptions& options)
      : network_(network),
        options_(options),
        search_(network, options_),
        forbidden_vertices_(network.observer()),
        forbidden_edges_(network.observer()),
        charge_(network.observer()) {}
  base::Result<> start(VertexNumber from, VertexNumber to) override;
  base::Result<const Path*> next() override;

 private:
  struct Candidate {
    Path path;
    size_t deviation;  // the position of the vertex where it left the path that it was made from
    uint64_t number;
    bool operator<(const Candidate& other) const {
      if (path.weight != other.path.weight) return path.weight < other.path.weight;
      if (path.edges.size() != other.path.edges.size()) return path.edges.size() < other.path.edges.size();
      return deviation != other.deviation ? deviation > other.deviation : number < other.number;
    }
  };
  base::Result<> add_deviations();
  base::Result<double> weight(EdgeNumber edge);

  Network& network_;
  const SearchOptions options_;
  ShortestPath search_;
  NumberSet forbidden_vertices_, forbidden_edges_;
  VertexNumber from_ = kNoNumber, to_ = kNoNumber;
  std::vector<Candidate> given_;
  std::set<Candidate> candidates_;
  std::set<std::vector<EdgeNumber>> known_;
  uint64_t made_ = 0;
  bool is_over_ = true;
  size_t held_bytes_ = 0;
  Charge charge_;
};

}  // namespace workerdb::graph

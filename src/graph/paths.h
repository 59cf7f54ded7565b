#pragma once
// Searches for paths between two vertices. Each gives one path after the other, in an order that the graph's content
// alone decides:
//   shortest path: one; of equally short ones the one whose search met first
//   all shortest paths: the edges of each vertex from the first to the last
//   k shortest paths: by weight; without repeated vertices; of equal weights the one that leaves the paths before it
//   latest k paths: by length, and within it as all shortest paths; without repeated vertices
// Source of the rules: the 3.12 documentation, "Shortest Path", "All Shortest Paths", "k Shortest Paths", "k Paths".
#include <memory>
#include <vector>

#include "graph/walk.h"

namespace workerdb::graph {

struct Path {
  std::vector<VertexNumber> vertices;
  std::vector<EdgeNumber> edges;  // one less
  double weight = 0;
};

enum class SearchKind : uint8_t { kShortestPath, kAllShortestPaths, kKShortestPaths, kKPaths };

struct SearchOptions {
  SearchKind kind = SearchKind::kShortestPath;
  uint64_t least_length = 1, largest_length = 1;  // k paths only
  bool is_weighted = false;                       // shortest path and k shortest paths; else every edge weighs 1
  Weights weights;
};

// For one thread; may be started again.
class Search {
 public:
  static std::unique_ptr<Search> make(Network& network, const SearchOptions& options);
  virtual ~Search() = default;
  virtual base::Result<> start(VertexNumber from, VertexNumber to) = 0;
  // Null at the end; borrowed until the next call.
  virtual base::Result<const Path*> next() = 0;
};

}  // namespace workerdb::graph

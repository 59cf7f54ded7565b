#include "graph/walk.h"

#include <fmt/format.h>

#include "graph/walks.h"

namespace workerdb::graph {

using base::Result;

std::unique_ptr<Walk> Walk::make(Network& network, const WalkOptions& options, PathRules* rules) {
  if (options.order == Order::kDepthFirst) return std::make_unique<DepthFirstWalk>(network, options, rules);
  return std::make_unique<FrontierWalk>(network, options, rules);
}

Result<double> weight_of(Network& network, EdgeNumber edge, const Weights& weights) {
  double weight = weights.default_weight;
  if (!weights.attribute.empty()) {
    weight = TRY(network.edge_number_at(edge, weights.attribute)).value_or(weight);
  }
  if (weight >= 0) return weight;
  return base::Error(base::ErrorCode::kGraphNegativeEdgeWeight,
                     fmt::format("negative edge weight found: {} of edge '{}/{}'", weight,
                                 network.edge_collection(edge).name, network.edge_key(edge)));
}

}  // namespace workerdb::graph

// optimize-paths: of what a path search finds only those parts are made that somebody reads.
#include "aql/optimize/graph_contents.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool narrow(Plan& chain, size_t position, plan::ShortestPath& path) {
  auto vertex = element_content(chain, position, path.vertex);
  auto edge = path.edge ? element_content(chain, position, *path.edge) : plan::ElementContent::kNothing;
  bool changed = vertex != path.vertex_content || (path.edge && edge != path.edge_content);
  path.vertex_content = vertex;
  path.edge_content = edge;
  if (edge == plan::ElementContent::kNothing) path.edge.reset();
  return changed;
}

bool narrow(Plan& chain, size_t position, plan::EnumeratePaths& paths) {
  plan::PathContent content = path_content(chain, position, paths.path);
  plan::PathContent before = std::exchange(paths.path_content, content);
  return before.vertices != content.vertices || before.edges != content.edges || before.weights != content.weights;
}

}  // namespace

bool optimize_paths(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (auto* path = chain.nodes[i]->get_if<plan::ShortestPath>()) changed |= narrow(chain, i, *path);
    if (auto* paths = chain.nodes[i]->get_if<plan::EnumeratePaths>()) changed |= narrow(chain, i, *paths);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

// Traversals and path searches to nodes.
#include <algorithm>

#include "aql/plan/builder.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

namespace {

value::Slice option(const ExpressionPtr& options, std::string_view name) {
  const syntax::Constant* constant = options ? options->get_if<syntax::Constant>() : nullptr;
  return constant != nullptr ? constant->value.slice().get(name) : value::Slice();
}

std::string text_of(value::Slice value) { return value.is_string() ? std::string(value.as_string()) : std::string(); }

std::vector<std::string> names_of(value::Slice value) {
  std::vector<std::string> names;
  if (value.is_string()) names.emplace_back(value.as_string());
  for (value::ArrayIterator item(value); item.valid(); item.next()) {
    if (item.value().is_string()) names.emplace_back(item.value().as_string());
  }
  return names;
}

Uniqueness uniqueness_of(value::Slice value, Uniqueness otherwise) {
  std::string text = text_of(value);
  if (text == "none") return Uniqueness::kNone;
  if (text == "path") return Uniqueness::kPath;
  return text == "global" ? Uniqueness::kGlobal : otherwise;
}

uint64_t number_of(const syntax::Expression& constant) {
  return uint64_t(constant.get_if<syntax::Constant>()->value.slice().as_double());
}

// The least and the largest depth; one number is both.
std::pair<uint64_t, uint64_t> depths_of(const ExpressionPtr& depth) {
  if (!depth) return {1, 1};
  if (const auto* range = depth->get_if<syntax::Range>()) return {number_of(*range->low), number_of(*range->high)};
  return {number_of(*depth), number_of(*depth)};
}

}  // namespace

GraphOptions read_graph_options(const ExpressionPtr& options) {
  GraphOptions result;
  std::string order = text_of(option(options, "order"));
  if (order.empty() && option(options, "bfs").is_true()) order = "bfs";
  if (order == "bfs") result.order = TraversalOrder::kBreadthFirst;
  if (order == "weighted") result.order = TraversalOrder::kWeighted;
  result.unique_vertices = uniqueness_of(option(options, "uniqueVertices"), Uniqueness::kNone);
  result.unique_edges = uniqueness_of(option(options, "uniqueEdges"), Uniqueness::kPath);
  result.edge_collections = names_of(option(options, "edgeCollections"));
  result.vertex_collections = names_of(option(options, "vertexCollections"));
  result.weight_attribute = text_of(option(options, "weightAttribute"));
  value::Slice weight = option(options, "defaultWeight");
  if (weight.is_number()) result.default_weight = weight.as_double();
  auto count = [&](std::string_view name, uint64_t& into) {
    value::Slice given = option(options, name);
    if (given.is_int64() && given.as_int64() >= 0) into = uint64_t(given.as_int64());
  };
  count("parallelism", result.parallelism);
  count("maxProjections", result.max_projections);
  value::Slice use_cache = option(options, "useCache");
  result.use_cache = use_cache.is_none() || use_cache.is_true();
  return result;
}

GraphScope PlanBuilder::scope_of(const syntax::GraphSource& source, const GraphOptions& options) const {
  GraphScope scope;
  if (source.graph) scope.graph = source.graph->get_if<syntax::Constant>()->value.slice().as_string();
  scope.direction = source.direction;
  for (const auto& edges : source.edges) {
    const auto& allowed = options.edge_collections;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), edges.name.name) == allowed.end()) continue;
    scope.edges.push_back({collection(edges.name.name), edges.direction.value_or(source.direction)});
  }
  scope.vertex_collections = source.vertex_collections;
  return scope;
}

base::Result<> PlanBuilder::add(syntax::Traverse& traverse) {
  Traversal node;
  node.options = read_graph_options(traverse.options);
  node.scope = scope_of(traverse.source, node.options);
  std::tie(node.least_depth, node.largest_depth) = depths_of(traverse.depth);
  TRY(extract(traverse.start));
  node.start = std::move(traverse.start);
  node.vertex = traverse.vertex.variable;
  if (traverse.edge) node.edge = traverse.edge->variable;
  if (traverse.path) node.path = traverse.path->variable;
  node.prune = std::move(traverse.prune);
  if (traverse.prune_variable) node.prune_variable = traverse.prune_variable->variable;
  return push(std::move(node));
}

base::Result<> PlanBuilder::add(syntax::FindPaths& paths) {
  GraphOptions options = read_graph_options(paths.options);
  TRY(extract(paths.start));
  TRY(extract(paths.end));
  if (paths.kind == syntax::PathKind::kShortestPath) {
    ShortestPath node;
    node.scope = scope_of(paths.source, options);
    node.options = std::move(options);
    node.start = std::move(paths.start), node.end = std::move(paths.end);
    node.vertex = paths.first.variable;
    if (paths.edge) node.edge = paths.edge->variable;
    return push(std::move(node));
  }
  EnumeratePaths node;
  node.kind = paths.kind;
  node.scope = scope_of(paths.source, options);
  node.options = std::move(options);
  std::tie(node.least_length, node.largest_length) = depths_of(paths.depth);
  node.start = std::move(paths.start), node.end = std::move(paths.end);
  node.path = paths.first.variable;
  return push(std::move(node));
}

}  // namespace workerdb::aql::plan

// Traversals and path searches: which collections they walk over, how deep, and what their options say.
// Source of the rules: the 3.12 documentation, "Graph queries in AQL".
#include <fmt/format.h>

#include <algorithm>

#include "aql/functions/registry.h"
#include "aql/semantics/analyzer.h"

namespace workerdb::aql::semantics {

using namespace syntax;  // NOLINT: every name here is one of its nodes
using base::Error;
using base::ErrorCode;

namespace {

using Names = std::string_view[];
constexpr Names kTraverseOptions = {"order",           "bfs",
                                    "uniqueVertices",  "uniqueEdges",
                                    "edgeCollections", "vertexCollections",
                                    "parallelism",     "maxProjections",
                                    "indexHint",       "weightAttribute",
                                    "defaultWeight",   "useCache"};
constexpr Names kWeightedPathOptions = {"weightAttribute", "defaultWeight", "useCache", "algorithm"};
constexpr Names kPathOptions = {"useCache", "algorithm"};
// traversals.md, "Pruning": what could not run beside the data.
constexpr Names kForbiddenInPrune = {"CALL",
                                     "APPLY",
                                     "DOCUMENT",
                                     "V8",
                                     "SCHEMA_GET",
                                     "SCHEMA_VALIDATE",
                                     "VERSION",
                                     "COLLECTIONS",
                                     "CURRENT_USER",
                                     "CURRENT_DATABASE",
                                     "COLLECTION_COUNT",
                                     "NEAR",
                                     "WITHIN",
                                     "WITHIN_RECTANGLE",
                                     "FULLTEXT"};

Error parse_error(std::string_view what, Position position) {
  return Error(ErrorCode::kQueryParse, fmt::format("{}{}", what, at(position)));
}

// Whole numbers from 0 on.
bool is_depth(const Expression& expression) {
  const Constant* constant = expression.get_if<Constant>();
  if (constant == nullptr || !constant->value.slice().is_number()) return false;
  double number = constant->value.slice().as_double();
  return number >= 0 && number < 9.0e15 && number == double(int64_t(number));
}

value::Slice option(const ExpressionPtr& options, std::string_view name) {
  return options ? options->get_if<Constant>()->value.slice().get(name) : value::Slice();
}

Error bad_option(std::string_view what, const ExpressionPtr& options) {
  return Error(ErrorCode::kBadParameter, fmt::format("{}{}", what, at(options->position)));
}

base::Result<> check_weights(const ExpressionPtr& options) {
  value::Slice weight = option(options, "defaultWeight");
  if (!weight.is_number() || weight.as_double() >= 0) return {};
  return Error(ErrorCode::kGraphNegativeEdgeWeight, fmt::format("negative edge weight found: the defaultWeight is {}{}",
                                                                weight.as_double(), at(options->position)));
}

bool is_one_of(value::Slice text, std::initializer_list<std::string_view> allowed) {
  return text.is_string() && std::find(allowed.begin(), allowed.end(), text.as_string()) != allowed.end();
}

base::Result<> check_uniqueness(const ExpressionPtr& options) {
  value::Slice vertices = option(options, "uniqueVertices"), edges = option(options, "uniqueEdges");
  value::Slice order = option(options, "order");
  if (!order.is_none() && !is_one_of(order, {"dfs", "bfs", "weighted"})) {
    return bad_option("the option order must be \"dfs\", \"bfs\" or \"weighted\"", options);
  }
  if (!vertices.is_none() && !is_one_of(vertices, {"none", "path", "global"})) {
    return bad_option("the option uniqueVertices must be \"none\", \"path\" or \"global\"", options);
  }
  if (is_one_of(edges, {"global"})) {
    return bad_option("uniqueEdges: 'global' is not supported, use 'path' or 'none' instead", options);
  }
  if (!edges.is_none() && !is_one_of(edges, {"none", "path"})) {
    return bad_option("the option uniqueEdges must be \"none\" or \"path\"", options);
  }
  bool is_breadth_first = order.is_none() ? option(options, "bfs").is_true() : !is_one_of(order, {"dfs"});
  if (is_one_of(vertices, {"global"}) && !is_breadth_first) {
    return bad_option(
        "uniqueVertices: 'global' is only supported with order 'bfs' or 'weighted', due to otherwise "
        "unpredictable results",
        options);
  }
  return {};
}

}  // namespace

base::Result<> Analyzer::check_not_written(const char* what, Position position) const {
  if (written_.empty()) return {};
  return Error(ErrorCode::kQueryAccessAfterModification,
               fmt::format("access after data-modification by {}{}", what, at(position)));
}

base::Result<> Analyzer::resolve_graph(GraphSource& source) {
  Position position = source.graph->position;
  TRY(resolve_deciding(source.graph));
  const Constant* constant = source.graph->get_if<Constant>();
  if (constant == nullptr || !constant->value.slice().is_string()) {
    return Error(ErrorCode::kBadParameter, fmt::format("the name of a graph must be a string{}", at(position)));
  }
  std::string name(constant->value.slice().as_string());
  auto graph = catalog_.find_graph(name);
  if (graph == nullptr) {
    return Error(ErrorCode::kGraphNotFound, fmt::format("graph '{}' not found{}", name, at(position)));
  }
  if (std::find(result_.graphs.begin(), result_.graphs.end(), name) == result_.graphs.end())
    result_.graphs.push_back(name);
  auto add_vertices = [&](const std::vector<std::string>& names) {
    for (const std::string& one : names) {
      auto& known = source.vertex_collections;
      if (std::find(known.begin(), known.end(), one) == known.end()) known.push_back(one);
    }
  };
  for (const GraphInfo::EdgeDefinition& definition : graph->edge_definitions) {
    source.edges.push_back({{definition.collection, position, false}, std::nullopt});
    add_vertices(definition.from);
    add_vertices(definition.to);
  }
  add_vertices(graph->orphan_collections);
  for (const std::string& one : source.vertex_collections) {
    if (catalog_.find_collection(one) == nullptr) continue;  // of a graph only edge collections must be there
    TRY(find_collection(one, position));
    read_.insert(one);
  }
  return {};
}

// Each edge collection once, with one direction.
base::Result<> Analyzer::resolve_edges(GraphSource& source) {
  std::vector<GraphSource::EdgeCollection> kept;
  for (GraphSource::EdgeCollection& edges : source.edges) {
    TRY(resolve(edges.name));
    const std::string& name = edges.name.name;
    if (!result_.collections.find(name)->second->is_edge) {
      return Error(ErrorCode::kCollectionTypeInvalid,
                   fmt::format("collection type invalid: '{}' is no edge collection{}", name, at(edges.name.position)));
    }
    Direction direction = edges.direction.value_or(source.direction);
    auto same = std::find_if(kept.begin(), kept.end(), [&](const auto& one) { return one.name.name == name; });
    if (same == kept.end()) {
      read_.insert(name);
      edges.direction = direction;
      kept.push_back(std::move(edges));
    } else if (*same->direction != direction) {
      return Error(
          ErrorCode::kCollectionTypeInvalid,
          fmt::format("conflicting directions specified for collection '{}'{}", name, at(edges.name.position)));
    }
  }
  source.edges = std::move(kept);
  return {};
}

base::Result<> Analyzer::resolve(GraphSource& source) {
  if (source.graph) TRY(resolve_graph(source));
  return resolve_edges(source);
}

base::Result<> Analyzer::resolve_depth(ExpressionPtr& depth, Position position) {
  if (!depth) return {};
  TRY(resolve_deciding(depth));
  if (is_depth(*depth)) return {};
  const Range* range = depth->get_if<Range>();
  if (range == nullptr || !is_depth(*range->low) || !is_depth(*range->high)) {
    return parse_error("invalid traversal depth: whole numbers from 0 on are expected", position);
  }
  auto number = [](const ExpressionPtr& constant) { return constant->get_if<Constant>()->value.slice().as_double(); };
  if (number(range->low) <= number(range->high)) return {};
  return parse_error("invalid traversal depth: the minimal depth is greater than the maximal depth", position);
}

base::Result<> Analyzer::check_prune(const Expression& part) const {
  if (!in_prune_) return {};
  if (part.get_if<Subquery>()) return parse_error("PRUNE must not contain a subquery", part.position);
  const FunctionCall* call = part.get_if<FunctionCall>();
  if (call == nullptr) return {};
  bool is_forbidden =
      std::find(std::begin(kForbiddenInPrune), std::end(kForbiddenInPrune), call->name) != std::end(kForbiddenInPrune);
  if (!is_forbidden && call->name.find("::") == std::string::npos) return {};
  return parse_error(fmt::format("function '{}()' must not be used in PRUNE", call->name), part.position);
}

base::Result<> Analyzer::visit(Traverse& traverse, Block& block) {
  Position position = traverse.vertex.position;
  TRY(check_not_written("traversal", position));
  TRY(resolve_depth(traverse.depth, position));
  TRY(resolve(traverse.start));
  TRY(resolve(traverse.source));
  TRY(check_options(traverse.options, kTraverseOptions, "TRAVERSAL"));
  if (traverse.options) {
    TRY(check_uniqueness(traverse.options));
    TRY(check_weights(traverse.options));
  }
  block.has_loop = true;
  TRY(declare(traverse.vertex, block));
  if (traverse.edge) TRY(declare(*traverse.edge, block));
  if (traverse.path) TRY(declare(*traverse.path, block));
  if (traverse.prune) {
    in_prune_ = true;
    auto resolved = resolve(traverse.prune);
    in_prune_ = false;
    TRY(std::move(resolved));
  }
  if (traverse.prune_variable) TRY(declare(*traverse.prune_variable, block));
  return {};
}

base::Result<> Analyzer::visit(FindPaths& paths, Block& block) {
  Position position = paths.first.position;
  TRY(check_not_written("path search", position));
  TRY(resolve_depth(paths.depth, position));
  TRY(resolve(paths.start));
  TRY(resolve(paths.end));
  TRY(resolve(paths.source));
  bool is_weighted = paths.kind == PathKind::kShortestPath || paths.kind == PathKind::kKShortestPaths;
  TRY(check_options(paths.options, is_weighted ? std::span<const std::string_view>(kWeightedPathOptions) : kPathOptions,
                    path_kind_text(paths.kind)));
  if (paths.options) TRY(check_weights(paths.options));
  block.has_loop = true;
  TRY(declare(paths.first, block));
  if (paths.edge) TRY(declare(*paths.edge, block));
  return {};
}

}  // namespace workerdb::aql::semantics

// Traversals and path searches.
#include "aql/plan/explain_json.h"
#include "aql/syntax/statement.h"

namespace workerdb::aql::plan {

namespace {

// Directions as numbers: 0 any, 1 inbound, 2 outbound.
int number_of(syntax::Direction direction) {
  return direction == syntax::Direction::kAny ? 0 : direction == syntax::Direction::kInbound ? 1 : 2;
}

}  // namespace

void JsonExplainer::put_scope(const GraphScope& scope) {
  builder_.key("graph");
  if (!scope.graph.empty()) {
    builder_.string(scope.graph);
  } else {
    builder_.open_array();
    for (const auto& edges : scope.edges) builder_.string(edges.collection->name);
    builder_.close();
  }
  builder_.add("defaultDirection", number_of(scope.direction));
  builder_.key("directions");
  builder_.open_array();
  for (const auto& edges : scope.edges) builder_.integer(number_of(edges.direction));
  builder_.close();
  builder_.key("edgeCollections");
  builder_.open_array();
  for (const auto& edges : scope.edges) builder_.string(edges.collection->name);
  builder_.close();
  put_strings("vertexCollections", scope.vertex_collections);
}

void JsonExplainer::put_indexes(const GraphScope& scope) {
  builder_.key("indexes");
  builder_.open_object();
  builder_.key("base");
  builder_.open_array();
  for (const auto& edges : scope.edges) {
    for (const auto& index : edges.collection->indexes) {
      if (index->type != "edge") continue;
      builder_.open_object();
      builder_.add("id", std::to_string(index->id));
      builder_.add("type", index->type);
      builder_.add("name", index->name);
      builder_.add("collection", edges.collection->name);
      put_strings("fields", {edges.direction == syntax::Direction::kInbound ? "_to" : "_from"});
      builder_.add("selectivityEstimate", index->selectivity);
      builder_.close();
    }
  }
  builder_.close();
  builder_.key("levels");
  builder_.open_object();
  builder_.close();
  builder_.close();
}

void JsonExplainer::put_weights(const GraphOptions& options) {
  if (!options.weight_attribute.empty()) builder_.add("weightAttribute", options.weight_attribute);
  builder_.add("defaultWeight", options.default_weight);
  builder_.add("useCache", options.use_cache);
}

void JsonExplainer::put_path_content(const PathContent& path) {
  builder_.add("producePathsVertices", path.vertices != ElementContent::kNothing);
  builder_.add("producePathsEdges", path.edges != ElementContent::kNothing);
  builder_.add("producePathsWeights", path.weights);
}

void JsonExplainer::put(const Traversal& node) {
  put_scope(node.scope);
  put_indexes(node.scope);
  put_text("start", node.start);
  if (const auto* constant = node.start->get_if<syntax::Constant>(); constant && constant->value.slice().is_string()) {
    builder_.add("vertexId", constant->value.slice().as_string());
  }
  put_out("vertexOutVariable", node.vertex);
  put_out("edgeOutVariable", node.edge);
  put_out("pathOutVariable", node.path);
  builder_.key("options");
  builder_.open_object();
  builder_.add("type", "traversal");
  builder_.add("minDepth", node.least_depth);
  builder_.add("maxDepth", node.largest_depth);
  builder_.add("order", order_text(node.options.order));
  builder_.add("uniqueVertices", uniqueness_text(node.options.unique_vertices));
  builder_.add("uniqueEdges", uniqueness_text(node.options.unique_edges));
  builder_.add("parallelism", node.options.parallelism);
  builder_.add("maxProjections", node.options.max_projections);
  put_weights(node.options);
  builder_.add("produceVertices", node.vertex_content != ElementContent::kNothing);
  builder_.add("produceEdges", node.edge && node.edge_content != ElementContent::kNothing);
  if (node.path) put_path_content(node.path_content);
  put_strings("edgeCollections", node.options.edge_collections);
  put_strings("vertexCollections", node.options.vertex_collections);
  builder_.close();
  put_conditions("globalEdgeConditions", node, true);
  put_conditions("globalVertexConditions", node, false);
  put_level_conditions(node);
  put_text("condition", node.filter);
  put_text("pruneConditions", node.prune);
  put_out("pruneVariable", node.prune_variable);
}

void JsonExplainer::put_conditions(const char* key, const Traversal& node, bool of_edges) {
  builder_.key(key);
  builder_.open_array();
  for (const PathCondition& one : node.path_conditions) {
    if (one.of_edges == of_edges && !one.position) builder_.string(syntax::to_string(*one.condition));
  }
  builder_.close();
}

void JsonExplainer::put_level_conditions(const Traversal& node) {
  builder_.key("levelConditions");
  builder_.open_array();
  for (const PathCondition& one : node.path_conditions) {
    if (!one.position) continue;
    builder_.open_object();
    builder_.add("of", one.of_edges ? "edges" : "vertices");
    builder_.add("position", *one.position);
    put_text("condition", one.condition);
    builder_.close();
  }
  builder_.close();
}

void JsonExplainer::put(const ShortestPath& node) {
  put_scope(node.scope);
  put_text("start", node.start);
  put_text("target", node.end);
  put_out("vertexOutVariable", node.vertex);
  put_out("edgeOutVariable", node.edge);
  builder_.key("options");
  builder_.open_object();
  builder_.add("type", "shortestPath");
  put_weights(node.options);
  builder_.add("produceVertices", node.vertex_content != ElementContent::kNothing);
  builder_.add("produceEdges", node.edge && node.edge_content != ElementContent::kNothing);
  builder_.close();
}

void JsonExplainer::put(const EnumeratePaths& node) {
  put_scope(node.scope);
  builder_.add("shortestPathType", syntax::path_kind_text(node.kind));
  put_text("start", node.start);
  put_text("target", node.end);
  put_out("pathOutVariable", node.path);
  builder_.key("options");
  builder_.open_object();
  builder_.add("type", "shortestPath");
  builder_.add("minDepth", node.least_length);
  builder_.add("maxDepth", node.largest_length);
  put_weights(node.options);
  put_path_content(node.path_content);
  builder_.close();
}

}  // namespace workerdb::aql::plan

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"
#include "aql/syntax/tree_json.h"

namespace workerdb::aql::plan {

namespace {

class JsonExplainer {
 public:
  JsonExplainer(const Plan& root, value::Builder& builder) : root_(root), builder_(builder) { look_at(root); }

  void put_nodes(const Plan& plan) {
    builder_.key("nodes");
    builder_.open_array();
    const Node* before = nullptr;
    for (const NodePtr& node : plan.nodes) {
      builder_.open_object();
      put_head(*node, before);
      std::visit([&](const auto& kind) { put(kind); }, node->kind);
      builder_.add("text", node_text(root_, *node));
      builder_.close();
      before = node.get();
    }
    builder_.close();
  }

  void put_variable(VariableId variable, bool with_values = false) {
    builder_.open_object();
    builder_.add("id", variable);
    builder_.add("name", root_.variables[variable].name);
    builder_.add("isFullDocumentFromCollection", documents_.contains(variable));
    auto constant = constants_.find(variable);
    if (with_values && constant != constants_.end()) builder_.add("constantValue", constant->second);
    builder_.close();
  }

 private:
  // Variables that hold whole documents of a collection, and those that are known now.
  void look_at(const Plan& plan) {
    for (const NodePtr& node : plan.nodes) {
      const ScanOutput* output = scan_output(std::as_const(*node));
      if (output != nullptr && output->produces_document && output->projections.empty())
        documents_.insert(output->variable);
      if (const auto* calculation = node->get_if<Calculation>()) {
        const auto* constant = calculation->expression->get_if<syntax::Constant>();
        if (constant != nullptr) constants_.emplace(calculation->variable, constant->value.slice());
      }
      if (const Plan* inner = subplan(std::as_const(*node))) look_at(*inner);
    }
  }
  void put_head(const Node& node, const Node* before) {
    builder_.add("type", node_name(node));
    builder_.key("dependencies");
    builder_.open_array();
    if (before != nullptr) builder_.unsigned_integer(before->id);
    builder_.close();
    builder_.add("id", node.id);
    builder_.add("estimatedCost", node.estimated_cost);
    builder_.add("estimatedNrItems", uint64_t(std::ceil(std::min(node.estimated_rows, 1e18))));
  }
  void put_text(const char* key, const ExpressionPtr& expression) {
    if (expression) builder_.add(key, syntax::to_string(*expression));
  }
  void put_out(const char* key, std::optional<VariableId> variable) {
    if (!variable) return;
    builder_.key(key);
    put_variable(*variable);
  }
  void put_path(const std::vector<std::string>& path) {
    if (path.size() == 1) return builder_.string(path[0]);
    builder_.open_array();
    for (const std::string& name : path) builder_.string(name);
    builder_.close();
  }
  void put_output(const ScanOutput& output) {
    put_out("outVariable", output.variable);
    builder_.add("producesResult", output.produces_document || !output.projections.empty());
    builder_.key("projections");
    builder_.open_array();
    for (const Projection& projection : output.projections) {
      builder_.open_object();
      builder_.key("path");
      builder_.open_array();
      for (const std::string& name : projection.path) builder_.string(name);
      builder_.close();
      put_out("variable", projection.variable);
      builder_.close();
    }
    builder_.close();
    put_text("filter", output.filter);
    put_out("outNmDocId", output.document_id);
  }
  // One for each condition where they differ, as the documentation has it.
  void put_indexes(const IndexScan& node) {
    builder_.key("indexes");
    builder_.open_array();
    if (node.has_several_indexes()) {
      for (const IndexCondition& condition : node.conditions) put_index(node.index_of(condition));
    } else {
      put_index(*node.index);
    }
    builder_.close();
  }
  void put_index(const IndexInfo& index) {
    builder_.open_object();
    builder_.add("id", std::to_string(index.id));
    builder_.add("type", index.type);
    builder_.add("name", index.name);
    builder_.key("fields");
    builder_.open_array();
    for (const IndexInfo::Field& field : index.fields) {
      std::string name;
      for (const std::string& part : field.path) name += (name.empty() ? "" : ".") + part;
      if (field.expanded) name += "[*]";
      for (const std::string& part : field.member_path) name += "." + part;
      builder_.string(name);
    }
    builder_.close();
    builder_.add("unique", index.unique);
    builder_.add("sparse", index.sparse);
    builder_.add("selectivityEstimate", index.selectivity);
    builder_.close();
  }

  void put_source(const CollectionInfo& collection) {
    builder_.add("collection", collection.name);
    builder_.add("satellite", false);
    builder_.add("isSatellite", false);
    builder_.key("isSatelliteOf");
    builder_.null();
    builder_.add("count", false);
    builder_.add("readOwnWrites", false);
  }
  void put_hints(const ScanHints& hints) {
    builder_.key("indexHint");
    builder_.open_object();
    builder_.add("forced", hints.force_index_hint);
    builder_.add("lookahead", 1);
    builder_.add("type", hints.disable_index ? "disabled" : hints.index_hint.empty() ? "none" : "simple");
    if (!hints.index_hint.empty()) put_strings("hint", hints.index_hint);
    builder_.close();
    builder_.add("useCache", hints.use_cache);
    builder_.add("maxProjections", hints.max_projections);
  }
  void put(const EnumerateCollection& node) {
    put_source(*node.collection);
    put_hints(node.hints);
    builder_.add("random", node.random);
    put_output(node.output);
  }
  void put(const IndexScan& node) {
    put_source(*node.collection);
    put_output(node.output);
    put_indexes(node);
    builder_.add("condition", index_condition_text(root_, node));
    builder_.add("reverse", node.backward);
    builder_.add("ascending", !node.backward);
    builder_.add("sorted", node.keeps_order);
    builder_.add("indexCoversProjections", node.covers);
    builder_.add("limit", node.limit);
  }
  void put_strings(const char* key, const std::vector<std::string>& list) {
    builder_.key(key);
    builder_.open_array();
    for (const std::string& one : list) builder_.string(one);
    builder_.close();
  }
  // Directions as numbers: 0 any, 1 inbound, 2 outbound.
  static int number_of(syntax::Direction direction) {
    return direction == syntax::Direction::kAny ? 0 : direction == syntax::Direction::kInbound ? 1 : 2;
  }
  void put_scope(const GraphScope& scope) {
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
  void put_indexes(const GraphScope& scope) {
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
  void put_weights(const GraphOptions& options) {
    if (!options.weight_attribute.empty()) builder_.add("weightAttribute", options.weight_attribute);
    builder_.add("defaultWeight", options.default_weight);
    builder_.add("useCache", options.use_cache);
  }
  void put_path_content(const PathContent& path) {
    builder_.add("producePathsVertices", path.vertices != ElementContent::kNothing);
    builder_.add("producePathsEdges", path.edges != ElementContent::kNothing);
    builder_.add("producePathsWeights", path.weights);
  }
  void put(const Traversal& node) {
    put_scope(node.scope);
    put_indexes(node.scope);
    put_text("start", node.start);
    if (const auto* constant = node.start->get_if<syntax::Constant>();
        constant && constant->value.slice().is_string()) {
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
  void put_conditions(const char* key, const Traversal& node, bool of_edges) {
    builder_.key(key);
    builder_.open_array();
    for (const PathCondition& one : node.path_conditions) {
      if (one.of_edges == of_edges && !one.position) builder_.string(syntax::to_string(*one.condition));
    }
    builder_.close();
  }
  void put_level_conditions(const Traversal& node) {
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
  void put(const ShortestPath& node) {
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
  void put(const EnumeratePaths& node) {
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
  void put(const EnumerateView& node) {
    builder_.add("view", node.view->name);
    builder_.add("viewId", std::to_string(node.view->id));
    put_out("outVariable", node.variable);
    put_text("condition", node.condition);
    builder_.key("scorers");
    builder_.open_array();
    for (const auto& score : node.scores) {
      builder_.open_object();
      builder_.add("id", score.variable);
      builder_.add("name", root_.variables[score.variable].name);
      put_text("node", score.call);
      builder_.close();
    }
    builder_.close();
    builder_.key("options");
    builder_.open_object();
    builder_.add("waitForSync", false);
    if (!node.collections.empty()) put_strings("collections", node.collections);
    builder_.close();
    put_out("outNmDocId", node.document_id);
    builder_.add("noMaterialization", node.document_id.has_value());
    builder_.add("volatility", 0);
  }
  void put(const Materialize& node) {
    builder_.add("multiNode", node.collection == nullptr);
    if (node.collection != nullptr) builder_.add("collection", node.collection->name);
    put_out("inNmDocId", node.document_id);
    put_output(node.output);
    builder_.add("maxProjections", node.max_projections);
  }
  void put(const EnumerateList& node) {
    put_text("expression", node.list);
    builder_.add("mode", node.pair_value ? "object" : "array");
    put_out(node.pair_value ? "keyOutVariable" : "outVariable", node.variable);
    put_out("valueOutVariable", node.pair_value);
  }
  void put(const Filter& node) { put_text("expression", node.condition); }
  // "json" for a value that is known, "attribute" for an attribute of a variable, "simple" for all else.
  static const char* expression_type(const syntax::Expression& expression) {
    if (expression.is_constant()) return "json";
    const auto* access = expression.get_if<syntax::AttributeAccess>();
    while (access != nullptr && access->object->get_if<syntax::AttributeAccess>() != nullptr) {
      access = access->object->get_if<syntax::AttributeAccess>();
    }
    return access != nullptr && access->object->get_if<syntax::Reference>() != nullptr ? "attribute" : "simple";
  }
  void put(const Calculation& node) {
    builder_.key("expression");
    syntax::append_tree(*node.expression, builder_);
    put_out("outVariable", node.variable);
    builder_.add("canThrow", false);
    builder_.add("expressionType", expression_type(*node.expression));
  }
  void put(const Subquery& node) {
    builder_.key("subquery");
    builder_.open_object();
    put_nodes(*node.plan);
    builder_.close();
    put_out("outVariable", node.variable);
    builder_.add("isConst", node.is_constant);
    put_text("condition", node.condition);
  }
  void put(const Sort& node) {
    builder_.key("elements");
    builder_.open_array();
    for (const SortKey& key : node.keys) {
      builder_.open_object();
      put_text("expression", key.expression);
      builder_.add("ascending", key.ascending);
      builder_.close();
    }
    builder_.close();
    builder_.add("strategy", node.limit != 0 ? "constrained-heap" : "standard");
    builder_.add("limit", node.limit);
  }
  void put(const Limit& node) {
    builder_.add("offset", node.offset);
    builder_.key("limit");
    if (node.count == UINT64_MAX) {
      builder_.null();
    } else {
      builder_.unsigned_integer(node.count);
    }
    builder_.add("fullCount", node.full_count);
  }
  void put_aggregations(const std::vector<Collect::Aggregation>& list) {
    builder_.key("aggregates");
    builder_.open_array();
    for (const auto& item : list) {
      builder_.open_object();
      put_out("outVariable", item.variable);
      builder_.add("type", item.aggregate->name);
      put_text("expression", item.argument);
      builder_.close();
    }
    builder_.close();
  }
  void put(const Collect& node) {
    builder_.key("groups");
    builder_.open_array();
    for (const auto& group : node.groups) {
      builder_.open_object();
      put_out("outVariable", group.variable);
      put_text("expression", group.expression);
      builder_.close();
    }
    builder_.close();
    put_aggregations(node.aggregations);
    put_out("outVariable", node.into);
    put_text("expression", node.into_projection);
    builder_.key("keepVariables");
    builder_.open_array();
    for (const auto& kept : node.kept) put_variable(kept.second);
    builder_.close();
    builder_.key("collectOptions");
    builder_.open_object();
    builder_.add("method", node.is_distinct_return                 ? "distinct"
                           : node.method == CollectMethod::kHash   ? "hash"
                           : node.method == CollectMethod::kSorted ? "sorted"
                                                                   : "count");
    builder_.add("disableIndex", node.disables_index);
    builder_.close();
  }
  void put(const Window& node) {
    put_text("rangeValue", node.range_value);
    put_text("preceding", node.preceding);
    put_text("following", node.following);
    put_aggregations(node.aggregations);
  }
  void put_options(const ModificationOptions& options) {
    builder_.key("modificationFlags");
    builder_.open_object();
    builder_.add("waitForSync", options.wait_for_sync);
    builder_.add("keepNull", options.keep_null);
    builder_.add("mergeObjects", options.merge_objects);
    builder_.add("ignoreRevs", options.ignore_revs);
    builder_.add("overwriteMode", options.overwrite_mode);
    builder_.add("ignoreErrors", options.ignore_errors);
    builder_.add("readOwnWrites", options.read_own_writes);
    builder_.add("exclusive", options.exclusive);
    builder_.close();
  }
  void put(const Insert& node) {
    builder_.add("collection", node.collection->name);
    put_text("document", node.document);
    put_out("outVariableOld", node.old_variable);
    put_out("outVariableNew", node.new_variable);
    put_options(node.options);
  }
  void put(const Update& node) {
    builder_.add("collection", node.collection->name);
    put_text("key", node.key);
    put_text("document", node.document);
    put_out("outVariableOld", node.old_variable);
    put_out("outVariableNew", node.new_variable);
    put_options(node.options);
  }
  void put(const Remove& node) {
    builder_.add("collection", node.collection->name);
    put_text("key", node.key);
    put_out("outVariableOld", node.old_variable);
    put_options(node.options);
  }
  void put(const Upsert& node) {
    builder_.add("collection", node.collection->name);
    builder_.key("search");
    builder_.open_object();
    put_nodes(*node.search);
    builder_.close();
    put_text("insertDocument", node.insert_document);
    put_text("updateDocument", node.update_document);
    builder_.add("isReplace", node.replaces);
    put_out("outVariableOld", node.old_variable);
    put_out("outVariableNew", node.new_variable);
    put_options(node.options);
  }
  void put(const Return& node) {
    put_text("expression", node.expression);
    builder_.add("count", true);
  }
  void put(const Singleton&) {
    builder_.key("bindParameterVariables");
    builder_.open_object();
    builder_.close();
  }
  void put(const NoResults&) {}

  const Plan& root_;
  value::Builder& builder_;
  std::set<VariableId> documents_;
  std::map<VariableId, value::Slice> constants_;
};

void put_collections(const Plan& plan, value::Builder& builder) {
  builder.key("collections");
  builder.open_array();
  auto put = [&](const std::string& name, const char* type) {
    builder.open_object();
    builder.add("name", name);
    builder.add("type", type);
    builder.close();
  };
  const auto& written = plan.written_collections;
  for (const std::string& name : plan.read_collections) {
    if (std::find(written.begin(), written.end(), name) == written.end()) put(name, "read");
  }
  for (const std::string& name : written) put(name, "write");
  builder.close();
}

}  // namespace

void append_explain(const Plan& plan, value::Builder& builder) {
  JsonExplainer explainer(plan, builder);
  builder.open_object();
  explainer.put_nodes(plan);
  builder.key("rules");
  builder.open_array();
  for (const std::string& rule : plan.applied_rules) builder.string(rule);
  builder.close();
  put_collections(plan, builder);
  builder.key("variables");
  builder.open_array();
  for (size_t i = 0; i < plan.variables.size(); ++i) explainer.put_variable(VariableId(i), true);
  builder.close();
  const Node* last = plan.nodes.empty() ? nullptr : plan.nodes.back().get();
  builder.add("estimatedCost", last != nullptr ? last->estimated_cost : 0.0);
  builder.add("estimatedNrItems", last != nullptr ? uint64_t(std::ceil(std::min(last->estimated_rows, 1e18))) : 0u);
  builder.add("isModificationQuery", plan.modifies());
  builder.close();
}

}  // namespace workerdb::aql::plan

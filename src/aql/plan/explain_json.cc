#include "aql/plan/explain_json.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aql/plan/walk.h"
#include "aql/syntax/tree_json.h"

namespace workerdb::aql::plan {

namespace {

// "json" for a value that is known, "attribute" for an attribute of a variable, "simple" for all else.
const char* expression_type(const syntax::Expression& expression) {
  if (expression.is_constant()) return "json";
  const auto* access = expression.get_if<syntax::AttributeAccess>();
  while (access != nullptr && access->object->get_if<syntax::AttributeAccess>() != nullptr) {
    access = access->object->get_if<syntax::AttributeAccess>();
  }
  return access != nullptr && access->object->get_if<syntax::Reference>() != nullptr ? "attribute" : "simple";
}

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

void JsonExplainer::put_nodes(const Plan& plan) {
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

void JsonExplainer::put_variable(VariableId variable, bool with_values) {
  builder_.open_object();
  builder_.add("id", variable);
  builder_.add("name", root_.variables[variable].name);
  builder_.add("isFullDocumentFromCollection", documents_.contains(variable));
  auto constant = constants_.find(variable);
  if (with_values && constant != constants_.end()) builder_.add("constantValue", constant->second);
  builder_.close();
}

void JsonExplainer::look_at(const Plan& plan) {
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

void JsonExplainer::put_head(const Node& node, const Node* before) {
  builder_.add("type", node_name(node));
  builder_.key("dependencies");
  builder_.open_array();
  if (before != nullptr) builder_.unsigned_integer(before->id);
  builder_.close();
  builder_.add("id", node.id);
  builder_.add("estimatedCost", node.estimated_cost);
  builder_.add("estimatedNrItems", uint64_t(std::ceil(std::min(node.estimated_rows, 1e18))));
}

void JsonExplainer::put_text(const char* key, const ExpressionPtr& expression) {
  if (expression) builder_.add(key, syntax::to_string(*expression));
}

void JsonExplainer::put_out(const char* key, std::optional<VariableId> variable) {
  if (!variable) return;
  builder_.key(key);
  put_variable(*variable);
}

void JsonExplainer::put_path(const std::vector<std::string>& path) {
  if (path.size() == 1) return builder_.string(path[0]);
  builder_.open_array();
  for (const std::string& name : path) builder_.string(name);
  builder_.close();
}

void JsonExplainer::put_strings(const char* key, const std::vector<std::string>& list) {
  builder_.key(key);
  builder_.open_array();
  for (const std::string& one : list) builder_.string(one);
  builder_.close();
}

void JsonExplainer::put(const Filter& node) { put_text("expression", node.condition); }

void JsonExplainer::put(const Calculation& node) {
  builder_.key("expression");
  syntax::append_tree(*node.expression, builder_);
  put_out("outVariable", node.variable);
  builder_.add("canThrow", false);
  builder_.add("expressionType", expression_type(*node.expression));
}

void JsonExplainer::put(const Subquery& node) {
  builder_.key("subquery");
  builder_.open_object();
  put_nodes(*node.plan);
  builder_.close();
  put_out("outVariable", node.variable);
  builder_.add("isConst", node.is_constant);
  put_text("condition", node.condition);
}

void JsonExplainer::put(const Sort& node) {
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

void JsonExplainer::put(const Limit& node) {
  builder_.add("offset", node.offset);
  builder_.key("limit");
  if (node.count == UINT64_MAX) {
    builder_.null();
  } else {
    builder_.unsigned_integer(node.count);
  }
  builder_.add("fullCount", node.full_count);
}

void JsonExplainer::put_aggregations(const std::vector<Collect::Aggregation>& list) {
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

void JsonExplainer::put(const Collect& node) {
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

void JsonExplainer::put(const Window& node) {
  put_text("rangeValue", node.range_value);
  put_text("preceding", node.preceding);
  put_text("following", node.following);
  put_aggregations(node.aggregations);
}

void JsonExplainer::put_options(const ModificationOptions& options) {
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

void JsonExplainer::put(const Insert& node) {
  builder_.add("collection", node.collection->name);
  put_text("document", node.document);
  put_out("outVariableOld", node.old_variable);
  put_out("outVariableNew", node.new_variable);
  put_options(node.options);
}

void JsonExplainer::put(const Update& node) {
  builder_.add("collection", node.collection->name);
  put_text("key", node.key);
  put_text("document", node.document);
  put_out("outVariableOld", node.old_variable);
  put_out("outVariableNew", node.new_variable);
  put_options(node.options);
}

void JsonExplainer::put(const Remove& node) {
  builder_.add("collection", node.collection->name);
  put_text("key", node.key);
  put_out("outVariableOld", node.old_variable);
  put_options(node.options);
}

void JsonExplainer::put(const Upsert& node) {
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

void JsonExplainer::put(const Return& node) {
  put_text("expression", node.expression);
  builder_.add("count", true);
}

void JsonExplainer::put(const Singleton&) {
  builder_.key("bindParameterVariables");
  builder_.open_object();
  builder_.close();
}

void JsonExplainer::put(const NoResults&) {}

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

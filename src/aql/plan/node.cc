#include "aql/plan/node.h"

#include <algorithm>

#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

namespace {

ExpressionPtr copy(const ExpressionPtr& expression) { return expression ? syntax::clone(*expression) : nullptr; }

ScanOutput copy(const ScanOutput& output) {
  return {output.variable, output.produces_document, output.projections, copy(output.filter), output.document_id};
}

std::vector<Collect::Aggregation> copy(const std::vector<Collect::Aggregation>& list) {
  std::vector<Collect::Aggregation> result;
  for (const auto& item : list) result.push_back({item.variable, item.aggregate, copy(item.argument)});
  return result;
}

IndexCondition copy(const IndexCondition& condition) {
  IndexCondition result;
  for (const ExpressionPtr& value : condition.equal) result.equal.push_back(copy(value));
  result.in_position = condition.in_position;
  result.lower = copy(condition.lower);
  result.upper = copy(condition.upper);
  result.lower_inclusive = condition.lower_inclusive;
  result.upper_inclusive = condition.upper_inclusive;
  result.edge_field = condition.edge_field;
  result.index = condition.index;
  return result;
}

template <typename T>
T copy_kind(const T& node) {
  return node;
}
EnumerateCollection copy_kind(const EnumerateCollection& node) {
  return {node.collection, copy(node.output), node.random, node.hints};
}
IndexScan copy_kind(const IndexScan& node) {
  IndexScan result;
  result.collection = node.collection;
  result.index = node.index;
  for (const IndexCondition& condition : node.conditions) result.conditions.push_back(copy(condition));
  result.backward = node.backward;
  result.keeps_order = node.keeps_order;
  result.covers = node.covers;
  result.limit = node.limit;
  result.output = copy(node.output);
  result.hints = node.hints;
  return result;
}
Traversal copy_kind(const Traversal& node) {
  Traversal result;
  result.scope = node.scope;
  result.least_depth = node.least_depth, result.largest_depth = node.largest_depth;
  result.start = copy(node.start);
  result.options = node.options;
  result.vertex = node.vertex, result.edge = node.edge, result.path = node.path;
  result.prune = copy(node.prune);
  result.prune_variable = node.prune_variable;
  for (const PathCondition& one : node.path_conditions) {
    result.path_conditions.push_back({one.of_edges, one.position, one.element, copy(one.condition)});
  }
  result.filter = copy(node.filter);
  result.vertex_content = node.vertex_content, result.edge_content = node.edge_content;
  result.path_content = node.path_content;
  return result;
}
ShortestPath copy_kind(const ShortestPath& node) {
  return {node.scope,  copy(node.start), copy(node.end),      node.options,
          node.vertex, node.edge,        node.vertex_content, node.edge_content};
}
EnumeratePaths copy_kind(const EnumeratePaths& node) {
  return {node.kind,      node.scope,   node.least_length, node.largest_length, copy(node.start),
          copy(node.end), node.options, node.path,         node.path_content};
}
EnumerateView copy_kind(const EnumerateView& node) {
  EnumerateView result{node.view, node.variable, copy(node.condition), node.collections, {}, node.document_id};
  for (const auto& score : node.scores) result.scores.push_back({score.variable, copy(score.call)});
  return result;
}
Materialize copy_kind(const Materialize& node) {
  return {node.collection, node.document_id, copy(node.output), node.max_projections};
}
EnumerateList copy_kind(const EnumerateList& node) { return {copy(node.list), node.variable, node.pair_value}; }
Filter copy_kind(const Filter& node) { return {copy(node.condition)}; }
Calculation copy_kind(const Calculation& node) { return {copy(node.expression), node.variable}; }
Subquery copy_kind(const Subquery& node) {
  return {clone(*node.plan), node.variable, copy(node.condition), node.is_constant, node.needed_rows};
}
Sort copy_kind(const Sort& node) {
  Sort result;
  for (const SortKey& key : node.keys) result.keys.push_back({copy(key.expression), key.ascending});
  result.limit = node.limit;
  return result;
}
Collect copy_kind(const Collect& node) {
  Collect result;
  for (const auto& group : node.groups) result.groups.push_back({group.variable, copy(group.expression)});
  result.aggregations = copy(node.aggregations);
  result.into = node.into;
  result.kept = node.kept;
  result.into_projection = copy(node.into_projection);
  result.method = node.method;
  result.disables_index = node.disables_index;
  result.is_distinct_return = node.is_distinct_return;
  return result;
}
Window copy_kind(const Window& node) {
  return {copy(node.range_value), copy(node.preceding), copy(node.following), copy(node.aggregations)};
}
Insert copy_kind(const Insert& node) {
  return {node.collection, copy(node.document), node.old_variable, node.new_variable, node.options};
}
Update copy_kind(const Update& node) {
  return {node.collection,   node.replaces,     copy(node.key), copy(node.document),
          node.old_variable, node.new_variable, node.options};
}
Remove copy_kind(const Remove& node) { return {node.collection, copy(node.key), node.old_variable, node.options}; }
Upsert copy_kind(const Upsert& node) {
  return {node.collection,
          clone(*node.search),
          node.old_variable,
          node.new_variable,
          copy(node.insert_document),
          copy(node.update_document),
          node.replaces,
          node.options};
}
Return copy_kind(const Return& node) { return {copy(node.expression)}; }

struct NameOf {
  const char* operator()(const Singleton&) const { return "SingletonNode"; }
  const char* operator()(const EnumerateCollection&) const { return "EnumerateCollectionNode"; }
  const char* operator()(const IndexScan&) const { return "IndexNode"; }
  const char* operator()(const Traversal&) const { return "TraversalNode"; }
  const char* operator()(const ShortestPath&) const { return "ShortestPathNode"; }
  const char* operator()(const EnumeratePaths&) const { return "EnumeratePathsNode"; }
  const char* operator()(const EnumerateView&) const { return "EnumerateViewNode"; }
  const char* operator()(const Materialize&) const { return "MaterializeNode"; }
  const char* operator()(const EnumerateList&) const { return "EnumerateListNode"; }
  const char* operator()(const Filter&) const { return "FilterNode"; }
  const char* operator()(const Calculation&) const { return "CalculationNode"; }
  const char* operator()(const Subquery&) const { return "SubqueryNode"; }
  const char* operator()(const Sort&) const { return "SortNode"; }
  const char* operator()(const Limit&) const { return "LimitNode"; }
  const char* operator()(const Collect&) const { return "CollectNode"; }
  const char* operator()(const Window&) const { return "WindowNode"; }
  const char* operator()(const Insert&) const { return "InsertNode"; }
  const char* operator()(const Update& node) const { return node.replaces ? "ReplaceNode" : "UpdateNode"; }
  const char* operator()(const Remove&) const { return "RemoveNode"; }
  const char* operator()(const Upsert&) const { return "UpsertNode"; }
  const char* operator()(const Return&) const { return "ReturnNode"; }
  const char* operator()(const NoResults&) const { return "NoResultsNode"; }
};

void add(std::vector<VariableId>& to, VariableId variable) {
  if (std::find(to.begin(), to.end(), variable) == to.end()) to.push_back(variable);
}

// `bound`: elements of the expansions around.
void collect(const syntax::Expression& expression, std::vector<VariableId>& bound, std::vector<VariableId>& to) {
  if (const auto* reference = expression.get_if<syntax::Reference>()) {
    if (std::find(bound.begin(), bound.end(), reference->variable) == bound.end()) add(to, reference->variable);
    return;
  }
  size_t before = bound.size();
  if (const auto* expansion = expression.get_if<syntax::Expansion>()) bound.push_back(expansion->element);
  if (const auto* question = expression.get_if<syntax::QuestionMark>()) bound.push_back(question->element);
  for_each_operand(expression, [&](const syntax::Expression& operand) { collect(operand, bound, to); });
  bound.resize(before);
}

}  // namespace

std::unique_ptr<Plan> clone(const Plan& plan) {
  auto result = std::make_unique<Plan>();
  for (const NodePtr& node : plan.nodes) {
    auto copied = std::make_unique<Node>();
    copied->id = node->id;
    copied->estimated_cost = node->estimated_cost;
    copied->estimated_rows = node->estimated_rows;
    std::visit([&](const auto& kind) { copied->kind = copy_kind(kind); }, node->kind);
    result->nodes.push_back(std::move(copied));
  }
  result->variables = plan.variables;
  result->applied_rules = plan.applied_rules;
  result->read_collections = plan.read_collections;
  result->written_collections = plan.written_collections;
  result->graphs = plan.graphs;
  result->parameters = plan.parameters;
  result->depends_on_values = plan.depends_on_values;
  return result;
}

const char* node_name(const Node& node) { return std::visit(NameOf(), node.kind); }

void collect_used_variables(const syntax::Expression& expression, std::vector<VariableId>& to) {
  std::vector<VariableId> bound;
  collect(expression, bound, to);
}

void collect_used_variables(const Node& node, std::vector<VariableId>& to) {
  std::vector<VariableId> bound;
  // The document of a scan and OLD of an UPSERT are made by the node itself.
  if (const ScanOutput* output = scan_output(node)) {
    bound.push_back(output->variable);
    for (const Projection& projection : output->projections) bound.push_back(projection.variable);
  }
  if (const Materialize* materialize = node.get_if<Materialize>()) add(to, materialize->document_id);
  if (const Upsert* upsert = node.get_if<Upsert>()) bound.push_back(upsert->old_variable);
  if (const Traversal* traversal = node.get_if<Traversal>()) {
    bound.push_back(traversal->vertex);
    if (traversal->edge) bound.push_back(*traversal->edge);
    if (traversal->path) bound.push_back(*traversal->path);
    for (const PathCondition& condition : traversal->path_conditions) bound.push_back(condition.element);
  }
  if (const EnumerateView* view = node.get_if<EnumerateView>()) bound.push_back(view->variable);
  for_each_expression(node, [&](const syntax::Expression& expression) { collect(expression, bound, to); });
  if (const Collect* collect_node = node.get_if<Collect>()) {
    for (const auto& kept : collect_node->kept) add(to, kept.second);
  }
  const Plan* inner = subplan(node);
  if (inner == nullptr) return;
  std::vector<VariableId> set, used;
  for (const NodePtr& inner_node : inner->nodes) {
    collect_used_variables(*inner_node, used);
    for (VariableId variable : set_variables(*inner_node)) set.push_back(variable);
  }
  for (VariableId variable : used) {
    if (std::find(set.begin(), set.end(), variable) == set.end()) add(to, variable);
  }
}

std::vector<VariableId> set_variables(const Node& node) {
  std::vector<VariableId> result;
  auto put = [&](std::optional<VariableId> variable) {
    if (variable) result.push_back(*variable);
  };
  auto put_output = [&](const ScanOutput& output) {
    if (output.produces_document) put(output.variable);
    for (const Projection& projection : output.projections) put(projection.variable);
    put(output.document_id);
  };
  if (const ScanOutput* output = scan_output(node)) put_output(*output);
  if (const auto* materialize = node.get_if<Materialize>()) put_output(materialize->output);
  if (const auto* traversal = node.get_if<Traversal>()) {
    put(traversal->vertex), put(traversal->edge), put(traversal->path), put(traversal->prune_variable);
  }
  if (const auto* path = node.get_if<ShortestPath>()) put(path->vertex), put(path->edge);
  if (const auto* paths = node.get_if<EnumeratePaths>()) put(paths->path);
  if (const auto* view = node.get_if<EnumerateView>()) {
    if (!view->document_id) put(view->variable);
    put(view->document_id);
    for (const auto& score : view->scores) put(score.variable);
  }
  if (const auto* list = node.get_if<EnumerateList>()) put(list->variable), put(list->pair_value);
  if (const auto* calculation = node.get_if<Calculation>()) put(calculation->variable);
  if (const auto* subquery = node.get_if<Subquery>()) put(subquery->variable);
  if (const auto* collect_node = node.get_if<Collect>()) {
    for (const auto& group : collect_node->groups) put(group.variable);
    for (const auto& aggregation : collect_node->aggregations) put(aggregation.variable);
    put(collect_node->into);
  }
  if (const auto* window = node.get_if<Window>()) {
    for (const auto& aggregation : window->aggregations) put(aggregation.variable);
  }
  if (const auto* insert = node.get_if<Insert>()) put(insert->old_variable), put(insert->new_variable);
  if (const auto* update = node.get_if<Update>()) put(update->old_variable), put(update->new_variable);
  if (const auto* remove = node.get_if<Remove>()) put(remove->old_variable);
  if (const auto* upsert = node.get_if<Upsert>()) put(upsert->old_variable), put(upsert->new_variable);
  return result;
}

}  // namespace workerdb::aql::plan

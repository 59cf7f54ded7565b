#include "aql/plan/walk.h"

#include <algorithm>

#include "value/order.h"

namespace workerdb::aql::plan {

using namespace syntax;  // NOLINT: every name here is one of its nodes

namespace {

// One list of operands and of node expressions serves the constant and the changing visitors.
template <typename Visit>
struct Operands {
  Visit& visit;
  void one(auto& expression) {
    if (expression) visit(expression);
  }
  template <typename T>
  void operator()(T& node) {
    using Node = std::remove_const_t<T>;
    if constexpr (requires { node.object; }) one(node.object);
    if constexpr (requires { node.index; }) one(node.index);
    if constexpr (requires { node.array; }) one(node.array);
    if constexpr (requires { node.operand; }) one(node.operand);
    if constexpr (requires { node.left; }) one(node.left);
    if constexpr (requires { node.at_least; }) one(node.at_least);
    if constexpr (requires { node.right; }) one(node.right);
    if constexpr (requires { node.condition; }) one(node.condition);
    if constexpr (requires { node.when_true; }) one(node.when_true);
    if constexpr (requires { node.when_false; }) one(node.when_false);
    if constexpr (requires { node.low; }) one(node.low);
    if constexpr (requires { node.high; }) one(node.high);
    if constexpr (requires { node.filter; }) one(node.filter);
    if constexpr (requires { node.offset; }) one(node.offset);
    if constexpr (requires { node.count; }) one(node.count);
    if constexpr (requires { node.projection; }) one(node.projection);
    if constexpr (requires { node.items; }) {
      for (auto& item : node.items) one(item);
    }
    if constexpr (requires { node.arguments; }) {
      for (auto& argument : node.arguments) one(argument);
    }
    if constexpr (std::is_same_v<Node, ObjectLiteral>) {
      for (auto& attribute : node.attributes) one(attribute.computed_name), one(attribute.value);
    }
  }
};

template <typename Visit>
struct NodeExpressions {
  Visit& visit;
  void one(auto& expression) {
    if (expression) visit(expression);
  }
  template <typename T>
  void operator()(T& node) {
    using Kind = std::remove_const_t<T>;
    if constexpr (requires { node.conditions; }) {
      for (auto& condition : node.conditions) {
        for (auto& value : condition.equal) one(value);
        one(condition.lower), one(condition.upper);
      }
    }
    if constexpr (requires { node.output; }) one(node.output.filter);
    if constexpr (requires { node.start; }) one(node.start);
    if constexpr (requires { node.end; }) one(node.end);
    if constexpr (std::is_same_v<Kind, plan::Traversal>) {
      one(node.prune), one(node.filter);
      for (auto& condition : node.path_conditions) one(condition.condition);
    }
    if constexpr (requires { node.list; }) one(node.list);
    if constexpr (requires { node.condition; }) one(node.condition);
    if constexpr (requires { node.scores; }) {
      for (auto& score : node.scores) one(score.call);
    }
    if constexpr (requires { node.expression; }) one(node.expression);
    if constexpr (std::is_same_v<Kind, plan::Sort>) {
      for (auto& key : node.keys) one(key.expression);
    }
    if constexpr (requires { node.groups; }) {
      for (auto& group : node.groups) one(group.expression);
    }
    if constexpr (requires { node.aggregations; }) {
      for (auto& aggregation : node.aggregations) one(aggregation.argument);
    }
    if constexpr (requires { node.into_projection; }) one(node.into_projection);
    if constexpr (requires { node.range_value; }) one(node.range_value), one(node.preceding), one(node.following);
    if constexpr (requires { node.key; }) one(node.key);
    if constexpr (requires { node.document; }) one(node.document);
    if constexpr (requires { node.insert_document; }) one(node.insert_document), one(node.update_document);
  }
};

}  // namespace

void for_each_operand(Expression& expression, const std::function<void(ExpressionPtr&)>& visit) {
  std::visit(Operands<const std::function<void(ExpressionPtr&)>>{visit}, expression.node);
}
void for_each_operand(const Expression& expression, const std::function<void(const Expression&)>& visit) {
  auto visit_pointer = [&](const ExpressionPtr& operand) { visit(*operand); };
  std::visit(Operands<decltype(visit_pointer)>{visit_pointer}, expression.node);
}
void for_each_expression(Node& node, const std::function<void(ExpressionPtr&)>& visit) {
  std::visit(NodeExpressions<const std::function<void(ExpressionPtr&)>>{visit}, node.kind);
}
void for_each_expression(const Node& node, const std::function<void(const Expression&)>& visit) {
  auto visit_pointer = [&](const ExpressionPtr& expression) { visit(*expression); };
  std::visit(NodeExpressions<decltype(visit_pointer)>{visit_pointer}, node.kind);
}

Plan* subplan(Node& node) {
  if (plan::Subquery* subquery = node.get_if<plan::Subquery>()) return subquery->plan.get();
  if (plan::Upsert* upsert = node.get_if<plan::Upsert>()) return upsert->search.get();
  return nullptr;
}
const Plan* subplan(const Node& node) { return subplan(const_cast<Node&>(node)); }

void for_each_plan(Plan& plan, const std::function<void(Plan&)>& visit) {
  for (NodePtr& node : plan.nodes) {
    if (Plan* inner = subplan(*node)) for_each_plan(*inner, visit);
  }
  visit(plan);
}

ExpressionPtr make_reference(const std::string& name, VariableId variable) {
  return make_expression(Reference{name, variable});
}

bool is_reference_to(const Expression& expression, VariableId variable) {
  const Reference* reference = expression.get_if<Reference>();
  return reference != nullptr && reference->variable == variable;
}

bool uses_variable(const Expression& expression, VariableId variable) {
  if (is_reference_to(expression, variable)) return true;
  bool found = false;
  for_each_operand(expression, [&](const Expression& operand) { found = found || uses_variable(operand, variable); });
  return found;
}

bool uses_variable(const Node& node, VariableId variable) {
  std::vector<VariableId> used;
  collect_used_variables(node, used);
  return std::find(used.begin(), used.end(), variable) != used.end();
}

namespace {

// What is in a node besides its operands, as text that is equal for equal nodes.
struct OwnData {
  // Parameters that are equal now may differ when the plan runs again.
  std::string operator()(const Constant& node) const {
    return std::to_string(node.parameter) + ":" + std::string(node.value.bytes());
  }
  std::string operator()(const Reference& node) const { return std::to_string(node.variable); }
  std::string operator()(const CollectionReference& node) const { return node.name; }
  std::string operator()(const AttributeAccess& node) const { return node.name; }
  std::string operator()(const Expansion& node) const {
    return std::to_string(node.levels) + (node.filter ? "f" : "") + (node.offset ? "o" : "") + (node.count ? "c" : "") +
           (node.projection ? "p" : "");
  }
  std::string operator()(const QuestionMark& node) const {
    return std::to_string(int(node.quantifier)) + (node.filter ? "f" : "");
  }
  std::string operator()(const syntax::Unary& node) const { return std::to_string(int(node.op)); }
  std::string operator()(const Binary& node) const { return std::to_string(int(node.op)); }
  std::string operator()(const ArrayComparison& node) const {
    return std::to_string(int(node.op)) + "/" + std::to_string(int(node.quantifier));
  }
  std::string operator()(const Ternary& node) const { return node.when_true ? "3" : "2"; }
  std::string operator()(const ObjectLiteral& node) const {
    std::string names;
    for (const auto& attribute : node.attributes) names += std::to_string(attribute.name.size()) + ":" + attribute.name;
    return names;
  }
  std::string operator()(const FunctionCall& node) const { return node.name; }
  template <typename T>
  std::string operator()(const T&) const {
    return {};
  }
};

bool same_with(const Expression& left, const Expression& right,
               std::vector<std::pair<VariableId, VariableId>>& elements) {
  if (left.node.index() != right.node.index() || left.get_if<syntax::Subquery>()) return false;
  if (const Reference* reference = left.get_if<Reference>()) {
    std::pair<VariableId, VariableId> pair(reference->variable, right.get_if<Reference>()->variable);
    if (std::find(elements.begin(), elements.end(), pair) != elements.end()) return true;
  }
  if (std::visit(OwnData(), left.node) != std::visit(OwnData(), right.node)) return false;
  size_t before = elements.size();
  if (const Expansion* expansion = left.get_if<Expansion>()) {
    elements.emplace_back(expansion->element, right.get_if<Expansion>()->element);
  } else if (const QuestionMark* question = left.get_if<QuestionMark>()) {
    elements.emplace_back(question->element, right.get_if<QuestionMark>()->element);
  }
  std::vector<const Expression*> left_operands, right_operands;
  for_each_operand(left, [&](const Expression& operand) { left_operands.push_back(&operand); });
  for_each_operand(right, [&](const Expression& operand) { right_operands.push_back(&operand); });
  bool same = left_operands.size() == right_operands.size();
  for (size_t i = 0; same && i < left_operands.size(); ++i) {
    same = same_with(*left_operands[i], *right_operands[i], elements);
  }
  elements.resize(before);
  return same;
}

}  // namespace

bool same_expression(const Expression& left, const Expression& right) {
  std::vector<std::pair<VariableId, VariableId>> elements;
  return same_with(left, right, elements);
}

bool is_deterministic(const Expression& expression) {
  if (expression.get_if<syntax::Subquery>()) return false;
  if (const FunctionCall* call = expression.get_if<FunctionCall>()) {
    if (call->function == nullptr || !call->function->is_deterministic()) return false;
    if ((call->function->flags & functions::kInternal) != 0) return false;
  }
  bool all = true;
  for_each_operand(expression, [&](const Expression& operand) { all = all && is_deterministic(operand); });
  return all;
}

bool is_deterministic(const Plan& plan) {
  return std::all_of(plan.nodes.begin(), plan.nodes.end(), [](const NodePtr& node) {
    if (is_modification(*node)) return false;
    if (const Plan* inner = subplan(*node); inner != nullptr && !is_deterministic(*inner)) return false;
    bool all = true;
    for_each_expression(*node, [&](const Expression& expression) { all = all && is_deterministic(expression); });
    return all;
  });
}

bool is_simple(const Expression& expression) {
  if (expression.get_if<FunctionCall>() || expression.get_if<Expansion>() || expression.get_if<QuestionMark>() ||
      expression.get_if<Range>() || expression.get_if<syntax::Subquery>()) {
    return false;
  }
  if (const Binary* binary = expression.get_if<Binary>()) {
    if (binary->op >= BinaryOperator::kLike) return false;
  }
  bool all = true;
  for_each_operand(expression, [&](const Expression& operand) { all = all && is_simple(operand); });
  return all;
}

std::optional<std::vector<std::string>> attribute_path(const Expression& expression, VariableId variable) {
  std::vector<std::string> path;
  const Expression* at = &expression;
  while (const AttributeAccess* access = at->get_if<AttributeAccess>()) {
    path.push_back(access->name);
    at = access->object.get();
  }
  if (path.empty() || !is_reference_to(*at, variable)) return std::nullopt;
  std::reverse(path.begin(), path.end());
  return path;
}

void replace_variable(ExpressionPtr& expression, VariableId variable, const Expression& replacement) {
  if (is_reference_to(*expression, variable)) {
    expression = clone(replacement);
    return;
  }
  for_each_operand(*expression, [&](ExpressionPtr& operand) { replace_variable(operand, variable, replacement); });
}

void replace_variable(Node& node, VariableId variable, const Expression& replacement) {
  for_each_expression(node, [&](ExpressionPtr& expression) { replace_variable(expression, variable, replacement); });
  if (Plan* inner = subplan(node)) {
    for (NodePtr& inner_node : inner->nodes) replace_variable(*inner_node, variable, replacement);
  }
  plan::Collect* collect = node.get_if<plan::Collect>();
  const Reference* reference = replacement.get_if<Reference>();
  if (collect == nullptr || reference == nullptr) return;
  for (auto& kept : collect->kept) {
    if (kept.second == variable) kept.second = reference->variable;
  }
}

bool is_modification(const Node& node) {
  return node.get_if<plan::Insert>() || node.get_if<plan::Update>() || node.get_if<plan::Remove>() ||
         node.get_if<plan::Upsert>();
}

ScanOutput* scan_output(Node& node) {
  if (EnumerateCollection* scan = node.get_if<EnumerateCollection>()) return &scan->output;
  if (IndexScan* scan = node.get_if<IndexScan>()) return &scan->output;
  return nullptr;
}
const ScanOutput* scan_output(const Node& node) { return scan_output(const_cast<Node&>(node)); }

bool has_modification(const Plan& plan) {
  return std::any_of(plan.nodes.begin(), plan.nodes.end(), [](const NodePtr& node) {
    const plan::Subquery* subquery = node->get_if<plan::Subquery>();
    return is_modification(*node) || (subquery != nullptr && has_modification(*subquery->plan));
  });
}

}  // namespace workerdb::aql::plan

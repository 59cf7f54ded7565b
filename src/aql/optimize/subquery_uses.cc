#include "aql/optimize/subquery_uses.h"

#include <algorithm>

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

using syntax::BinaryOperator;

namespace {

const syntax::FunctionCall* call_on(const Expression& expression, VariableId variable) {
  const auto* call = expression.get_if<syntax::FunctionCall>();
  bool is_on_it =
      call != nullptr && call->arguments.size() == 1 && plan::is_reference_to(*call->arguments[0], variable);
  return is_on_it ? call : nullptr;
}

std::optional<int64_t> integer(const Expression& expression) {
  const auto* constant = expression.get_if<syntax::Constant>();
  // A bind parameter may have another value when the plan runs again.
  if (constant == nullptr || constant->parameter != 0 || !constant->value.slice().is_int64()) return std::nullopt;
  return constant->value.slice().as_int64();
}

// Comparisons of a length that say whether it is zero.
bool asks_for_any(BinaryOperator op, int64_t with) {
  switch (op) {
    case BinaryOperator::kEqual:
    case BinaryOperator::kNotEqual:
    case BinaryOperator::kGreater:
    case BinaryOperator::kLessEqual: return with == 0;
    case BinaryOperator::kLess:
    case BinaryOperator::kGreaterEqual: return with == 1;
    default: return false;
  }
}
BinaryOperator turned_around(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kLess: return BinaryOperator::kGreater;
    case BinaryOperator::kLessEqual: return BinaryOperator::kGreaterEqual;
    case BinaryOperator::kGreater: return BinaryOperator::kLess;
    case BinaryOperator::kGreaterEqual: return BinaryOperator::kLessEqual;
    default: return op;
  }
}

bool is_existence_check(const Expression& expression, VariableId variable) {
  const auto* binary = expression.get_if<syntax::Binary>();
  if (binary == nullptr) return false;
  auto with = integer(*binary->right);
  if (with && is_length_of(*binary->left, variable)) return asks_for_any(binary->op, *with);
  with = integer(*binary->left);
  return with && is_length_of(*binary->right, variable) && asks_for_any(turned_around(binary->op), *with);
}

bool is_first(const Expression& expression, VariableId variable) {
  const auto* call = call_on(expression, variable);
  if (call != nullptr && call->name == "FIRST") return true;
  const auto* access = expression.get_if<syntax::IndexedAccess>();
  return access != nullptr && plan::is_reference_to(*access->object, variable) && integer(*access->index) == 0;
}

void add_uses(const Expression& expression, VariableId variable, SubqueryUses& uses) {
  if (is_existence_check(expression, variable)) {
    uses.exists = true;
  } else if (is_length_of(expression, variable)) {
    uses.length = true;
  } else if (is_first(expression, variable)) {
    uses.first = true;
  } else if (plan::is_reference_to(expression, variable)) {
    uses.other = true;
  } else {
    plan::for_each_operand(expression, [&](const Expression& operand) { add_uses(operand, variable, uses); });
  }
}

void add_kept(const Node& node, VariableId variable, SubqueryUses& uses) {
  if (const auto* collect = node.get_if<plan::Collect>()) {
    uses.other |= std::ranges::any_of(collect->kept, [&](const auto& kept) { return kept.second == variable; });
  }
  const Plan* inner = plan::subplan(node);
  if (inner == nullptr) return;
  for (const NodePtr& inner_node : inner->nodes) add_kept(*inner_node, variable, uses);
}

}  // namespace

bool is_length_of(const Expression& expression, VariableId variable) {
  const auto* call = call_on(expression, variable);
  return call != nullptr && (call->name == "LENGTH" || call->name == "COUNT");
}

SubqueryUses uses_of_subquery(const Plan& chain, size_t position) {
  VariableId variable = chain.nodes[position]->get_if<plan::Subquery>()->variable;
  SubqueryUses uses;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    const Node& node = *chain.nodes[i];
    add_kept(node, variable, uses);
    for_each_expression_within(node, [&](const Expression& expression) { add_uses(expression, variable, uses); });
  }
  return uses;
}

}  // namespace workerdb::aql::optimize

// remove-redundant-or: d.a > 5 || d.a > 3 → d.a > 3. Of two bounds of one attribute the wider one decides.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"
#include "value/order.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

struct Bound {
  const Expression* attribute = nullptr;
  const value::Buffer* constant = nullptr;
  bool is_lower = false, is_inclusive = false;
};

Bound bound_of(const Expression& expression) {
  const Binary* binary = expression.get_if<Binary>();
  if (binary == nullptr || binary->op < BinaryOperator::kLess || binary->op > BinaryOperator::kGreaterEqual) return {};
  const auto* constant = binary->right->get_if<syntax::Constant>();
  if (constant == nullptr || !binary->left->get_if<syntax::AttributeAccess>() || !plan::is_simple(*binary->left))
    return {};
  return {binary->left.get(), &constant->value,
          binary->op == BinaryOperator::kGreater || binary->op == BinaryOperator::kGreaterEqual,
          binary->op == BinaryOperator::kLessEqual || binary->op == BinaryOperator::kGreaterEqual};
}

// All that the narrow one lets through passes the wide one.
bool is_within(const Bound& narrow, const Bound& wide) {
  if (narrow.is_lower != wide.is_lower || !plan::same_expression(*narrow.attribute, *wide.attribute)) return false;
  int order = value::compare(narrow.constant->slice(), wide.constant->slice());
  if (order == 0) return wide.is_inclusive || !narrow.is_inclusive;
  return (order > 0) == wide.is_lower;
}

bool reduce(Context& context, ExpressionPtr& condition) {
  Binary* binary = condition->get_if<Binary>();
  if (binary == nullptr || (binary->op != BinaryOperator::kAnd && binary->op != BinaryOperator::kOr)) return false;
  bool changed = reduce(context, binary->left);
  changed |= reduce(context, binary->right);
  if (binary->op != BinaryOperator::kOr) return changed;
  Bound left = bound_of(*binary->left), right = bound_of(*binary->right);
  if (left.attribute == nullptr || right.attribute == nullptr) return changed;
  bool keeps_right = is_within(left, right);
  if (!keeps_right && !is_within(right, left)) return changed;
  context.looked_into(*binary->left->get_if<Binary>()->right);
  context.looked_into(*binary->right->get_if<Binary>()->right);
  ExpressionPtr kept = std::move(keeps_right ? binary->right : binary->left);
  condition = std::move(kept);
  return true;
}

}  // namespace

bool remove_redundant_or(Context& context, Plan& chain) {
  bool changed = false;
  for (NodePtr& node : chain.nodes) {
    if (auto* filter = node->get_if<plan::Filter>()) changed |= reduce(context, filter->condition);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

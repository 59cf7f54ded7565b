// replace-or-with-in: d.a == 1 || d.a == 2 → d.a IN [1, 2], which an index serves with one lookup list.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

void take_disjunction(ExpressionPtr condition, std::vector<ExpressionPtr>& to) {
  Binary* binary = condition->get_if<Binary>();
  if (binary == nullptr || binary->op != BinaryOperator::kOr) {
    to.push_back(std::move(condition));
    return;
  }
  ExpressionPtr left = std::move(binary->left), right = std::move(binary->right);
  take_disjunction(std::move(left), to);
  take_disjunction(std::move(right), to);
}

// What is compared with a constant (or a list of them), turned around if need be; null for anything else.
struct Side {
  ExpressionPtr* attribute = nullptr;
  const Expression* constant = nullptr;
  bool is_list = false;
};
value::Slice value_of(const Expression& constant) { return constant.get_if<syntax::Constant>()->value.slice(); }
Side side_of(Expression& part) {
  Binary* binary = part.get_if<Binary>();
  if (binary == nullptr || (binary->op != BinaryOperator::kEqual && binary->op != BinaryOperator::kIn)) return {};
  bool is_list = binary->op == BinaryOperator::kIn;
  bool is_left = binary->left->get_if<syntax::AttributeAccess>() && binary->right->is_constant();
  bool is_right = !is_list && binary->right->get_if<syntax::AttributeAccess>() && binary->left->is_constant();
  if (!is_left && !is_right) return {};
  ExpressionPtr& attribute = is_left ? binary->left : binary->right;
  const Expression* constant = (is_left ? binary->right : binary->left).get();
  if (!plan::is_simple(*attribute) || (is_list && !value_of(*constant).is_array())) return {};
  return {&attribute, constant, is_list};
}

void add_values(const Side& side, value::Builder& to) {
  if (!side.is_list) {
    to.slice(value_of(*side.constant));
    return;
  }
  for (value::ArrayIterator member(value_of(*side.constant)); member.valid(); member.next()) to.slice(member.value());
}

// Puts the parts that ask for one attribute together; true if there were any.
bool merge(Context& context, std::vector<ExpressionPtr>& parts) {
  bool changed = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    Side first = side_of(*parts[i]);
    if (first.attribute == nullptr) continue;
    value::Builder list;
    list.open_array();
    add_values(first, list);
    size_t before = parts.size();
    for (size_t other = i + 1; other < parts.size();) {
      Side side = side_of(*parts[other]);
      if (side.attribute == nullptr || !plan::same_expression(**side.attribute, **first.attribute)) {
        ++other;
        continue;
      }
      add_values(side, list);
      context.looked_into(*side.constant);
      parts.erase(parts.begin() + ptrdiff_t(other));
    }
    list.close();
    if (parts.size() == before) continue;
    changed = true;
    context.looked_into(*first.constant);
    ExpressionPtr attribute = std::move(*first.attribute);
    parts[i] = syntax::make_expression(Binary{BinaryOperator::kIn, std::move(attribute), make_constant(list.slice())});
  }
  return changed;
}

bool replace(Context& context, ExpressionPtr& condition) {
  Binary* binary = condition->get_if<Binary>();
  if (binary == nullptr) return false;
  if (binary->op == BinaryOperator::kAnd) {
    bool left = replace(context, binary->left);
    return replace(context, binary->right) || left;
  }
  if (binary->op != BinaryOperator::kOr) return false;
  std::vector<ExpressionPtr> parts;
  take_disjunction(std::move(condition), parts);
  bool changed = merge(context, parts);
  for (ExpressionPtr& part : parts) changed |= replace(context, part);
  condition = std::move(parts[0]);
  for (size_t i = 1; i < parts.size(); ++i) {
    condition = syntax::make_expression(Binary{BinaryOperator::kOr, std::move(condition), std::move(parts[i])});
  }
  return changed;
}

}  // namespace

bool replace_or_with_in(Context& context, Plan& chain) {
  bool changed = false;
  for (NodePtr& node : chain.nodes) {
    if (auto* filter = node->get_if<plan::Filter>()) changed |= replace(context, filter->condition);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

#include <algorithm>

#include "aql/functions/registry.h"
#include "aql/semantics/analyze.h"
#include "value/order.h"

namespace workerdb::aql::semantics {

using namespace syntax;  // NOLINT: every name here is one of its nodes

namespace {

bool is_constant(const ExpressionPtr& expression) { return !expression || expression->is_constant(); }

bool all_constant(const std::vector<ExpressionPtr>& list) {
  return std::all_of(list.begin(), list.end(), [](const ExpressionPtr& item) { return item->is_constant(); });
}

bool is_parameter(const ExpressionPtr& expression) {
  const Constant* constant = expression ? expression->get_if<Constant>() : nullptr;
  return constant != nullptr && constant->parameter != 0;
}

// Whether a direct operand is a bind parameter; of logical operators the one that chooses.
struct HasParameter {
  template <typename T>
  bool operator()(const T&) const {
    return false;
  }
  bool operator()(const AttributeAccess& node) const { return is_parameter(node.object); }
  bool operator()(const IndexedAccess& node) const { return is_parameter(node.object) || is_parameter(node.index); }
  bool operator()(const Unary& node) const { return is_parameter(node.operand); }
  bool operator()(const Binary& node) const { return is_parameter(node.left) || is_parameter(node.right); }
  bool operator()(const Ternary& node) const { return is_parameter(node.condition); }
  bool operator()(const ArrayComparison& node) const {
    return is_parameter(node.left) || is_parameter(node.right) || is_parameter(node.at_least);
  }
  bool operator()(const FunctionCall& node) const { return std::ranges::any_of(node.arguments, is_parameter); }
  bool operator()(const ArrayLiteral& node) const { return std::ranges::any_of(node.items, is_parameter); }
  bool operator()(const ObjectLiteral& node) const {
    return std::ranges::any_of(node.attributes, [](const auto& attribute) { return is_parameter(attribute.value); });
  }
};

value::Slice constant_of(const ExpressionPtr& expression) { return expression->get_if<Constant>()->value.slice(); }

bool may_fold(const FunctionCall& call) {
  constexpr uint32_t kForbidden = functions::kReadsDocuments | functions::kTakesCollection | functions::kInternal;
  return call.function != nullptr && call.function->is_deterministic() && (call.function->flags & kForbidden) == 0 &&
         all_constant(call.arguments);
}

// Whether the evaluator may be asked.
struct IsEvaluable {
  template <typename T>
  bool operator()(const T&) const {
    return false;
  }
  bool operator()(const IndexedAccess& node) const { return is_constant(node.object) && is_constant(node.index); }
  bool operator()(const Unary& node) const { return is_constant(node.operand); }
  bool operator()(const Binary& node) const { return is_constant(node.left) && is_constant(node.right); }
  bool operator()(const ArrayComparison& node) const {
    return is_constant(node.left) && is_constant(node.right) && is_constant(node.at_least);
  }
  bool operator()(const FunctionCall& node) const { return may_fold(node); }
};

// The operand that a logical operator with a known left side comes down to, or null.
ExpressionPtr* chosen_operand(Expression& expression) {
  if (Binary* binary = expression.get_if<Binary>()) {
    bool is_logical = binary->op == BinaryOperator::kAnd || binary->op == BinaryOperator::kOr;
    if (!is_logical || !binary->left->is_constant()) return nullptr;
    bool takes_left = value::is_truthy(constant_of(binary->left)) == (binary->op == BinaryOperator::kOr);
    return takes_left ? &binary->left : &binary->right;
  }
  if (Ternary* ternary = expression.get_if<Ternary>()) {
    if (!ternary->condition->is_constant()) return nullptr;
    if (!value::is_truthy(constant_of(ternary->condition))) return &ternary->when_false;
    return ternary->when_true ? &ternary->when_true : &ternary->condition;
  }
  return nullptr;
}

// Values that need no evaluator.
std::optional<value::Buffer> literal_value(const Expression& expression) {
  value::Builder builder;
  if (const auto* access = expression.get_if<AttributeAccess>()) {
    if (!access->object->is_constant()) return std::nullopt;
    value::Slice object = constant_of(access->object);
    builder.slice(object.is_object() ? object.get(access->name) : value::Slice::null());
    return builder.take();
  }
  if (const auto* array = expression.get_if<ArrayLiteral>()) {
    if (!all_constant(array->items)) return std::nullopt;
    builder.open_array();
    for (const ExpressionPtr& item : array->items) builder.slice(constant_of(item));
    builder.close();
    return builder.take();
  }
  if (const auto* object = expression.get_if<ObjectLiteral>()) {
    builder.open_object();
    for (const auto& attribute : object->attributes) {
      if (attribute.computed_name || !attribute.value->is_constant()) return std::nullopt;
      builder.add(attribute.name, constant_of(attribute.value));
    }
    builder.close();
    return builder.take();
  }
  return std::nullopt;
}

}  // namespace

bool fold(ExpressionPtr& expression, ConstantEvaluator* evaluator) {
  bool by_value = std::visit(HasParameter(), expression->node);
  if (ExpressionPtr* chosen = chosen_operand(*expression)) {
    ExpressionPtr kept = std::move(*chosen);
    expression = std::move(kept);
    return by_value;
  }
  bool names_by_value = false;
  if (auto* object = expression->get_if<ObjectLiteral>()) {
    for (auto& attribute : object->attributes) {  // {[ "a" ]: 1} is {a: 1}
      if (!attribute.computed_name || !attribute.computed_name->is_constant()) continue;
      if (!constant_of(attribute.computed_name).is_string()) continue;
      names_by_value |= is_parameter(attribute.computed_name);
      attribute.name = constant_of(attribute.computed_name).as_string();
      attribute.computed_name = nullptr;
    }
  }
  std::optional<value::Buffer> result = literal_value(*expression);
  if (!result && evaluator != nullptr && std::visit(IsEvaluable(), expression->node)) {
    result = evaluator->evaluate(*expression);
    if (result && result->bytes().size() > kMaxFoldedBytes) return false;
  }
  if (!result) return names_by_value;
  Position position = expression->position;  // the expression dies before its copy is made
  expression = make_expression(Constant{*std::move(result)}, position);
  return by_value || names_by_value;
}

}  // namespace workerdb::aql::semantics

// Subqueries are pulled out of expressions into nodes in front of the statement; a reference takes their place. On the
// lazy sides of ?:, && and || they get the condition under which the side is reached.
#include <fmt/format.h>

#include "aql/plan/builder.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

using base::Error;
using base::ErrorCode;
using syntax::Binary;
using syntax::BinaryOperator;
using syntax::Expression;
using syntax::make_expression;

namespace {

ExpressionPtr integer(int64_t number) {
  value::Builder builder;
  builder.integer(number);
  return make_expression(syntax::Constant{builder.take()});
}

ExpressionPtr binary(BinaryOperator op, ExpressionPtr left, ExpressionPtr right) {
  return make_expression(Binary{op, std::move(left), std::move(right)});
}

// The condition of a side: what was known before, and that `known` is truthy (or is not).
ExpressionPtr side_condition(const Expression* before, const Expression& known, bool is_true) {
  ExpressionPtr side = syntax::clone(known);
  if (!is_true) side = make_expression(syntax::Unary{syntax::UnaryOperator::kNot, std::move(side)});
  return before == nullptr ? std::move(side) : binary(BinaryOperator::kAnd, syntax::clone(*before), std::move(side));
}

base::Result<ExpressionPtr> call(const char* name, ExpressionPtr first, ExpressionPtr second = nullptr) {
  syntax::FunctionCall function;
  function.name = name;
  function.function = functions::find_function(name);
  if (function.function == nullptr) {
    return Error(ErrorCode::kQueryFunctionNameUnknown, fmt::format("usage of unknown function '{}()'", name));
  }
  function.arguments.push_back(std::move(first));
  if (second) function.arguments.push_back(std::move(second));
  return make_expression(std::move(function));
}

bool contains_optional(const ExpressionPtr& expression) { return expression && contains_subquery(*expression); }

}  // namespace

bool contains_subquery(const Expression& expression) {
  if (expression.get_if<syntax::Subquery>()) return true;
  bool found = false;
  for_each_operand(expression, [&](const Expression& operand) { found = found || contains_subquery(operand); });
  return found;
}

base::Result<> PlanBuilder::extract(ExpressionPtr& expression, const Expression* condition) {
  if (!contains_subquery(*expression)) return {};
  if (expression->get_if<syntax::Subquery>()) return extract_subquery(expression, condition);
  if (auto* ternary = expression->get_if<syntax::Ternary>()) {
    return extract_lazy(ternary->condition, ternary->when_true, ternary->when_false, condition);
  }
  if (Binary* node = expression->get_if<Binary>()) {
    ExpressionPtr none;
    if (node->op == BinaryOperator::kAnd) return extract_lazy(node->left, node->right, none, condition);
    if (node->op == BinaryOperator::kOr) return extract_lazy(node->left, none, node->right, condition);
  }
  if (auto* expansion = expression->get_if<syntax::Expansion>()) {
    if (contains_optional(expansion->filter) || contains_optional(expansion->projection) ||
        contains_optional(expansion->offset) || contains_optional(expansion->count)) {
      return extract_expansion(expression, condition);
    }
  }
  if (auto* question = expression->get_if<syntax::QuestionMark>()) {
    if (contains_optional(question->filter)) return extract_question_mark(expression, condition);
  }
  base::Result<> result;
  for_each_operand(*expression, [&](ExpressionPtr& operand) {
    if (result) result = extract(operand, condition);
  });
  return result;
}

base::Result<> PlanBuilder::add_subquery(std::unique_ptr<Plan> plan, VariableId variable, const Expression* condition) {
  Subquery node;
  node.plan = std::move(plan);
  node.variable = variable;
  if (condition != nullptr) node.condition = syntax::clone(*condition);
  Node probe;
  probe.kind = Node::Kind(std::in_place_type<Subquery>, std::move(node));
  Subquery& made = *probe.get_if<Subquery>();
  ExpressionPtr kept = std::move(made.condition);  // the condition is the row's, not the plan's
  std::vector<VariableId> used;
  collect_used_variables(probe, used);
  made.condition = std::move(kept);
  made.is_constant = used.empty() && is_deterministic(*made.plan);
  return push(std::move(probe.kind));
}

base::Result<> PlanBuilder::extract_subquery(ExpressionPtr& expression, const Expression* condition) {
  VariableId variable = internal_variable();
  auto plan = TRY(build_chain(*expression->get_if<syntax::Subquery>()->query));
  TRY(add_subquery(std::move(plan), variable, condition));
  expression = reference(variable);
  return {};
}

base::Result<> PlanBuilder::name_value(ExpressionPtr& expression, const Expression* condition) {
  if (expression->get_if<syntax::Reference>() || expression->is_constant()) return {};
  ExpressionPtr value = std::move(expression);
  if (condition != nullptr) {
    value = make_expression(syntax::Ternary{syntax::clone(*condition), std::move(value),
                                            make_expression(syntax::Constant{value::Buffer(value::Slice::null())})});
  }
  VariableId variable = internal_variable();
  TRY(push(Calculation{std::move(value), variable}));
  expression = reference(variable);
  return {};
}

base::Result<> PlanBuilder::extract_lazy(ExpressionPtr& known, ExpressionPtr& when_true, ExpressionPtr& when_false,
                                         const Expression* condition) {
  TRY(extract(known, condition));
  if (!contains_optional(when_true) && !contains_optional(when_false)) return {};
  TRY(name_value(known, condition));
  if (contains_optional(when_true)) TRY(extract(when_true, side_condition(condition, *known, true).get()));
  if (contains_optional(when_false)) TRY(extract(when_false, side_condition(condition, *known, false).get()));
  return {};
}

// array[* … (subquery) …]: the subquery may read CURRENT, so the expansion becomes a loop of its own.
base::Result<ExpressionPtr> PlanBuilder::element_loop(ExpressionPtr array, VariableId element, ExpressionPtr filter,
                                                      std::optional<Limit> limit, ExpressionPtr projection,
                                                      const Expression* condition) {
  auto plan = std::make_unique<Plan>();
  Plan* before = chain_;
  chain_ = plan.get();
  TRY(push(Singleton{}));
  TRY(push(EnumerateList{std::move(array), element}));
  if (filter) {
    TRY(extract(filter));
    TRY(push(Filter{std::move(filter)}));
  }
  if (limit) TRY(push(*limit));
  if (!projection) projection = reference(element);
  replace_variable(projection, element, *reference(element));  // the unnamed member of a suffix gets a name
  TRY(extract(projection));
  TRY(push(Return{std::move(projection)}));
  chain_ = before;
  VariableId variable = internal_variable();
  TRY(add_subquery(std::move(plan), variable, condition));
  return reference(variable);
}

base::Result<> PlanBuilder::extract_expansion(ExpressionPtr& expression, const Expression* condition) {
  auto& expansion = *expression->get_if<syntax::Expansion>();
  std::optional<Limit> limit;
  for (const ExpressionPtr* number : {&expansion.offset, &expansion.count}) {
    if (!*number) continue;
    const auto* constant = (*number)->get_if<syntax::Constant>();
    if (constant == nullptr || !constant->value.slice().is_int64() || constant->value.slice().as_int64() < 0) {
      return Error(ErrorCode::kNotImplemented,
                   fmt::format("a subquery beside a computed LIMIT inside of [*] is not supported, at position {}:{}",
                               expression->position.line, expression->position.column));
    }
    if (!limit) limit = Limit{};
    (number == &expansion.offset ? limit->offset : limit->count) = uint64_t(constant->value.slice().as_int64());
  }
  TRY(extract(expansion.array, condition));
  TRY(name_value(expansion.array, condition));
  // Anything but an array has no members here; FOR would refuse it.
  ExpressionPtr array = make_expression(
      syntax::Ternary{TRY(call("IS_ARRAY", syntax::clone(*expansion.array))), std::move(expansion.array),
                      make_expression(syntax::Constant{value::Buffer(value::Slice::empty_array())})});
  if (expansion.levels > 1) array = TRY(call("FLATTEN", std::move(array), integer(expansion.levels - 1)));
  ExpressionPtr loop = TRY(element_loop(std::move(array), expansion.element, std::move(expansion.filter), limit,
                                        std::move(expansion.projection), condition));
  expression = std::move(loop);
  return {};
}

// The documentation's table: each form is a comparison with the number of members that pass the filter.
base::Result<> PlanBuilder::extract_question_mark(ExpressionPtr& expression, const Expression* condition) {
  auto& question = *expression->get_if<syntax::QuestionMark>();
  TRY(extract(question.array, condition));
  TRY(name_value(question.array, condition));
  if (question.low) TRY(extract(question.low, condition));
  if (question.high) TRY(extract(question.high, condition));
  ExpressionPtr array = make_expression(
      syntax::Ternary{TRY(call("IS_ARRAY", syntax::clone(*question.array))), syntax::clone(*question.array),
                      make_expression(syntax::Constant{value::Buffer(value::Slice::empty_array())})});
  ExpressionPtr members = TRY(
      element_loop(std::move(array), question.element, std::move(question.filter), std::nullopt, nullptr, condition));
  ExpressionPtr count = TRY(call("LENGTH", std::move(members)));
  ExpressionPtr result;
  switch (question.quantifier) {
    case syntax::Quantifier::kAny: result = binary(BinaryOperator::kGreater, std::move(count), integer(0)); break;
    case syntax::Quantifier::kNone: result = binary(BinaryOperator::kEqual, std::move(count), integer(0)); break;
    case syntax::Quantifier::kAll:
      result = binary(BinaryOperator::kEqual, std::move(count), TRY(call("LENGTH", std::move(question.array))));
      break;
    case syntax::Quantifier::kAtLeast:
      result = binary(BinaryOperator::kGreaterEqual, std::move(count), std::move(question.low));
      break;
    case syntax::Quantifier::kExactly:
      result = binary(BinaryOperator::kEqual, std::move(count), std::move(question.low));
      break;
    case syntax::Quantifier::kBetween: {
      ExpressionPtr at_least = binary(BinaryOperator::kGreaterEqual, syntax::clone(*count), std::move(question.low));
      ExpressionPtr at_most = binary(BinaryOperator::kLessEqual, std::move(count), std::move(question.high));
      result = binary(BinaryOperator::kAnd, std::move(at_least), std::move(at_most));
    }
  }
  expression = std::move(result);
  return {};
}

}  // namespace workerdb::aql::plan

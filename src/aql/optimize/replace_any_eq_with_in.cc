// replace-any-eq-with-in: list ANY == value → value IN list, which indexes serve.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

bool replace(ExpressionPtr& expression) {
  bool changed = false;
  plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { changed |= replace(operand); });
  auto* any = expression->get_if<syntax::ArrayComparison>();
  if (any == nullptr || any->quantifier != syntax::Quantifier::kAny || any->op != BinaryOperator::kEqual ||
      any->at_least) {
    return changed;
  }
  expression = syntax::make_expression(Binary{BinaryOperator::kIn, std::move(any->right), std::move(any->left)});
  return true;
}

}  // namespace

bool replace_any_eq_with_in(Context&, Plan& chain) {
  bool changed = false;
  for (const NodePtr& node : chain.nodes) {
    if (auto* filter = node->get_if<plan::Filter>()) changed |= replace(filter->condition);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

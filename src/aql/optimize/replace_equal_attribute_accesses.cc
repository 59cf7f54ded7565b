// replace-equal-attribute-accesses: behind FILTER a.x == b.y, b.y is read as a.x. Off unless asked for.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

struct Equal {
  ExpressionPtr kept, replaced;
};

bool is_attribute(const Expression& expression) {
  return expression.get_if<syntax::AttributeAccess>() != nullptr && plan::is_simple(expression);
}

std::vector<Equal> equalities(const Expression& condition) {
  std::vector<const Expression*> parts;
  split_conjunction(condition, parts);
  std::vector<Equal> result;
  for (const Expression* part : parts) {
    const auto* binary = part->get_if<Binary>();
    if (binary == nullptr || binary->op != BinaryOperator::kEqual) continue;
    if (!is_attribute(*binary->left) || !is_attribute(*binary->right)) continue;
    result.push_back({syntax::clone(*binary->left), syntax::clone(*binary->right)});
  }
  return result;
}

bool replace(ExpressionPtr& expression, const Equal& equal) {
  if (plan::same_expression(*expression, *equal.replaced)) {
    expression = syntax::clone(*equal.kept);
    return true;
  }
  bool changed = false;
  plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { changed |= replace(operand, equal); });
  return changed;
}

}  // namespace

bool replace_equal_attribute_accesses(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    const auto* filter = chain.nodes[i]->get_if<plan::Filter>();
    if (filter == nullptr) continue;
    for (const Equal& equal : equalities(*filter->condition)) {
      for (size_t behind = i + 1; behind < chain.nodes.size() && !chain.nodes[behind]->get_if<plan::Collect>();
           ++behind) {
        for_each_expression_within(*chain.nodes[behind],
                                   [&](ExpressionPtr& expression) { changed |= replace(expression, equal); });
      }
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

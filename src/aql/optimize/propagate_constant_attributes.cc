// propagate-constant-attributes: FILTER a.x == 5 && b.y == a.x → FILTER a.x == 5 && b.y == 5, so that the
// second loop does not need the first one.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

struct Known {
  const Expression* attribute;  // borrowed from the condition that says so
  const Expression* constant;
};

bool is_attribute(const Expression& expression) {
  return expression.get_if<syntax::AttributeAccess>() != nullptr && plan::is_simple(expression);
}

// The comparisons with == of a conjunction.
void visit_equalities(Expression& condition, const std::function<void(Binary&)>& visit) {
  Binary* binary = condition.get_if<Binary>();
  if (binary == nullptr) return;
  if (binary->op == BinaryOperator::kAnd) {
    visit_equalities(*binary->left, visit);
    visit_equalities(*binary->right, visit);
  } else if (binary->op == BinaryOperator::kEqual) {
    visit(*binary);
  }
}

bool replace(ExpressionPtr& side, const std::vector<Known>& known) {
  for (const Known& one : known) {
    if (!plan::same_expression(*side, *one.attribute)) continue;
    side = syntax::clone(*one.constant);
    return true;
  }
  return false;
}

}  // namespace

bool propagate_constant_attributes(Context&, Plan& chain) {
  bool changed = false;
  for (size_t begin = 1; begin < chain.nodes.size(); ++begin) {
    size_t end = begin;
    std::vector<Known> known;
    auto visit_filters = [&](const std::function<void(Binary&)>& visit) {
      for (end = begin; end < chain.nodes.size() && lets_filters_pass(*chain.nodes[end]); ++end) {
        auto* filter = chain.nodes[end]->get_if<plan::Filter>();
        if (filter != nullptr) visit_equalities(*filter->condition, visit);
      }
    };
    visit_filters([&](Binary& equality) {
      if (equality.right->is_constant() && is_attribute(*equality.left)) {
        known.push_back({equality.left.get(), equality.right.get()});
      } else if (equality.left->is_constant() && is_attribute(*equality.right)) {
        known.push_back({equality.right.get(), equality.left.get()});
      }
    });
    visit_filters([&](Binary& equality) {
      if (!is_attribute(*equality.left) || !is_attribute(*equality.right)) return;
      changed |= replace(equality.right, known) || replace(equality.left, known);
    });
    begin = end;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

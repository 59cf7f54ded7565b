// sort-in-values: a list that many rows are looked up in is sorted once, in front of their loop, and searched by
// halves. Constants and bind parameters need no rule: they are hashed.
#include <algorithm>

#include "aql/functions/registry.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

// The node that makes the variable, if that is an array for certain.
std::optional<size_t> list_made_at(const Plan& chain, size_t before, VariableId variable) {
  for (size_t i = 1; i < before; ++i) {
    const auto* subquery = chain.nodes[i]->get_if<plan::Subquery>();
    if (subquery != nullptr && subquery->variable == variable && subquery->condition == nullptr) return i;
    const auto* calculation = chain.nodes[i]->get_if<plan::Calculation>();
    if (calculation != nullptr && calculation->variable == variable &&
        calculation->expression->get_if<syntax::ArrayLiteral>()) {
      return i;
    }
  }
  return std::nullopt;
}

bool has_loop_between(const Plan& chain, size_t from, size_t to) {
  for (size_t i = from + 1; i < to; ++i) {
    if (is_loop(*chain.nodes[i])) return true;
  }
  return false;
}

// The first lookup in a list that is worth sorting.
Binary* find_lookup(const Plan& chain, size_t position, Expression& expression) {
  if (auto* binary = expression.get_if<Binary>()) {
    bool is_in = binary->op == BinaryOperator::kIn || binary->op == BinaryOperator::kNotIn;
    const auto* list = is_in && !binary->is_sorted ? binary->right->get_if<syntax::Reference>() : nullptr;
    auto made = list != nullptr ? list_made_at(chain, position, list->variable) : std::nullopt;
    if (made && has_loop_between(chain, *made, position)) return binary;
  }
  Binary* found = nullptr;
  plan::for_each_operand(expression, [&](ExpressionPtr& operand) {
    if (found == nullptr) found = find_lookup(chain, position, *operand);
  });
  return found;
}

bool sort_list(Context& context, Plan& chain, size_t position) {
  Binary* lookup = nullptr;
  plan::for_each_expression(*chain.nodes[position], [&](ExpressionPtr& expression) {
    if (lookup == nullptr) lookup = find_lookup(chain, position, *expression);
  });
  if (lookup == nullptr) return false;
  auto made = list_made_at(chain, position, lookup->right->get_if<syntax::Reference>()->variable);
  plan::Calculation sorted;
  sorted.variable = context.make_variable();
  syntax::FunctionCall call{"SORTED_UNIQUE", {}, functions::find_function("SORTED_UNIQUE")};
  call.arguments.push_back(std::move(lookup->right));
  sorted.expression = syntax::make_expression(std::move(call));
  lookup->right = context.reference(sorted.variable);
  lookup->is_sorted = true;
  chain.nodes.insert(chain.nodes.begin() + ptrdiff_t(*made) + 1, context.make_node(std::move(sorted)));
  return true;
}

}  // namespace

bool sort_in_values(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    const Node& node = *chain.nodes[i];
    if (!node.get_if<plan::Filter>() && !node.get_if<plan::Calculation>()) continue;
    while (sort_list(context, chain, i)) {
      changed = true;
      ++i;
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

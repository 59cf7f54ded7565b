// optimize-count: a subquery of which only the number of rows is wanted counts them instead of gathering
// them.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"
#include "aql/optimize/subquery_uses.h"

namespace workerdb::aql::optimize {

namespace {

// A sort without LIMIT behind it changes no number.
void remove_sorts(Plan& inner) {
  for (size_t i = inner.nodes.size(); i-- > 0;) {
    if (inner.nodes[i]->get_if<plan::Sort>()) {
      inner.nodes.erase(inner.nodes.begin() + ptrdiff_t(i));
    } else if (!inner.nodes[i]->get_if<plan::Return>() && !lets_filters_pass(*inner.nodes[i])) {
      return;
    }
  }
}

void replace_lengths(ExpressionPtr& expression, VariableId variable) {
  if (!is_length_of(*expression, variable)) {
    plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { replace_lengths(operand, variable); });
    return;
  }
  value::Builder zero;
  zero.integer(0);
  ExpressionPtr rows = std::move(expression->get_if<syntax::FunctionCall>()->arguments[0]);
  expression = syntax::make_expression(syntax::IndexedAccess{std::move(rows), make_constant(zero.slice())});
}

bool count_rows(Context& context, plan::Subquery& subquery) {
  Plan& inner = *subquery.plan;
  auto* result = inner.nodes.back()->get_if<plan::Return>();
  if (result == nullptr || !plan::is_deterministic(*result->expression)) return false;
  remove_sorts(inner);
  plan::Collect count;
  count.method = plan::CollectMethod::kCount;
  VariableId number = context.make_variable();
  count.aggregations.push_back({number, functions::find_aggregate("LENGTH"), nullptr});
  result->expression = context.reference(number);
  inner.nodes.insert(inner.nodes.end() - 1, context.make_node(std::move(count)));
  return true;
}

}  // namespace

bool optimize_count(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* subquery = chain.nodes[i]->get_if<plan::Subquery>();
    if (subquery == nullptr || subquery->condition || subquery->needed_rows != 0) continue;
    if (plan::has_modification(*subquery->plan)) continue;
    SubqueryUses uses = uses_of_subquery(chain, i);
    if (uses.other || uses.first || !uses.length || !count_rows(context, *subquery)) continue;
    for (size_t behind = i + 1; behind < chain.nodes.size(); ++behind) {
      for_each_expression_within(*chain.nodes[behind],
                                 [&](ExpressionPtr& expression) { replace_lengths(expression, subquery->variable); });
    }
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

// remove-redundant-calculations: the same expression is computed once.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// A calculation in front that gives the same; not over COLLECT, behind which its variable is gone.
const plan::Calculation* same_before(const Plan& chain, size_t position) {
  const auto& calculation = *chain.nodes[position]->get_if<plan::Calculation>();
  for (size_t i = position; i-- > 0;) {
    if (chain.nodes[i]->get_if<plan::Collect>()) return nullptr;
    const auto* other = chain.nodes[i]->get_if<plan::Calculation>();
    if (other != nullptr && plan::same_expression(*other->expression, *calculation.expression)) return other;
  }
  return nullptr;
}

}  // namespace

bool remove_redundant_calculations(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size();) {
    const auto* calculation = chain.nodes[i]->get_if<plan::Calculation>();
    const plan::Calculation* same = nullptr;
    if (calculation != nullptr && plan::is_deterministic(*calculation->expression)) same = same_before(chain, i);
    if (same == nullptr) {
      ++i;
      continue;
    }
    ExpressionPtr reference = context.reference(same->variable);
    for (size_t behind = i + 1; behind < chain.nodes.size(); ++behind) {
      plan::replace_variable(*chain.nodes[behind], calculation->variable, *reference);
    }
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

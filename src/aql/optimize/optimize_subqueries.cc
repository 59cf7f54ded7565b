// optimize-subqueries: of a subquery whose first row is all that is asked for, no second row is computed; and
// where only the number of rows matters, not what they are.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"
#include "aql/optimize/subquery_uses.h"

namespace workerdb::aql::optimize {

namespace {

bool empty_rows(Plan& inner) {
  auto* result = inner.nodes.back()->get_if<plan::Return>();
  if (result == nullptr || result->expression->is_constant() || !plan::is_deterministic(*result->expression))
    return false;
  result->expression = make_constant(value::Slice::boolean(true));
  return true;
}

}  // namespace

bool optimize_subqueries(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* subquery = chain.nodes[i]->get_if<plan::Subquery>();
    if (subquery == nullptr || plan::has_modification(*subquery->plan)) continue;
    SubqueryUses uses = uses_of_subquery(chain, i);
    if (uses.other || !(uses.exists || uses.first || uses.length)) continue;
    if (!uses.length && subquery->needed_rows == 0) {
      subquery->needed_rows = 1;
      changed = true;
    }
    if (!uses.first) changed |= empty_rows(*subquery->plan);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

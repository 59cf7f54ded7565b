// move-calculations-down: what is read only behind FILTER, SORT and LIMIT is computed behind them, for fewer
// rows.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// The last position that the calculation may take; its own if no row is spared on the way.
size_t target(const Plan& chain, size_t position) {
  VariableId variable = chain.nodes[position]->get_if<plan::Calculation>()->variable;
  size_t result = position;
  for (size_t at = position + 1; at < chain.nodes.size(); ++at) {
    const Node& behind = *chain.nodes[at];
    bool drops_rows = behind.get_if<plan::Filter>() || behind.get_if<plan::Limit>();
    if (!drops_rows && !behind.get_if<plan::Sort>() && !keeps_rows(behind)) break;
    if (plan::uses_variable(behind, variable)) break;
    if (drops_rows) result = at;
  }
  return result;
}

}  // namespace

bool move_calculations_down(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = chain.nodes.size(); i-- > 1;) {
    const auto* calculation = chain.nodes[i]->get_if<plan::Calculation>();
    if (calculation == nullptr || !plan::is_deterministic(*calculation->expression)) continue;
    size_t to = target(chain, i);
    if (to == i) continue;
    move_node(chain, i, to);
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

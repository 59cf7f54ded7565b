// move-calculations-up: what does not depend on a loop is computed once in front of it.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool is_movable(const Node& node) {
  if (const auto* calculation = node.get_if<plan::Calculation>())
    return plan::is_deterministic(*calculation->expression);
  const auto* subquery = node.get_if<plan::Subquery>();
  if (subquery == nullptr) return false;
  if (subquery->condition != nullptr && !plan::is_deterministic(*subquery->condition)) return false;
  return plan::is_deterministic(*subquery->plan);
}

// The position in front of the outermost loop that the node does not depend on; its own if there is none.
size_t target(const Plan& chain, size_t position) {
  const Node& node = *chain.nodes[position];
  const auto* calculation = node.get_if<plan::Calculation>();
  bool is_simple = calculation != nullptr && plan::is_simple(*calculation->expression);
  size_t result = position;
  for (size_t at = position; at > 1; --at) {
    const Node& before = *chain.nodes[at - 1];
    if (!lets_filters_pass(before)) break;
    if (before.get_if<plan::Filter>() && !is_simple) break;
    if (uses_any(node, plan::set_variables(before))) break;
    if (is_loop(before)) result = at - 1;
  }
  return result;
}

}  // namespace

bool move_calculations_up(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 2; i < chain.nodes.size(); ++i) {
    if (!is_movable(*chain.nodes[i])) continue;
    size_t to = target(chain, i);
    if (to == i) continue;
    move_node(chain, i, to);
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

// move-filters-up: conditions are asked as early as what they read is there. Parts of a condition move on
// their own.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// Where the condition could stand, at or in front of `position`.
size_t target(const Plan& chain, size_t position, const Expression& condition) {
  if (!plan::is_deterministic(condition)) return position;
  bool is_simple = plan::is_simple(condition);
  size_t result = position;
  for (size_t at = position; at > 1; --at) {
    const Node& before = *chain.nodes[at - 1];
    if (!lets_filters_pass(before)) break;
    if (uses_any(condition, plan::set_variables(before))) break;
    bool is_filter = before.get_if<plan::Filter>() != nullptr;
    if (is_filter && !is_simple) break;  // it may guard what would warn
    if (!is_filter) result = at - 1;
  }
  return result;
}

}  // namespace

bool move_filters_up(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* filter = chain.nodes[i]->get_if<plan::Filter>();
    if (filter == nullptr) continue;
    std::vector<const Expression*> parts;
    split_conjunction(*filter->condition, parts);
    bool moves = false;
    for (const Expression* part : parts) moves = moves || target(chain, i, *part) < i;
    if (!moves) continue;
    changed = true;
    std::vector<ExpressionPtr> taken;
    take_conjunction(std::move(filter->condition), taken);
    std::vector<NodePtr> nodes;
    for (ExpressionPtr& part : taken) nodes.push_back(context.make_node(plan::Filter{std::move(part)}));
    nodes[0]->id = chain.nodes[i]->id;
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i));
    for (size_t part = 0; part < nodes.size(); ++part) {
      auto at = chain.nodes.insert(chain.nodes.begin() + ptrdiff_t(i + part), std::move(nodes[part]));
      size_t to = target(chain, i + part, *(*at)->get_if<plan::Filter>()->condition);
      if (to < i + part) move_node(chain, i + part, to);
    }
    i += nodes.size() - 1;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

// remove-unnecessary-filters: conditions that are constants. What holds always goes away; behind what never
// holds there are no rows.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"
#include "value/order.h"

namespace workerdb::aql::optimize {

bool remove_unnecessary_filters(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size();) {
    auto* filter = chain.nodes[i]->get_if<plan::Filter>();
    std::vector<const Expression*> parts;
    if (filter != nullptr) split_conjunction(*filter->condition, parts);
    if (std::ranges::none_of(parts, [](const Expression* part) { return part->is_constant(); })) {
      ++i;
      continue;
    }
    changed = true;
    std::vector<ExpressionPtr> taken;
    take_conjunction(std::move(filter->condition), taken);
    bool never = false;
    std::erase_if(taken, [&](const ExpressionPtr& part) {
      const auto* constant = part->get_if<syntax::Constant>();
      context.looked_into(*part);
      never = never || (constant != nullptr && !value::is_truthy(constant->value.slice()));
      return constant != nullptr;
    });
    if (never) {
      chain.nodes[i]->kind = plan::NoResults{};
    } else if (taken.empty()) {
      chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i));
      continue;
    } else {
      filter->condition = join_conjunction(std::move(taken));
    }
    ++i;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

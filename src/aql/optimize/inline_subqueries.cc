// inline-subqueries: FOR x IN (FOR y IN … RETURN e) runs the loops in each other, without an array in
// between.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// The loop over the subquery's rows, if that is all that becomes of them.
std::optional<size_t> only_loop(const Plan& chain, size_t position) {
  VariableId variable = chain.nodes[position]->get_if<plan::Subquery>()->variable;
  std::optional<size_t> loop;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    if (!plan::uses_variable(*chain.nodes[i], variable)) {
      if (!loop && !keeps_rows(*chain.nodes[i])) return std::nullopt;
      continue;
    }
    const auto* list = chain.nodes[i]->get_if<plan::EnumerateList>();
    if (loop || list == nullptr || !plan::is_reference_to(*list->list, variable)) return std::nullopt;
    loop = i;
  }
  return loop;
}

// COLLECT and LIMIT see all rows of the subquery, and so does SORT, where more than one outer row arrives.
bool may_stand_outside(const Plan& inner, bool has_single_outer_row) {
  return inner.nodes.back()->get_if<plan::Return>() &&
         std::all_of(inner.nodes.begin() + 1, inner.nodes.end() - 1, [&](const NodePtr& node) {
           return lets_filters_pass(*node) && (has_single_outer_row || !node->get_if<plan::Sort>());
         });
}

void inline_at(Plan& chain, size_t position, size_t loop) {
  Plan inner = std::move(*chain.nodes[position]->get_if<plan::Subquery>()->plan);
  Node& list = *chain.nodes[loop];
  VariableId row = list.get_if<plan::EnumerateList>()->variable;
  list.kind = plan::Calculation{std::move(inner.nodes.back()->get_if<plan::Return>()->expression), row};
  auto first = std::make_move_iterator(inner.nodes.begin() + 1), last = std::make_move_iterator(inner.nodes.end() - 1);
  chain.nodes.insert(chain.nodes.begin() + ptrdiff_t(loop), first, last);
  chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(position));
}

}  // namespace

bool inline_subqueries(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    const auto* subquery = chain.nodes[i]->get_if<plan::Subquery>();
    if (subquery == nullptr || subquery->condition || plan::has_modification(*subquery->plan)) continue;
    auto loop = only_loop(chain, i);
    if (!loop || !may_stand_outside(*subquery->plan, has_single_row(chain, i))) continue;
    inline_at(chain, i, *loop);
    changed = true;
    --i;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

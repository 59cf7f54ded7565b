// sort-limit: a SORT behind which LIMIT, or who runs the subquery, takes the first rows keeps only those.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// Rows that are wanted of what the node at `position` gives; 0: all. `of_chain`: that are wanted of the whole
// chain.
uint64_t wanted_behind(const Context& context, const Plan& chain, size_t position, uint64_t of_chain) {
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    const auto* limit = chain.nodes[i]->get_if<plan::Limit>();
    if (limit != nullptr) {
      if (limit->full_count || (context.settings.full_count && context.is_root(chain))) return 0;
      return limit->count > UINT64_MAX - limit->offset ? 0 : limit->offset + limit->count;
    }
    if (chain.nodes[i]->get_if<plan::Return>()) return of_chain;
    if (!keeps_rows(*chain.nodes[i])) return 0;
  }
  return 0;
}

bool limit_sorts(const Context& context, Plan& chain, uint64_t of_chain) {
  bool changed = false;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    auto* sort = chain.nodes[i]->get_if<plan::Sort>();
    if (sort == nullptr || sort->limit != 0) continue;
    sort->limit = wanted_behind(context, chain, i, of_chain);
    changed |= sort->limit != 0;
  }
  return changed;
}

}  // namespace

bool sort_limit(Context& context, Plan& chain) {
  bool changed = limit_sorts(context, chain, 0);
  for (NodePtr& node : chain.nodes) {
    auto* subquery = node->get_if<plan::Subquery>();
    if (subquery != nullptr) changed |= limit_sorts(context, *subquery->plan, subquery->needed_rows);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

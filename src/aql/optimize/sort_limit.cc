// sort-limit: a SORT behind which LIMIT takes the first rows keeps only those.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// Rows that are wanted of what the node at `position` gives; 0: all.
uint64_t wanted_behind(const Context& context, const Plan& chain, size_t position) {
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    const auto* limit = chain.nodes[i]->get_if<plan::Limit>();
    if (limit != nullptr) {
      if (limit->full_count || (context.settings.full_count && context.is_root(chain))) return 0;
      return limit->count > UINT64_MAX - limit->offset ? 0 : limit->offset + limit->count;
    }
    if (!keeps_rows(*chain.nodes[i])) return 0;
  }
  return 0;
}

}  // namespace

bool sort_limit(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    auto* sort = chain.nodes[i]->get_if<plan::Sort>();
    if (sort == nullptr || sort->limit != 0) continue;
    sort->limit = wanted_behind(context, chain, i);
    changed |= sort->limit != 0;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

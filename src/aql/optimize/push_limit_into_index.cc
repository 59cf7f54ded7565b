// push-limit-into-index: an index stops after as many documents as a LIMIT right behind it can want.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool push_limit_into_index(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* scan = chain.nodes[i]->get_if<plan::IndexScan>();
    if (scan == nullptr || scan->limit != 0) continue;
    size_t behind = i + 1;
    while (behind < chain.nodes.size() && keeps_rows(*chain.nodes[behind])) ++behind;
    const auto* limit = behind < chain.nodes.size() ? chain.nodes[behind]->get_if<plan::Limit>() : nullptr;
    if (limit == nullptr || limit->full_count || limit->count > UINT64_MAX - limit->offset) continue;
    if (context.settings.full_count && context.is_root(chain)) continue;
    scan->limit = limit->offset + limit->count;
    changed |= scan->limit != 0;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

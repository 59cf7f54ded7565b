// use-indexes: a scan of a collection with conditions on its documents becomes a lookup in an index. The
// filters stay; remove-filter-covered-by-index takes away those that nothing is left of.
#include "aql/optimize/index_match.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool use_indexes(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    auto* scan = chain.nodes[i]->get_if<plan::EnumerateCollection>();
    if (scan == nullptr || scan->random) continue;
    auto match = best_index(chain, i);
    if (!match) continue;
    plan::IndexScan lookup;
    lookup.collection = scan->collection;
    lookup.index = std::move(match->index);
    lookup.conditions = std::move(match->conditions);
    lookup.output = std::move(scan->output);
    lookup.hints = std::move(scan->hints);
    chain.nodes[i]->kind = std::move(lookup);
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

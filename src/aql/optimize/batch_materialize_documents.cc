// batch-materialize-documents: an index that holds what conditions on its documents read answers them from its entries;
// the documents that are left are fetched by a node of their own, batch by batch.
#include "aql/optimize/late_materialization.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool batch_materialize_documents(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (!may_materialize_late(chain, i)) continue;
    materialize(context, chain, i, i + 1);
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

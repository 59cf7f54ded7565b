// late-document-materialization: where SORT and LIMIT do with what an index holds, only the rows that they leave have
// their documents fetched.
#include "aql/optimize/late_materialization.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool late_document_materialization(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto reach = late_reach(chain, i);
    if (!reach || reach->behind_limit == 0) continue;
    materialize(context, chain, i, reach->behind_limit);
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

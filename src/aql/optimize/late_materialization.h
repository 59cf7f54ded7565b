#pragma once
// How far behind an index the documents may be fetched. Internal to this folder.
#include "aql/optimize/attributes.h"

namespace workerdb::aql::optimize {

// The nodes behind a scan that do with what its index holds.
struct LateReach {
  size_t end = 0;           // the first position that needs the document, or that rows may not pass without it
  Paths paths;              // what the scan's filter and the nodes up to there read
  size_t behind_limit = 0;  // behind the last LIMIT that leaves out rows which the index gives; 0: there is none
  bool reduces = false;     // fewer rows, or lighter ones through a sort: fetching later is worth it
};

// Nothing where the scan's documents are not wanted, or its index does not hold what its filter reads.
std::optional<LateReach> late_reach(const Plan& chain, size_t position);
// Whether one of the rules about late materialization would do something for the scan at the position.
bool may_materialize_late(const Plan& chain, size_t position);
// Fetches the documents of the scan at `position` by a new node at `to`, which lies in the reach.
void materialize(Context& context, Plan& chain, size_t position, size_t to);

}  // namespace workerdb::aql::optimize

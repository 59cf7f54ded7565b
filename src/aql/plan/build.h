#pragma once
// From an analyzed query to the plan that does what it says, node by node, before any optimization.
#include <memory>

#include "aql/plan/node.h"
#include "aql/semantics/analyze.h"
#include "base/result.h"

namespace workerdb::aql::plan {

// Nodes that one query may have, subqueries included (limitations.md).
constexpr size_t kMaxNodes = 4000;

// Errors: kQueryTooMuchNesting for more than kMaxNodes nodes; kNotImplemented where a subquery stands inside of
// [* … LIMIT] with a computed number, or reads OLD inside of an UPSERT. Costs are estimated. Thread-safe.
base::Result<std::unique_ptr<Plan>> build(semantics::AnalyzedQuery&& query);

// Fills estimated_rows and estimated_cost of every node from the collections' sizes and the indexes' selectivity.
void estimate(Plan& plan);

}  // namespace workerdb::aql::plan

#pragma once
// Joins that a table can answer: see aql/execute/join_table.h.
#include "aql/plan/node.h"

namespace workerdb::aql::plan {

// Whether the scan gives all rows of one value for each row in front of it, in no other order than the collection's.
// With many rows in front the collection is then better read at once, and kept by that value.
bool looks_up_one_value(const IndexScan& scan);

// Where that is worth it: what a lookup takes, against reading one document of a scan.
constexpr double kCostOfKeyLookup = 3, kCostOfIndexLookup = 6;
constexpr uint64_t kLeastDocumentsOfTable = 100;

}  // namespace workerdb::aql::plan

#include "aql/plan/join_lookup.h"

namespace workerdb::aql::plan {

bool looks_up_one_value(const IndexScan& scan) {
  if (scan.conditions.size() != 1 || scan.backward || scan.keeps_order || scan.covers || scan.limit != 0) return false;
  const IndexCondition& condition = scan.conditions[0];
  bool is_one_value = condition.equal.size() == 1 && !condition.in_position && condition.lower == nullptr &&
                      condition.upper == nullptr && condition.edge_field == 0;
  const IndexInfo& index = scan.index_of(condition);
  if (!is_one_value || index.fields.size() != 1 || index.fields[0].expanded) return false;
  return index.type == "primary" || (index.type == "persistent" && !index.sparse);
}

}  // namespace workerdb::aql::plan

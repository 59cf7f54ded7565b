#pragma once
// Which index serves the conditions and the order that are asked of a scan. Internal to this folder.
#include <optional>
#include <vector>

#include "aql/optimize/conditions.h"

namespace workerdb::aql::optimize {

struct IndexMatch {
  std::shared_ptr<const plan::IndexInfo> index;
  std::vector<plan::IndexCondition> conditions;
  double rows = 0;           // entries that are read
  size_t fields = 0;         // that the conditions narrow down
  bool gives_order = false;  // of the SORT behind
};

// The index with which the EnumerateCollection at `position` reads least, its hints obeyed. Nothing if no
// condition behind it can be looked up. An index that leaves documents out is taken only where none of those
// is asked for.
std::optional<IndexMatch> best_index(const Plan& chain, size_t position);

// Whether entries that fulfil the condition come in the order of the keys, read forward or backward.
// `condition` may be null (the whole index).
bool gives_order(const plan::IndexInfo& index, const plan::IndexCondition* condition,
                 const std::vector<plan::SortKey>& keys, VariableId loop_variable, bool& backward);

// The SORT whose work an index at `position` could do; nothing if there is none, or the rows' order is not
// the scan's. Also gives the position where it stands.
std::optional<size_t> sort_served_by(const Plan& chain, size_t position);

// Whether every document that is found with the condition of the index fulfils the comparison.
bool implies(const plan::IndexInfo& index, const plan::IndexCondition& condition, const Comparison& comparison);

// By OPTIONS of FOR: disabled indexes and hints.
bool may_use(const plan::ScanHints& hints, const plan::IndexInfo& index);

}  // namespace workerdb::aql::optimize

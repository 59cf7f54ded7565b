#pragma once
// What a query wants to know of a subquery's rows. Internal to this folder.
#include <functional>

#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

struct SubqueryUses {
  bool exists = false;  // LENGTH(rows) > 0, LENGTH(rows) == 0 and what means the same
  bool first = false;   // FIRST(rows), rows[0]
  bool length = false;  // LENGTH(rows), COUNT(rows)
  bool other = false;
};

// Of the Subquery at `position`.
SubqueryUses uses_of_subquery(const Plan& chain, size_t position);

// LENGTH(variable) or COUNT(variable).
bool is_length_of(const Expression& expression, VariableId variable);

}  // namespace workerdb::aql::optimize

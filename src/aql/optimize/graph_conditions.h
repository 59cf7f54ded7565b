#pragma once
// FILTER conditions as a traversal sees them. Internal to this folder.
#include <optional>

#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

// p.vertices[n] or p.edges[n] in a simple condition, or every element of one of them: p.edges[*].a ALL == x. The
// condition is rewritten to read `element` instead. None for anything else. It may read what the rows in front of the
// traversal hold, and nothing else that the traversal or nodes behind it set (`unknown`).
std::optional<plan::PathCondition> as_path_condition(const Expression& condition, const plan::Traversal& traversal,
                                                     const std::vector<VariableId>& unknown, VariableId element);

// A simple condition on the vertex, the edge and what is known in front of the traversal.
bool is_result_condition(const Expression& condition, const plan::Traversal& traversal,
                         const std::vector<VariableId>& unknown);

// Whether the traversal asks the condition itself already.
bool asks(const plan::Traversal& traversal, const Expression& condition, const std::vector<VariableId>& unknown);

// The position behind the last node up to which filters may be asked by the traversal at `position`.
size_t end_of_filters(const Plan& chain, size_t position);
// The variables that are set behind the traversal, and those of its own that stand for values of its results only.
std::vector<VariableId> unknown_to(const Plan& chain, size_t position);

}  // namespace workerdb::aql::optimize

#pragma once
// How much of vertices, edges and paths somebody reads. Internal to this folder.
#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

// Of the document in a variable that the node at `position` sets: by the node itself and those behind it.
plan::ElementContent element_content(const Plan& chain, size_t position, VariableId variable);
// The same of a path. Not read at all: everything is kNothing.
plan::PathContent path_content(const Plan& chain, size_t position, VariableId variable);

}  // namespace workerdb::aql::optimize

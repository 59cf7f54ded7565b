#pragma once
// Syntax trees as JSON: `ast` of POST /_api/query and the expressions in a plan's JSON. Source of the shape: the 3.12
// documentation, "HTTP interface for AQL queries", its recorded answers of /_api/query and /_api/explain.
#include "aql/syntax/statement.h"
#include "value/builder.h"

namespace workerdb::aql::syntax {

// A query as it was parsed, before any name is resolved: {"type": "root", "subNodes": […]}. Variables are numbered in
// the order of their declarations; a name that is no variable is a collection's.
void append_tree(const Query& query, value::Builder& to);

// An expression whose variables have numbers, with typeID where the documentation shows one.
void append_tree(const Expression& expression, value::Builder& to);

}  // namespace workerdb::aql::syntax

#pragma once
// Rows as JSON values.
#include "stores/relational/rows.h"
#include "value/builder.h"

namespace workerdb::stores::relational {

// Writes one cell: boolean and integer types as such; real as number (NaN and infinities as strings); numeric
// as number while a double holds all its digits, else as string; json and jsonb as the value itself; arrays
// as arrays; timestamps in ISO 8601 ("2026-01-31T08:15:30.5+00:00"); everything else as the server's text.
void append_cell(const Rows& rows, int row, int column, value::Builder& builder);

// Writes one row as an object of column names. Of two columns with one name the last wins.
void append_row(const Rows& rows, int row, value::Builder& builder);

// All rows as an array of objects.
value::Buffer rows_to_value(const Rows& rows);

}  // namespace workerdb::stores::relational

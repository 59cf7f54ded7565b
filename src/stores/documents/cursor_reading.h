#pragma once
// What callers of small queries write over and over.
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

// All rows of a query as one array, for answers that are known to be small: more than `row_limit` rows fail
// with kResourceLimit.
base::Result<value::Buffer> query_all(DocumentDatabase& database, std::string_view text, value::Slice bind_variables,
                                      size_t row_limit = 10'000);

}  // namespace workerdb::stores::documents

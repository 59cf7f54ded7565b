#pragma once
// Where a document database keeps its environment class: the document `environment` of its system collection
// `_workerdb`, so that it travels with the data, also in a dump and on an ArangoDB server.
#include <optional>
#include <string>
#include <string_view>

#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

// Nothing when the database has none.
base::Result<std::optional<std::string>> read_environment_record(DocumentDatabase& database);
// Makes the collection when it is missing.
base::Result<> write_environment_record(DocumentDatabase& database, std::string_view environment_class);

}  // namespace workerdb::stores::documents

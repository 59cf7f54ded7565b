#pragma once
// Private to this folder: descriptions of collections between the engine's form and the port's.
#include "engine/database.h"
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

CollectionDescription description_of(const engine::Collection& collection);
// kInvalidKeyGenerator for key options of an unknown shape.
base::Result<engine::CollectionOptions> options_of(const CollectionDescription& description);

}  // namespace workerdb::stores::documents

#pragma once
// The document port over the engine in this process.
#include <memory>

#include "stores/documents/document_store.h"

namespace workerdb::engine {
class Engine;
}

namespace workerdb::stores::documents {

// Borrows the engine, which must outlive the store and every database and cursor that it hands out.
// Thread-safe.
std::unique_ptr<DocumentStore> make_local_store(engine::Engine& engine);

}  // namespace workerdb::stores::documents

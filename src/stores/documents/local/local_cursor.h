#pragma once
// Private to this folder.
#include "engine/query.h"
#include "stores/documents/document_store.h"

namespace workerdb::stores::documents {

// The engine's options for the port's; those of `extra` that name nothing known are ignored, as ArangoDB
// does.
engine::QueryOptions engine_options(const QueryOptions& options);

class LocalCursor : public QueryCursor {
 public:
  LocalCursor(engine::Cursor cursor, size_t batch_size);
  base::Result<std::optional<value::Slice>> next_batch() override;
  value::Slice extra() const override { return extra_.slice(); }

 private:
  engine::Cursor cursor_;
  const size_t batch_size_;
  value::Builder batch_;
  value::Buffer extra_;
  bool at_end_ = false;
};

}  // namespace workerdb::stores::documents

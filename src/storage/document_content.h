#pragma once
// Documents as they are stored: _key, _id, _rev, for edges _from and _to, then the user's attributes in their order.
#include <string_view>

#include "base/result.h"
#include "storage/schema.h"
#include "storage/transaction.h"
#include "value/builder.h"

namespace workerdb::storage {

struct DocumentHead {
  std::string_view key, rev;
};

// kInvalidEdgeAttribute unless both are document ids.
base::Result<> check_vertices(value::Slice edge);

// Writes the document that an insert or replace stores.
void build_document(const Collection& collection, DocumentHead head, value::Slice given, value::Builder& into);

// Writes the document that an update stores: `old` with `patch` laid over it, as keep_null and merge_objects say.
void build_merged(const Collection& collection, DocumentHead head, value::Slice old, value::Slice patch,
                  const WriteOptions& options, value::Builder& into);

// The document with another collection's name in its _id.
void build_renamed(std::string_view collection_name, value::Slice document, value::Builder& into);

}  // namespace workerdb::storage

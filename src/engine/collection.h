#pragma once
// One collection: documents by key, indexes, properties. A cheap handle, like Database.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"
#include "engine/types.h"

namespace workerdb::engine {

class Collection {
 public:
  const std::string& name() const { return collection_->name; }
  uint64_t id() const { return collection_->id; }
  const storage::Collection& description() const { return *collection_; }

  // One document. Without a transaction each call is one of its own, and one that meets another writer's change is
  // repeated a few times before kConflict is reported. Errors: storage/transaction.h.
  Result<bool> read(std::string_view key, PinnedDocument& into, Transaction* transaction = nullptr) const;
  Result<WriteResult> insert(Slice document, const WriteOptions& options = {}, Transaction* transaction = nullptr);
  Result<WriteResult> update(std::string_view key, Slice patch, const WriteOptions& options = {},
                             Transaction* transaction = nullptr);
  Result<WriteResult> replace(std::string_view key, Slice document, const WriteOptions& options = {},
                              Transaction* transaction = nullptr);
  Result<WriteResult> remove(std::string_view key, const WriteOptions& options = {},
                             Transaction* transaction = nullptr);

  // Many documents in one transaction; one that fails leaves its error at its place and the others go on. With
  // `all_or_nothing` the first failure ends it and nothing is written.
  Result<std::vector<Result<WriteResult>>> insert_many(Slice documents, const WriteOptions& options = {},
                                                       bool all_or_nothing = false, Transaction* transaction = nullptr);

  Result<uint64_t> count(Transaction* transaction = nullptr) const;
  Result<> truncate();
  // kForbidden for system collections. The handle itself goes on to name the old description; look the collection up
  // again.
  Result<> rename(std::string_view new_name);

  struct Change {
    std::optional<bool> wait_for_sync;
    std::optional<Buffer> schema, computed_values;
  };
  Result<> change(const Change& change);

  // Index definitions are objects in the shape of ArangoDB's API: {"type": "persistent", "fields": ["a"], …}.
  struct EnsuredIndex {
    Buffer definition;
    bool created;
  };
  Result<EnsuredIndex> ensure_index(Slice definition);
  // By number, by "collection/number" or by name. kIndexNotFound; kForbidden for primary and edge indexes.
  Result<> drop_index(std::string_view handle);
  // An array of definitions; `with_figures` adds selectivityEstimate.
  Buffer indexes(bool with_figures = false) const;
  Result<Buffer> index(std::string_view handle) const;
  uint64_t approximate_bytes() const;
  // Each difference between documents and index entries as a sentence; empty is what it should be.
  Result<std::vector<std::string>> verify() const;

 private:
  friend class Database;
  Collection(std::shared_ptr<Core> core, storage::DatabasePtr database, storage::CollectionPtr collection)
      : core_(std::move(core)), database_(std::move(database)), collection_(std::move(collection)) {}

  std::shared_ptr<Core> core_;
  storage::DatabasePtr database_;
  storage::CollectionPtr collection_;
};

}  // namespace workerdb::engine

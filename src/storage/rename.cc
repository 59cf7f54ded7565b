// Renaming a collection. Documents carry its name in their _id, so they are written anew below another object id, in
// batches, while readers go on with the old ones; the last write switches over. Garbage marks make a crash harmless.
#include <fmt/format.h>

#include <algorithm>

#include "storage/document_content.h"
#include "storage/records.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;
using value::Slice;

constexpr size_t kBatchBytes = 4 << 20;

bool stores_id(const Index& index) {
  return std::any_of(index.stored_values.begin(), index.stored_values.end(),
                     [](const AttributePath& path) { return path.front().name == "_id"; });
}

}  // namespace

Result<CollectionPtr> RocksStore::rename_collection(const Database& database, std::string_view name,
                                                    std::string_view new_name) {
  TRY(check_collection_name(new_name, true));
  TRY(check_writable());
  CollectionPtr found = find_collection(database, name);
  if (found == nullptr) return ErrorCode::kCollectionNotFound;
  if (found->name == new_name) return found;
  CollectionStatePtr state = TRY(live(*found));
  ClosedGates gates(std::chrono::milliseconds(5 * int64_t(options_.lock_timeout_ms)));
  TRY(gates.close(state));
  CollectionPtr before = state->current().description;
  auto in_database = TRY(live(database));
  if (state->is_dropped) return ErrorCode::kCollectionNotFound;
  if (in_database->has_name(new_name)) {
    return {ErrorCode::kDuplicateName, fmt::format("duplicate name: '{}' exists already", new_name)};
  }
  auto renamed = std::make_shared<Collection>(*before);
  renamed->name = new_name;
  renamed->is_system = new_name.front() == '_';
  auto give_up = [&] {
    if (renamed->object_id != before->object_id) discard(renamed->object_id);
    for (size_t i = 0; i < renamed->indexes.size(); ++i) {
      uint64_t object_id = renamed->indexes[i]->object_id;
      if (object_id != before->indexes[i]->object_id) discard(object_id);
    }
  };
  if (auto copied = rename_contents(state, *renamed); !copied) {
    give_up();
    return copied.error();
  }
  base::MutexLock lock(schema_mutex_);
  in_database = TRY(live(database));
  if (in_database->has_name(new_name)) {
    give_up();
    return {ErrorCode::kDuplicateName, fmt::format("duplicate name: '{}' exists already", new_name)};
  }
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* metadata_family = rocks_.families.metadata;
  auto replace = [&](rocksdb::ColumnFamilyHandle* family, uint64_t old_id, uint64_t new_object_id) -> Result<> {
    if (old_id == new_object_id) return {};
    TRY(check(batch.DeleteRange(family, id_prefix(old_id), id_prefix(old_id + 1))));
    return check(batch.Delete(metadata_family, metadata_key('G', new_object_id)));
  };
  TRY(replace(rocks_.families.documents, before->object_id, renamed->object_id));
  for (size_t i = 0; i < renamed->indexes.size(); ++i) {
    TRY(replace(rocks_.families.indexes, before->indexes[i]->object_id, renamed->indexes[i]->object_id));
  }
  TRY(check(batch.Put(metadata_family, metadata_key('K', renamed->id), collection_record(*renamed).bytes())));
  TRY(write_schema(batch));
  uint64_t sequence = rocks_.database->GetLatestSequenceNumber();
  state->set_visible_from(renamed->object_id, sequence);
  state->set_gone_from(before->object_id, sequence);
  for (size_t i = 0; i < renamed->indexes.size(); ++i) {
    uint64_t object_id = renamed->indexes[i]->object_id;
    if (object_id == before->indexes[i]->object_id) continue;
    state->set_visible_from(object_id, sequence);
    state->set_gone_from(before->indexes[i]->object_id, sequence);
  }
  state->replace(renamed, state->current().schema);
  publish_collection(*in_database, &before->name, state);
  return renamed;
}

// Gives the documents, and the indexes that hold _id, new object ids and writes their contents there.
Result<> RocksStore::rename_contents(const CollectionStatePtr& state, Collection& renamed) {
  CollectionPtr before = state->current().description;
  auto marked_id = [&]() -> Result<uint64_t> {
    base::MutexLock lock(schema_mutex_);
    rocksdb::WriteBatch batch;
    uint64_t id = new_id(batch);
    TRY(check(batch.Put(rocks_.families.metadata, metadata_key('G', id), "")));
    TRY(check(rocks_.database->GetBaseDB()->Write(rocksdb::WriteOptions(), &batch)));
    return id;
  };
  renamed.object_id = TRY(marked_id());
  TRY(copy_renamed(*before, renamed));
  for (auto& index : renamed.indexes) {
    if (!stores_id(*index)) continue;
    auto changed = std::make_shared<Index>(*index);
    changed->object_id = TRY(marked_id());
    index = changed;
    TRY(build_index(renamed.object_id, *changed));
  }
  return {};
}

Result<> RocksStore::copy_renamed(const Collection& from, const Collection& to) {
  std::string begin = id_prefix(from.object_id), end = id_prefix(from.object_id + 1), key;
  rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> document(rocks_.database->NewIterator(options, rocks_.families.documents));
  rocksdb::WriteBatch batch;
  value::Builder builder;
  auto flush = [&]() -> Result<> {
    TRY(check(rocks_.database->GetBaseDB()->Write(rocksdb::WriteOptions(), &batch)));
    batch.Clear();
    return {};
  };
  for (document->Seek(begin); document->Valid(); document->Next()) {
    build_renamed(to.name, Slice(reinterpret_cast<const uint8_t*>(document->value().data())), builder);
    key.clear();
    append_id(to.object_id, key);
    key.append(to_view(document->key()).substr(8));
    TRY(check(batch.Put(rocks_.families.documents, key, to_slice(builder.slice().bytes()))));
    if (batch.GetDataSize() > kBatchBytes) TRY(flush());
  }
  TRY(check(document->status()));
  return flush();
}

}  // namespace workerdb::storage

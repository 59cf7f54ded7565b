// Making and dropping indexes. Writers of the collection wait outside its gate meanwhile; readers go on.
#include <fmt/format.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <algorithm>

#include "storage/index_entries.h"
#include "storage/records.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

constexpr size_t kBatchBytes = 4 << 20;
// A build that wrote as much is flushed: seeks in a sorted file are cheaper than in a memtable of many entries.
constexpr size_t kFlushFromBytes = 1 << 20;

std::string paths_text(const std::vector<AttributePath>& paths) {
  std::string text;
  for (const AttributePath& path : paths) text += to_string(path) + '\n';
  return text;
}

bool is_same(const Index& a, const Index& b) {
  return a.type == b.type && a.unique == b.unique && a.sparse == b.sparse &&
         paths_text(a.fields) == paths_text(b.fields) && paths_text(a.stored_values) == paths_text(b.stored_values) &&
         a.expire_after_seconds == b.expire_after_seconds &&
         (a.deduplicate == b.deduplicate || a.expanded_field() < 0 || !a.unique);
}

// The one that stands there already, or why the new one cannot.
Result<std::shared_ptr<const Index>> find_same(const Collection& collection, const Index& definition) {
  for (const auto& index : collection.indexes) {
    if (is_same(*index, definition)) return index;
    if (index->name == definition.name && !definition.name.empty()) {
      return Error(ErrorCode::kDuplicateName, fmt::format("duplicate name: index '{}' exists already", index->name));
    }
    if (index->type == IndexType::kTtl && definition.type == IndexType::kTtl) {
      return Error(ErrorCode::kBadParameter, "there can be only one ttl index on a collection");
    }
  }
  return std::shared_ptr<const Index>();
}

}  // namespace

Result<> RocksStore::build_index(uint64_t documents, const Index& index) {
  std::string begin = id_prefix(documents), end = id_prefix(documents + 1), existing;
  rocksdb::Slice upper(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> document(rocks_.database->NewIterator(options, rocks_.families.documents));
  rocksdb::DB* base = rocks_.database->GetBaseDB();
  rocksdb::WriteBatchWithIndex batch(rocksdb::BytewiseComparator(), 0, true);
  IndexEntries entries;
  auto add = [&](const IndexEntry& entry) -> Result<> {
    if (index.unique) {
      rocksdb::Status status =
          batch.GetFromBatchAndDB(base, rocksdb::ReadOptions(), rocks_.families.indexes, entry.key, &existing);
      if (status.ok()) return unique_violation(index, unique_owner(existing));
      if (!status.IsNotFound()) return to_error(status);
    }
    return check(batch.Put(rocks_.families.indexes, entry.key, entry.value));
  };
  size_t written_bytes = 0;
  for (document->Seek(begin); document->Valid(); document->Next()) {
    Slice slice(reinterpret_cast<const uint8_t*>(document->value().data()));
    for (const IndexEntry& entry : entries.of(index, slice)) {
      TRY(add(entry));
      written_bytes += entry.key.size() + entry.value.size();
    }
    if (batch.GetWriteBatch()->GetDataSize() < kBatchBytes) continue;
    TRY(check(base->Write(rocksdb::WriteOptions(), batch.GetWriteBatch())));
    batch.Clear();
  }
  TRY(check(document->status()));
  TRY(check(base->Write(rocksdb::WriteOptions(), batch.GetWriteBatch())));
  if (written_bytes < kFlushFromBytes) return {};
  return check(base->Flush(rocksdb::FlushOptions(), rocks_.families.indexes));
}

// What is below an object id will never be used: removed now, or by the mark when the store is opened.
void RocksStore::discard(uint64_t object_id) {
  rocksdb::WriteBatch batch;
  std::string begin = id_prefix(object_id), end = id_prefix(object_id + 1);
  static_cast<void>(batch.DeleteRange(rocks_.families.documents, begin, end));
  static_cast<void>(batch.DeleteRange(rocks_.families.indexes, begin, end));
  static_cast<void>(batch.Delete(rocks_.families.metadata, metadata_key('G', object_id)));
  static_cast<void>(rocks_.database->GetBaseDB()->Write(rocksdb::WriteOptions(), &batch));
}

Result<Store::EnsuredIndex> RocksStore::ensure_index(const Collection& collection, const Index& definition) {
  if (definition.type != IndexType::kPersistent && definition.type != IndexType::kTtl) {
    return {ErrorCode::kBadParameter, "only persistent and ttl indexes can be made"};
  }
  TRY(check_writable());
  if (definition.fields.empty()) return {ErrorCode::kBadParameter, "an index needs fields"};
  CollectionStatePtr state = TRY(live(collection));
  if (auto same = TRY(find_same(*state->current().description, definition))) return EnsuredIndex{same, false};
  ClosedGates gates(std::chrono::milliseconds(5 * int64_t(options_.lock_timeout_ms)));
  TRY(gates.close(state));
  if (state->is_dropped) return ErrorCode::kCollectionNotFound;
  CollectionPtr before = state->current().description;
  if (auto same = TRY(find_same(*before, definition))) return EnsuredIndex{same, false};
  auto index = std::make_shared<Index>(definition);
  rocksdb::WriteBatch batch;
  {
    base::MutexLock lock(schema_mutex_);
    index->id = new_id(batch);
    index->object_id = new_id(batch);
    if (index->name.empty()) index->name = fmt::format("idx_{}", index->id);
    TRY(check(batch.Put(rocks_.families.metadata, metadata_key('G', index->object_id), "")));
    TRY(check(rocks_.database->GetBaseDB()->Write(rocksdb::WriteOptions(), &batch)));
    batch.Clear();
  }
  if (auto built = build_index(before->object_id, *index); !built) {
    discard(index->object_id);
    return built.error();
  }
  base::MutexLock lock(schema_mutex_);
  auto changed = std::make_shared<Collection>(*before);
  changed->indexes.push_back(index);
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('K', changed->id), collection_record(*changed).bytes())));
  TRY(check(batch.Delete(rocks_.families.metadata, metadata_key('G', index->object_id))));
  if (auto written = write_schema(batch); !written) {
    discard(index->object_id);
    return written.error();
  }
  state->set_visible_from(index->object_id, rocks_.database->GetLatestSequenceNumber());
  state->replace(std::move(changed), state->current().schema);
  return EnsuredIndex{std::move(index), true};
}

Result<> RocksStore::drop_index(const Collection& collection, uint64_t index_id) {
  CollectionStatePtr state = TRY(live(collection));
  ClosedGates gates(std::chrono::milliseconds(5 * int64_t(options_.lock_timeout_ms)));
  TRY(gates.close(state));
  if (state->is_dropped) return ErrorCode::kCollectionNotFound;
  auto changed = std::make_shared<Collection>(*state->current().description);
  auto found = std::find_if(changed->indexes.begin(), changed->indexes.end(),
                            [&](const auto& index) { return index->id == index_id; });
  if (found == changed->indexes.end()) return ErrorCode::kIndexNotFound;
  if ((*found)->type == IndexType::kPrimary || (*found)->type == IndexType::kEdge) {
    return {ErrorCode::kForbidden, "primary and edge indexes cannot be dropped"};
  }
  uint64_t object_id = (*found)->object_id;
  changed->indexes.erase(found);
  base::MutexLock lock(schema_mutex_);
  rocksdb::WriteBatch batch;
  TRY(check(batch.DeleteRange(rocks_.families.indexes, id_prefix(object_id), id_prefix(object_id + 1))));
  TRY(check(batch.Put(rocks_.families.metadata, metadata_key('K', changed->id), collection_record(*changed).bytes())));
  TRY(write_schema(batch));
  state->set_gone_from(object_id, rocks_.database->GetLatestSequenceNumber());
  state->replace(std::move(changed), state->current().schema);
  return {};
}

}  // namespace workerdb::storage

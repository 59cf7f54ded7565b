// How a transaction writes documents: lock, build, check, collect what the indexes need, and only then write.
#include <fmt/format.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <cmath>
#include <utility>

#include "storage/document_content.h"
#include "storage/index_entries.h"
#include "storage/json_schema.h"
#include "storage/kept_lookup.h"
#include "storage/revision.h"
#include "storage/rocks_store.h"
#include "storage/rocks_transaction.h"
#include "value/json.h"
#include "value/order.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

Slice as_slice(const rocksdb::PinnableSlice& bytes) {
  return bytes.empty() ? Slice() : Slice(reinterpret_cast<const uint8_t*>(bytes.data()));
}

std::string_view rev_of(Slice document) {
  Slice rev = document.get("_rev");
  return rev.is_string() ? rev.as_string() : std::string_view();
}

// True if the version attribute says that the update comes too late (rules of `versionAttribute`): both are numbers,
// none negative, and the new one, rounded down, is not higher.
bool is_outdated(std::string_view attribute, Slice old, Slice given) {
  if (attribute.empty()) return false;
  Slice before = old.get(attribute), after = given.get(attribute);
  if (!before.is_number() || !after.is_number()) return false;
  if (before.as_double() < 0 || after.as_double() < 0) return false;
  if (before.is_double() || after.is_double()) return std::floor(after.as_double()) <= std::floor(before.as_double());
  return value::compare(after, before) <= 0;
}

Error unique_violation(const Collection& collection, std::string_view entry_key, std::string_view owner) {
  uint64_t object_id = load_id(entry_key);
  for (const auto& index : collection.indexes) {
    if (index->object_id != object_id) continue;
    return unique_violation(*index, owner);
  }
  return Error(ErrorCode::kUniqueConstraintViolated);
}

}  // namespace

Result<bool> RocksTransaction::lock_document(const Touched& touched, std::string_view key) {
  document_key_.clear();
  append_id(touched.description->object_id, document_key_);
  document_key_.append(key);
  old_bytes_.Reset();
  rocksdb::Status status =
      transaction_->GetForUpdate(read_options(), store_.families().documents, document_key_, &old_bytes_);
  if (status.IsNotFound()) {
    old_bytes_.Reset();
    return false;
  }
  TRY(check(status));
  return true;
}

Result<WriteResult> RocksTransaction::insert(const Collection& collection, Slice document,
                                             const WriteOptions& options) {
  size_t position = TRY(touch(collection));
  Touched& touched = touched_[position];
  if (!document.is_object()) return ErrorCode::kDocumentTypeInvalid;
  Slice key = document.get("_key");
  if (key.is_none()) return insert_generated(touched, document, options);
  if (!key.is_string() || !is_valid_key(key.as_string())) return ErrorCode::kDocumentKeyBad;
  return insert_with_key(touched, key.as_string(), document, options);
}

Result<WriteResult> RocksTransaction::insert_generated(Touched& touched, Slice document, const WriteOptions& options) {
  std::string key = TRY(touched.state->keys.next());
  touched.made_keys |= touched.state->keys.counts();
  document_key_.clear();
  append_id(touched.description->object_id, document_key_);
  document_key_.append(key);
  old_bytes_.Reset();
  return store_new(touched, key, document, options, true);
}

Result<WriteResult> RocksTransaction::insert_with_key(Touched& touched, std::string_view key, Slice document,
                                                      const WriteOptions& options) {
  bool exists = false;
  if (options.overwrite != OverwriteMode::kConflict || touched.description->key_options.allow_user_keys) {
    // Before the lock: from here on the generator makes no such key.
    touched.made_keys |= touched.state->keys.saw(key);
    exists = TRY(lock_document(touched, key));
  }
  if (exists && options.overwrite != OverwriteMode::kConflict) {
    if (options.overwrite != OverwriteMode::kIgnore) {
      return overwrite(touched, key, document, options, options.overwrite == OverwriteMode::kUpdate);
    }
    WriteResult result = result_of(as_slice(old_bytes_), Slice(), options);
    result.rev = result.old_rev;
    result.ignored = true;
    return result;
  }
  if (!touched.description->key_options.allow_user_keys) return ErrorCode::kDocumentKeyUnexpected;
  if (exists) {
    return Error(ErrorCode::kUniqueConstraintViolated,
                 fmt::format("unique constraint violated - in index primary of type primary over '_key'; conflicting "
                             "key: {}",
                             key));
  }
  return store_new(touched, key, document, options, false);
}

Result<WriteResult> RocksTransaction::store_new(Touched& touched, std::string_view key, Slice document,
                                                const WriteOptions& options, bool is_generated) {
  if (touched.description->type == CollectionType::kEdge) TRY(check_vertices(document));
  rev_ = encode_revision(store_.new_tick());
  build_document(*touched.description, {key, rev_}, document, new_document_);
  Slice now = new_document_.slice();
  TRY(check_new(touched, Slice(), options));
  TRY(collect_changes(touched, Slice(), now));
  TRY(apply(touched, now, is_generated));
  ++touched.count_delta;
  return result_of(Slice(), now, options);
}

Result<WriteResult> RocksTransaction::update(const Collection& collection, std::string_view key, Slice patch,
                                             const WriteOptions& options) {
  size_t position = TRY(touch(collection));
  if (!patch.is_object()) return ErrorCode::kDocumentTypeInvalid;
  if (!TRY(lock_document(touched_[position], key))) return ErrorCode::kDocumentNotFound;
  return overwrite(touched_[position], key, patch, options, true);
}

Result<WriteResult> RocksTransaction::replace(const Collection& collection, std::string_view key, Slice document,
                                              const WriteOptions& options) {
  size_t position = TRY(touch(collection));
  if (!document.is_object()) return ErrorCode::kDocumentTypeInvalid;
  if (!TRY(lock_document(touched_[position], key))) return ErrorCode::kDocumentNotFound;
  return overwrite(touched_[position], key, document, options, false);
}

// The document stands in old_bytes_ and is locked.
Result<WriteResult> RocksTransaction::overwrite(Touched& touched, std::string_view key, Slice given,
                                                const WriteOptions& options, bool is_update) {
  Slice old = as_slice(old_bytes_);
  if (!options.expected_rev.empty() && options.expected_rev != rev_of(old)) {
    return Error(ErrorCode::kConflict, "conflict, _rev values do not match");
  }
  if (is_outdated(options.version_attribute, old, given)) {
    WriteResult result = result_of(old, old, options);  // equal revisions say that nothing changed
    result.ignored = true;
    return result;
  }
  const Collection& collection = *touched.description;
  rev_ = encode_revision(store_.new_tick());
  if (is_update) {
    build_merged(collection, {key, rev_}, old, given, options, new_document_);
  } else {
    if (collection.type == CollectionType::kEdge) TRY(check_vertices(given));
    build_document(collection, {key, rev_}, given, new_document_);
  }
  Slice now = new_document_.slice();
  if (is_update && collection.type == CollectionType::kEdge) TRY(check_vertices(now));
  TRY(check_new(touched, old, options));
  TRY(collect_changes(touched, old, now));
  TRY(apply(touched, now, false));
  return result_of(old, now, options);
}

Result<WriteResult> RocksTransaction::remove(const Collection& collection, std::string_view key,
                                             const WriteOptions& options) {
  size_t position = TRY(touch(collection));
  Touched& touched = touched_[position];
  if (!TRY(lock_document(touched, key))) return ErrorCode::kDocumentNotFound;
  Slice old = as_slice(old_bytes_);
  if (!options.expected_rev.empty() && options.expected_rev != rev_of(old)) {
    return Error(ErrorCode::kConflict, "conflict, _rev values do not match");
  }
  if (options.wait_for_sync) wait_for_sync_ = true;
  TRY(collect_changes(touched, old, Slice()));
  TRY(apply(touched, Slice(), false));
  --touched.count_delta;
  WriteResult result = result_of(old, Slice(), options);
  result.rev = result.old_rev;
  return result;
}

// Whether new_document_ may be stored.
Result<> RocksTransaction::check_new(const Touched& touched, Slice old, const WriteOptions& options) {
  if (new_document_.byte_size() > store_.options().largest_document_bytes) {
    return {ErrorCode::kDocumentTooLarge,
            fmt::format("document too large: it has {} bytes, at most {} are possible", new_document_.byte_size(),
                        store_.options().largest_document_bytes)};
  }
  // AQL can put one level more around a document with each update; what is stored can be read back as JSON.
  if (new_document_.slice().nesting(value::kMaxNesting + 1) > value::kMaxNesting) {
    return {ErrorCode::kDocumentTooLarge,
            fmt::format("document too large: more than {} levels of nesting", value::kMaxNesting)};
  }
  if (options.wait_for_sync) wait_for_sync_ = true;
  if (touched.schema == nullptr || options.skip_schema) return {};
  return touched.schema->check(old, new_document_.slice());
}

RocksTransaction::Change& RocksTransaction::grow_changes() {
  if (change_count_ == changes_.size()) changes_.emplace_back();
  return changes_[change_count_++];
}

Result<> RocksTransaction::collect_changes(const Touched& touched, Slice old, Slice now) {
  change_count_ = 0;
  for (const auto& index : touched.description->indexes) {
    if (index->type != IndexType::kPrimary) collect_index_changes(*index, old, now);
  }
  size_t bytes = document_key_.size() + (now.is_none() ? 0 : now.byte_size());
  for (size_t i = 0; i < change_count_; ++i) bytes += changes_[i].key.size() + changes_[i].value.size();
  uint64_t so_far = transaction_->GetWriteBatch()->GetWriteBatch()->GetDataSize();
  if (so_far + bytes > options_.size_limit_bytes) {
    return {ErrorCode::kResourceLimit, fmt::format("aborting transaction because its size limit of {} bytes is reached",
                                                   options_.size_limit_bytes)};
  }
  // An entry stands in the batch, in its index and in two tables of locks.
  constexpr uint64_t kBytesOfEntry = 256;
  uint64_t entries = transaction_->GetWriteBatch()->GetWriteBatch()->Count() + change_count_ + 1;
  uint64_t held = so_far + bytes + entries * kBytesOfEntry;
  if (!store_.transaction_holds(std::exchange(held_bytes_, held), held)) {
    return {ErrorCode::kResourceLimit,
            "aborting transaction because the open transactions hold all the memory that "
            "they may have together"};
  }
  return lock_unique_changes(touched);
}

// Both lists of entries are sorted by key.
void RocksTransaction::collect_index_changes(const Index& index, Slice old, Slice now) {
  auto before = old.is_none() ? std::span<const IndexEntry>() : old_entries_.of(index, old);
  auto after = now.is_none() ? std::span<const IndexEntry>() : new_entries_.of(index, now);
  auto add = [&](const IndexEntry& entry, bool is_delete) {
    Change& change = grow_changes();
    change.key = entry.key;
    change.value = is_delete ? std::string_view() : std::string_view(entry.value);
    change.is_delete = is_delete;
    change.is_unique = index.unique;
  };
  size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    int order = i == before.size() ? 1 : j == after.size() ? -1 : before[i].key.compare(after[j].key);
    if (order < 0) {
      add(before[i++], true);
    } else if (order > 0) {
      add(after[j++], false);
    } else {
      if (before[i].value != after[j].value) add(after[j], false);
      ++i, ++j;
    }
  }
}

// Locks what unique indexes need, and refuses what another document has.
Result<> RocksTransaction::lock_unique_changes(const Touched& touched) {
  std::string_view own_key = std::string_view(document_key_).substr(8);
  for (size_t i = 0; i < change_count_; ++i) {
    const Change& change = changes_[i];
    if (!change.is_unique) continue;
    // Equal members of one array, where the index does not deduplicate.
    if (i > 0 && !change.is_delete && changes_[i - 1].key == change.key) {
      return unique_violation(*touched.description, change.key, own_key);
    }
    entry_bytes_.Reset();
    rocksdb::Status status =
        transaction_->GetForUpdate(read_options(), store_.families().indexes, change.key, &entry_bytes_);
    if (status.IsNotFound()) continue;
    TRY(check(status));
    std::string_view owner = unique_owner(to_view(entry_bytes_));
    if (!change.is_delete && owner != own_key) return unique_violation(*touched.description, change.key, owner);
  }
  return {};
}

// Everything is locked and checked; document_key_ is the document's. None removes it.
Result<> RocksTransaction::apply(Touched&, Slice now, bool is_generated) {
  rocksdb::ColumnFamilyHandle* documents = store_.families().documents;
  rocksdb::ColumnFamilyHandle* indexes = store_.families().indexes;
  rocksdb::WriteBatchWithIndex* batch = transaction_->GetWriteBatch();
  if (is_generated) {
    // Locked, but not looked up: no document has such a key, and who brings the same one himself meets the lock.
    TRY(check(transaction_->PutUntracked(documents, document_key_, to_slice(now.bytes()))));
  } else if (now.is_none()) {
    TRY(check(batch->Delete(documents, document_key_)));
  } else {
    TRY(check(batch->Put(documents, document_key_, to_slice(now.bytes()))));
  }
  has_writes_ = true;
  has_puts_ |= !now.is_none();
  bool is_cached = store_.documents().is_on();
  if (is_cached) written_keys_.push_back(DocumentCache::hash_of(document_key_));
  for (size_t i = 0; i < change_count_; ++i) {
    const Change& change = changes_[i];
    TRY(check(change.is_delete ? batch->Delete(indexes, change.key) : batch->Put(indexes, change.key, change.value)));
    if (is_cached) {
      written_keys_.push_back(DocumentCache::hash_of(KeptLookup::prefix_of(change.key, change.is_unique)));
    }
  }
  return {};
}

WriteResult RocksTransaction::result_of(Slice old, Slice now, const WriteOptions& options) const {
  WriteResult result;
  result.key = document_key_.substr(8);
  if (!now.is_none()) result.rev = rev_of(now);
  if (!old.is_none()) result.old_rev = rev_of(old);
  result.old_document = value::Buffer(options.return_old && !old.is_none() ? old : Slice::null());
  result.new_document = value::Buffer(options.return_new && !now.is_none() ? now : Slice::null());
  return result;
}

}  // namespace workerdb::storage

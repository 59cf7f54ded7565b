#include "storage/rocks_transaction.h"

#include <fmt/format.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include "storage/rocks_store.h"
#include "storage/scans.h"

namespace workerdb::storage {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

PinnedDocument::PinnedDocument() : pin_(std::make_unique<Pin>()) {}
PinnedDocument::~PinnedDocument() = default;
PinnedDocument::PinnedDocument(PinnedDocument&&) noexcept = default;
PinnedDocument& PinnedDocument::operator=(PinnedDocument&&) noexcept = default;
Slice PinnedDocument::slice() const {
  if (pin_->bytes.empty()) return Slice();
  return Slice(reinterpret_cast<const uint8_t*>(pin_->bytes.data()));
}

RocksTransaction::RocksTransaction(RocksStore& store, const TransactionOptions& options)
    : store_(store), options_(options), id_(store.new_tick()), wait_for_sync_(options.wait_for_sync) {
  store_.transaction_began();
  if (options_.read_only) {
    snapshot_ = store_.database().GetSnapshot();
    return;
  }
  rocksdb::TransactionOptions rocks_options;
  rocks_options.set_snapshot = true;
  rocks_options.deadlock_detect = true;
  transaction_.reset(store_.database().BeginTransaction(rocksdb::WriteOptions(), rocks_options));
  snapshot_ = transaction_->GetSnapshot();
}

RocksTransaction::~RocksTransaction() {
  rollback();
  store_.transaction_ended();
}

rocksdb::ReadOptions RocksTransaction::read_options() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  return options;
}

rocksdb::WriteBatchWithIndex* RocksTransaction::own_writes() const {
  return has_writes_ ? transaction_->GetWriteBatch() : nullptr;
}

// ---- reading

Result<bool> RocksTransaction::get(const std::string& key, PinnedDocument& into, bool with_own) {
  rocksdb::PinnableSlice& bytes = into.pin().bytes;
  bytes.Reset();
  rocksdb::ColumnFamilyHandle* documents = store_.families().documents;
  rocksdb::Status status = with_own && has_writes_
                               ? transaction_->Get(read_options(), documents, key, &bytes)
                               : store_.database().Get(read_options(), documents, key, &bytes);
  if (status.IsNotFound()) return false;
  TRY(check(status));
  return true;
}

// Nothing found may mean that the description is older or newer than the snapshot.
Result<> RocksTransaction::check_visible(const Collection& collection, uint64_t object_id) const {
  CollectionStatePtr state = store_.view()->find(collection.id);
  if (state == nullptr) return {};  // dropped: who holds the description reads what was there
  uint64_t sequence = snapshot_->GetSequenceNumber();
  if (state->visible_from(object_id) > sequence) {
    return {ErrorCode::kConflict, "the collection was changed after the transaction had begun"};
  }
  if (state->is_gone(object_id, sequence)) {
    return {ErrorCode::kConflict, "the collection or its index was changed: look it up again"};
  }
  return {};
}

Result<bool> RocksTransaction::read(const Collection& collection, std::string_view key, PinnedDocument& into) {
  if (is_over_) return ErrorCode::kTransactionAborted;
  document_key_.clear();
  append_id(collection.object_id, document_key_);
  document_key_.append(key);
  if (TRY(get(document_key_, into, true))) return true;
  TRY(check_visible(collection, collection.object_id));
  return false;
}

Result<bool> RocksTransaction::read_as_of_scan(const Collection& collection, std::string_view key,
                                               PinnedDocument& into) {
  document_key_.clear();
  append_id(collection.object_id, document_key_);
  document_key_.append(key);
  if (TRY(get(document_key_, into, true))) return true;
  return get(document_key_, into, false);
}

void RocksTransaction::seek(Cursor& cursor, std::string_view lower, std::string_view upper, Direction direction) {
  cursor.seek(lower, upper, direction, own_writes());
}

Result<std::unique_ptr<CollectionScan>> RocksTransaction::scan(const Collection& collection, Direction direction) {
  if (is_over_) return ErrorCode::kTransactionAborted;
  TRY(check_visible(collection, collection.object_id));
  auto cursor = std::make_unique<Cursor>(store_.database(), store_.families().documents, snapshot_);
  cursor->seek(id_prefix(collection.object_id), id_prefix(collection.object_id + 1), direction, own_writes());
  return std::make_unique<RocksCollectionScan>(std::move(cursor));
}

Result<std::unique_ptr<IndexScan>> RocksTransaction::scan_index(const Collection& collection, const Index& index,
                                                                const IndexBounds& bounds, Direction direction) {
  if (is_over_) return ErrorCode::kTransactionAborted;
  bool is_primary = index.type == IndexType::kPrimary;
  TRY(check_visible(collection, is_primary ? collection.object_id : index.object_id));
  auto cursor = std::make_unique<Cursor>(
      store_.database(), is_primary ? store_.families().documents : store_.families().indexes, snapshot_);
  auto scan = std::make_unique<RocksIndexScan>(*this, collection, index, std::move(cursor), direction);
  TRY(scan->rearm(bounds));
  return scan;
}

std::optional<uint64_t> RocksTransaction::content_version(const Collection& collection) const {
  if (is_over_) return std::nullopt;
  for (const Touched& touched : touched_) {
    if (touched.state->id == collection.id) return std::nullopt;
  }
  CollectionStatePtr state = store_.view()->find(collection.id);
  if (state == nullptr || state->is_dropped) return std::nullopt;
  uint64_t ended = state->writes_ended.load();
  if (state->writes_begun.load() != ended) return std::nullopt;
  if (snapshot_->GetSequenceNumber() < state->last_write_sequence.load()) return std::nullopt;
  if (state->current().description->object_id != collection.object_id) return std::nullopt;
  return ended;
}

Result<uint64_t> RocksTransaction::count(const Collection& collection) {
  if (is_over_) return ErrorCode::kTransactionAborted;
  std::string bytes;
  rocksdb::Status status =
      store_.database().Get(read_options(), store_.families().metadata, metadata_key('N', collection.id), &bytes);
  if (!status.IsNotFound()) TRY(check(status));
  int64_t count = int64_t(decode_number(bytes));
  for (const Touched& touched : touched_) {
    if (touched.state->id == collection.id) count += touched.count_delta;
  }
  return uint64_t(std::max<int64_t>(count, 0));
}

// ---- the life of a transaction

Result<size_t> RocksTransaction::touch(const Collection& collection) {
  if (is_over_) return ErrorCode::kTransactionAborted;
  if (transaction_ == nullptr) return {ErrorCode::kReadOnly, "the transaction is read only"};
  auto dropped = [&] {
    return Error(ErrorCode::kCollectionNotFound,
                 fmt::format("collection or view not found: {} was dropped or renamed", collection.name));
  };
  for (size_t i = 0; i < touched_.size(); ++i) {
    if (touched_[i].state->id != collection.id) continue;
    if (touched_[i].description->object_id != collection.object_id) return dropped();
    return i;
  }
  CollectionStatePtr state = store_.view()->find(collection.id);
  if (state == nullptr) return dropped();
  TRY(state->gate.enter(store_.gate_patience()));
  CollectionState::Current current = state->current();
  if (state->is_dropped || current.description->object_id != collection.object_id) {
    state->gate.leave();
    return dropped();
  }
  if (current.description->wait_for_sync) wait_for_sync_ = true;
  touched_.push_back({std::move(state), std::move(current.description), std::move(current.schema)});
  return touched_.size() - 1;
}

void RocksTransaction::finish() {
  is_over_ = true;
  has_writes_ = false;
  for (Touched& touched : touched_) touched.state->gate.leave();
  touched_.clear();
}

Result<> RocksTransaction::commit() {
  if (is_over_) return ErrorCode::kTransactionAborted;
  if (transaction_ == nullptr || !has_writes_) {
    rollback();
    return {};
  }
  if (has_puts_) {
    if (auto writable = store_.check_writable(); !writable) {
      rollback();
      return writable;
    }
  }
  rocksdb::ColumnFamilyHandle* metadata = store_.families().metadata;
  rocksdb::WriteBatch* batch = transaction_->GetWriteBatch()->GetWriteBatch();
  rocksdb::Status status;
  for (const Touched& touched : touched_) {
    uint64_t id = touched.state->id;
    if (status.ok() && touched.count_delta != 0) {
      status = batch->Merge(metadata, metadata_key('N', id), encode_number(uint64_t(touched.count_delta)));
    }
    if (status.ok() && touched.made_keys) {
      status = batch->Merge(metadata, metadata_key('A', id), encode_number(touched.state->keys.last()));
    }
  }
  rocksdb::WriteOptions write_options;
  write_options.sync = wait_for_sync_;
  transaction_->SetWriteOptions(write_options);
  for (const Touched& touched : touched_) touched.state->began_write();
  if (status.ok()) status = transaction_->Commit();
  uint64_t sequence = store_.database().GetLatestSequenceNumber();
  for (const Touched& touched : touched_) touched.state->ended_write(sequence);
  if (!status.ok()) {
    rollback();
    store_.write_failed(status);
    return to_error(status);
  }
  store_.write_succeeded();
  for (const Touched& touched : touched_) {
    touched.state->count.fetch_add(touched.count_delta, std::memory_order_relaxed);
    touched.state->changes.fetch_add(1, std::memory_order_relaxed);
  }
  if (!wait_for_sync_) store_.wrote_unsynced();
  finish();
  return {};
}

void RocksTransaction::rollback() {
  if (transaction_ != nullptr && !is_over_) static_cast<void>(transaction_->Rollback());
  if (transaction_ == nullptr && snapshot_ != nullptr) store_.database().ReleaseSnapshot(snapshot_);
  if (transaction_ == nullptr) snapshot_ = nullptr;
  if (!is_over_) finish();
}

void RocksTransaction::set_savepoint() {
  std::vector<int64_t> deltas;
  for (const Touched& touched : touched_) deltas.push_back(touched.count_delta);
  savepoints_.push_back(std::move(deltas));
  if (transaction_ != nullptr) transaction_->SetSavePoint();
}

Result<> RocksTransaction::rollback_to_savepoint() {
  if (is_over_) return ErrorCode::kTransactionAborted;
  if (savepoints_.empty()) return {ErrorCode::kTransactionInternal, "there is no savepoint"};
  if (transaction_ != nullptr) TRY(check(transaction_->RollbackToSavePoint()));
  const std::vector<int64_t>& deltas = savepoints_.back();
  for (size_t i = 0; i < touched_.size(); ++i) touched_[i].count_delta = i < deltas.size() ? deltas[i] : 0;
  savepoints_.pop_back();
  return {};
}

void RocksTransaction::release_savepoint() {
  if (savepoints_.empty()) return;
  savepoints_.pop_back();
  if (transaction_ != nullptr) static_cast<void>(transaction_->PopSavePoint());
}

}  // namespace workerdb::storage

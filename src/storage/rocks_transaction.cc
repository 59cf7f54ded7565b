#include "storage/rocks_transaction.h"

#include <fmt/format.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <algorithm>
#include <utility>

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
  if (pin_->is_cached) return Slice(reinterpret_cast<const uint8_t*>(pin_->cached.data()));
  if (pin_->bytes.empty()) return Slice();
  return Slice(reinterpret_cast<const uint8_t*>(pin_->bytes.data()));
}

RocksTransaction::RocksTransaction(RocksStore& store, const TransactionOptions& options)
    : store_(store), options_(options), id_(store.new_tick()), wait_for_sync_(options.wait_for_sync) {
  store_.transaction_began();
  options_.size_limit_bytes = std::min(options_.size_limit_bytes, store_.options().transaction_limit_bytes);
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

RocksTransaction::RocksTransaction(RocksStore& store, const rocksdb::Snapshot* snapshot)
    : store_(store),
      options_{.read_only = true},
      id_(store.new_tick()),
      snapshot_(snapshot),
      borrows_snapshot_(true),
      wait_for_sync_(false) {
  store_.transaction_began();
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
  PinnedDocument::Pin& pin = into.pin();
  pin.bytes.Reset();
  pin.is_cached = false;
  rocksdb::ColumnFamilyHandle* documents = store_.families().documents;
  if (with_own && has_writes_) {
    rocksdb::Status status = transaction_->Get(read_options(), documents, key, &pin.bytes);
    if (status.IsNotFound()) return false;
    TRY(check(status));
    return true;
  }
  DocumentCache& cache = store_.documents();
  uint64_t hash = DocumentCache::hash_of(key), sequence = snapshot_->GetSequenceNumber();
  if (cache.find(key, hash, sequence, pin.cached)) {
    pin.is_cached = true;
    return true;
  }
  rocksdb::Status status = store_.database().Get(read_options(), documents, key, &pin.bytes);
  if (status.IsNotFound()) return false;
  TRY(check(status));
  cache.offer(key, hash, sequence, to_view(pin.bytes));
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

void RocksTransaction::prefetch(const Collection& collection, std::string_view key) {
  if (has_writes_) return;
  document_key_.clear();
  append_id(collection.object_id, document_key_);
  document_key_.append(key);
  store_.documents().prefetch(DocumentCache::hash_of(document_key_));
}

bool RocksTransaction::find_lookup(std::string_view prefix, uint64_t hash, std::string& entries) const {
  return may_keep_lookups() && store_.documents().find(prefix, hash, snapshot_->GetSequenceNumber(), entries);
}

void RocksTransaction::offer_lookup(std::string_view prefix, uint64_t hash, std::string_view entries) const {
  store_.documents().offer(prefix, hash, snapshot_->GetSequenceNumber(), entries);
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

std::unique_ptr<Transaction> RocksTransaction::reader() {
  if (is_over_ || has_writes_) return nullptr;
  return std::make_unique<RocksTransaction>(store_, snapshot_);
}

Result<std::unique_ptr<CollectionScan>> RocksTransaction::scan_range(const Collection& collection,
                                                                     std::string_view lower, std::string_view upper) {
  if (is_over_) return ErrorCode::kTransactionAborted;
  TRY(check_visible(collection, collection.object_id));
  auto cursor = std::make_unique<Cursor>(store_.database(), store_.families().documents, snapshot_);
  std::string first = id_prefix(collection.object_id), last = id_prefix(collection.object_id + 1);
  if (!upper.empty()) last = first + std::string(upper);
  first.append(lower);
  cursor->seek(first, last, Direction::kForward, own_writes());
  return std::make_unique<RocksCollectionScan>(std::move(cursor));
}

namespace {

// Eight bytes of a key behind what all keys share, as a number that orders like them.
uint64_t leading_number(std::string_view key, size_t shared) {
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) {
    number = number << 8 | (shared + i < key.size() ? static_cast<unsigned char>(key[shared + i]) : 0);
  }
  return number;
}

std::string key_of(std::string_view shared, uint64_t number) {
  std::string key(shared);
  append_id(number, key);
  while (key.size() > shared.size() + 1 && key.back() == '\0') key.pop_back();
  return key;
}

}  // namespace

Result<std::vector<std::string>> RocksTransaction::split(const Collection& collection, size_t parts) {
  auto first_scan = TRY(scan(collection, Direction::kForward));
  if (!TRY(first_scan->next())) return std::vector<std::string>();
  std::string first(first_scan->key());
  auto last_scan = TRY(scan(collection, Direction::kBackward));
  if (!TRY(last_scan->next())) return std::vector<std::string>();
  std::string last(last_scan->key());
  size_t shared = size_t(std::ranges::mismatch(first, last).in1 - first.begin());
  const std::string prefix = id_prefix(collection.object_id);
  rocksdb::SizeApproximationOptions approximation;
  approximation.include_memtables = true;
  auto bytes_before = [&](uint64_t number) {
    std::string begin = prefix + first, end = prefix + key_of(first.substr(0, shared), number);
    rocksdb::Range range(begin, end);
    uint64_t size = 0;
    if (end > begin) {
      static_cast<void>(store_.database().GetBaseDB()->GetApproximateSizes(approximation, store_.families().documents,
                                                                           &range, 1, &size));
    }
    return size;
  };
  uint64_t lowest = leading_number(first, shared), highest = leading_number(last, shared);
  uint64_t total = bytes_before(highest);
  std::vector<std::string> keys;
  for (size_t part = 1; part < parts; ++part) {
    uint64_t wanted = total / parts * part, low = lowest, high = highest;
    constexpr int kSteps = 20;
    for (int step = 0; step < kSteps && low + 1 < high; ++step) {
      uint64_t middle = low + (high - low) / 2;
      (bytes_before(middle) < wanted ? low : high) = middle;
    }
    std::string key = key_of(first.substr(0, shared), high);
    if (key > first && (keys.empty() || key > keys.back())) keys.push_back(std::move(key));
  }
  return keys;
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
  store_.transaction_holds(std::exchange(held_bytes_, 0), 0);
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
  store_.documents().began_write(written_keys_);
  if (status.ok()) status = transaction_->Commit();
  uint64_t sequence = store_.database().GetLatestSequenceNumber();
  store_.documents().ended_write(written_keys_, sequence);
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
  if (transaction_ == nullptr && snapshot_ != nullptr && !borrows_snapshot_) {
    store_.database().ReleaseSnapshot(snapshot_);
  }
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

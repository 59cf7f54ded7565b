#include "storage/rocks_store.h"

#include <fmt/format.h>
#include <rocksdb/transaction_log.h>

#include <algorithm>
#include <charconv>

#include "storage/rocks_transaction.h"

namespace workerdb::storage {

using base::ErrorCode;
using base::Result;

Result<std::unique_ptr<Store>> Store::open(const std::string& folder, const StoreOptions& options) {
  return RocksStore::open(folder, options, nullptr);
}

RocksStore::RocksStore(OpenRocks rocks, const std::string& folder, const StoreOptions& options)
    : rocks_(std::move(rocks)),
      document_cache_(options.document_cache_bytes),
      folder_(folder),
      options_(options),
      view_(std::make_shared<CatalogView>()) {}

RocksStore::~RocksStore() {
  stop_upkeep();
  if (is_unsynced_) static_cast<void>(sync());
  for (auto* family : {rocks_.families.metadata, rocks_.families.documents, rocks_.families.indexes}) {
    static_cast<void>(rocks_.database->DestroyColumnFamilyHandle(family));
  }
}

std::shared_ptr<const CatalogView> RocksStore::view() const {
  std::shared_lock lock(view_mutex_);
  return view_;
}

std::chrono::milliseconds RocksStore::gate_patience() const {
  // Longer than a lock: building an index keeps writers out.
  return std::chrono::milliseconds(std::max<int64_t>(60'000, options_.lock_timeout_ms));
}

DatabasePtr RocksStore::find_database(std::string_view name) const {
  auto current = view();
  auto found = current->databases.find(name);
  return found == current->databases.end() ? nullptr : found->second->database;
}

std::vector<DatabasePtr> RocksStore::databases() const {
  std::vector<DatabasePtr> result;
  for (const auto& [name, database] : view()->databases) result.push_back(database->database);
  return result;
}

CollectionPtr RocksStore::find_collection(const Database& database, std::string_view name) const {
  auto current = view();
  auto in_database = current->find(database);
  if (in_database == nullptr) return nullptr;
  auto found = in_database->collections.find(name);
  if (found != in_database->collections.end()) return found->second->current().description;
  uint64_t id = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size()) return nullptr;
  CollectionStatePtr state = current->find(id);
  if (state == nullptr) return nullptr;
  CollectionPtr description = state->current().description;
  return description->database_id == database.id ? description : nullptr;
}

std::vector<CollectionPtr> RocksStore::collections(const Database& database) const {
  std::vector<CollectionPtr> result;
  auto current = view();
  if (auto in_database = current->find(database)) {
    for (const auto& [name, state] : in_database->collections) result.push_back(state->current().description);
  }
  return result;
}

uint64_t RocksStore::document_count(const Collection& collection) const {
  CollectionStatePtr state = view()->find(collection.id);
  return state == nullptr ? 0 : uint64_t(std::max<int64_t>(0, state->count.load(std::memory_order_relaxed)));
}

uint64_t RocksStore::approximate_bytes(const Collection& collection) const {
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  options.include_files = true;
  uint64_t total = 0;
  auto add = [&](rocksdb::ColumnFamilyHandle* family, uint64_t object_id) {
    std::string begin = id_prefix(object_id), end = id_prefix(object_id + 1);
    rocksdb::Range range(begin, end);
    uint64_t bytes = 0;
    if (rocks_.database->GetApproximateSizes(options, family, &range, 1, &bytes).ok()) total += bytes;
  };
  add(rocks_.families.documents, collection.object_id);
  for (const auto& index : collection.indexes) {
    if (index->type != IndexType::kPrimary) add(rocks_.families.indexes, index->object_id);
  }
  return total;
}

std::unique_ptr<Transaction> RocksStore::begin(const TransactionOptions& options) {
  return std::make_unique<RocksTransaction>(*this, options);
}

Result<bool> RocksStore::read(const Collection& collection, std::string_view key, PinnedDocument& into) const {
  rocksdb::PinnableSlice& bytes = into.pin().bytes;
  bytes.Reset();
  into.pin().is_cached = false;
  char buffer[8 + 254];
  if (key.size() > sizeof buffer - 8) return false;
  std::memcpy(buffer, id_prefix(collection.object_id).data(), 8);
  std::memcpy(buffer + 8, key.data(), key.size());
  std::string_view stored_key(buffer, 8 + key.size());
  uint64_t hash = DocumentCache::hash_of(stored_key), sequence = rocks_.database->GetLatestSequenceNumber();
  if (document_cache_.find(stored_key, hash, sequence, into.pin().cached)) {
    into.pin().is_cached = true;
    return true;
  }
  rocksdb::Status status =
      rocks_.database->Get(rocksdb::ReadOptions(), rocks_.families.documents, to_slice(stored_key), &bytes);
  if (status.ok()) [[likely]] {
    document_cache_.offer(stored_key, hash, sequence, to_view(bytes));
    return true;
  }
  if (!status.IsNotFound()) return to_error(status);
  if (auto state = view()->find(collection.id);
      state != nullptr && state->current().description->object_id != collection.object_id) {
    return {ErrorCode::kConflict, "the collection was renamed, look it up again"};
  }
  return false;
}

StoreStatistics RocksStore::statistics() const {
  auto property = [&](const std::string& name) {
    uint64_t total = 0;
    for (auto* family : {rocks_.families.metadata, rocks_.families.documents, rocks_.families.indexes}) {
      uint64_t value = 0;
      if (rocks_.database->GetIntProperty(family, name, &value)) total += value;
    }
    return total;
  };
  StoreStatistics result{};
  result.live_bytes = property(rocksdb::DB::Properties::kTotalSstFilesSize);
  result.memtable_bytes = property(rocksdb::DB::Properties::kCurSizeAllMemTables);
  result.block_cache_bytes = rocks_.block_cache->GetUsage();
  rocksdb::VectorLogPtr logs;
  if (rocks_.database->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) result.wal_bytes += log->SizeFileBytes();
  }
  result.open_transactions = open_transactions_.load(std::memory_order_relaxed);
  return result;
}

}  // namespace workerdb::storage

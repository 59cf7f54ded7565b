#pragma once
// One folder on disk: databases, collections, documents, indexes. The only door to RocksDB.
//
// Durability: a committed write is in the write-ahead log before commit() returns (it survives the death of the
// process); with wait_for_sync it is on the disk (it survives power loss). Others reach the disk within
// StoreOptions::sync_interval_ms. Many writers share one fsync.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/schema.h"
#include "storage/transaction.h"
#include "value/builder.h"

namespace workerdb::storage {

struct StoreOptions {
  size_t block_cache_bytes = size_t(256) << 20;
  bool memtables_in_block_cache = false;           // memtables take their room from the block cache's
  size_t document_cache_bytes = size_t(64) << 20;  // documents that were read by key; 0: none are kept
  // One memtable. The log that a restart replays is bounded by 4 of them; when the disk has less than one left, writes
  // fail with kFilesystemFull (documents can still be read and removed).
  size_t write_buffer_bytes = size_t(64) << 20;
  uint64_t transaction_limit_bytes = UINT64_MAX;  // no transaction may ask for more; see TransactionOptions
  uint64_t all_transactions_limit_bytes = 0;      // what all that are open hold in memory: kResourceLimit; 0 none
  uint32_t sync_interval_ms = 100;
  uint32_t ttl_interval_ms = 30'000;  // how often TTL indexes are swept; 0 never
  uint32_t lock_timeout_ms = 2'000;   // a writer waits so long for another's row, then kConflict
  size_t largest_document_bytes = size_t(128) << 20;
};

struct StoreStatistics {
  uint64_t live_bytes, memtable_bytes, block_cache_bytes, wal_bytes, open_transactions;
};

// Thread-safe. Everything that it hands out must be gone before it is destroyed.
class Store {
 public:
  // Opens or creates. Errors: kDatadirLocked (another process has it), kFilesystemFull,
  // kCorruptedDatafile, kCannotCreateDirectory; a folder written by a later version is refused.
  static base::Result<std::unique_ptr<Store>> open(const std::string& folder, const StoreOptions& options = {});
  virtual ~Store() = default;

  // Databases. "_system" always exists and cannot be dropped (kForbidden).
  // Errors: kDuplicateName, kDatabaseNameInvalid, kDatabaseNotFound.
  virtual base::Result<DatabasePtr> create_database(std::string_view name, value::Slice properties) = 0;
  virtual base::Result<> set_database_properties(std::string_view name, value::Slice properties) = 0;
  virtual base::Result<> drop_database(std::string_view name) = 0;
  virtual DatabasePtr find_database(std::string_view name) const = 0;  // null if there is none
  virtual std::vector<DatabasePtr> databases() const = 0;              // by name

  // Collections. `definition.name`, type, key_options, schema … are taken; ids and indexes are made here (primary, and
  // edge for edge collections). Errors: kDuplicateName, kIllegalName, kCollectionNotFound.
  virtual base::Result<CollectionPtr> create_collection(const Database& database, const Collection& definition) = 0;
  virtual base::Result<> drop_collection(const Database& database, std::string_view name) = 0;
  // Also documents' _id follow the new name; done in the background of the call, atomically at its end.
  virtual base::Result<CollectionPtr> rename_collection(const Database& database, std::string_view name,
                                                        std::string_view new_name) = 0;
  // Replaces what may change: wait_for_sync, schema, computed_values.
  virtual base::Result<CollectionPtr> change_collection(const Database& database, const Collection& changed) = 0;
  // All documents at once, without a transaction; atomic also after a crash.
  virtual base::Result<> truncate_collection(const Collection& collection) = 0;
  virtual CollectionPtr find_collection(const Database& database,
                                        std::string_view name) const = 0;              // by name or id text
  virtual std::vector<CollectionPtr> collections(const Database& database) const = 0;  // by name

  // Views. The definition's name, type and properties are taken; the id is made here. Errors: kDuplicateName,
  // kIllegalName, kCollectionNotFound for a view that is not there. A view found by its number as text, too.
  virtual base::Result<ViewPtr> create_view(const Database& database, const View& definition) = 0;
  virtual base::Result<ViewPtr> change_view(const Database& database, std::string_view name,
                                            value::Slice properties) = 0;
  virtual base::Result<ViewPtr> rename_view(const Database& database, std::string_view name,
                                            std::string_view new_name) = 0;
  virtual base::Result<> drop_view(const Database& database, std::string_view name) = 0;
  virtual ViewPtr find_view(const Database& database, std::string_view name) const = 0;  // null if there is none
  virtual std::vector<ViewPtr> views(const Database& database) const = 0;                // by name

  // Indexes. An index with the same type, fields and options exists: it is returned, `created` false.
  // Existing documents are indexed before the call returns; a unique violation leaves nothing behind.
  struct EnsuredIndex {
    std::shared_ptr<const Index> index;
    bool created;
  };
  virtual base::Result<EnsuredIndex> ensure_index(const Collection& collection, const Index& definition) = 0;
  virtual base::Result<> drop_index(const Collection& collection, uint64_t index_id) = 0;
  // Distinct index keys per entry, 0-1, for the optimizer: 1 for unique ones.
  virtual double selectivity_estimate(const Collection& collection, const Index& index) const = 0;

  // Committed documents, O(1).
  virtual uint64_t document_count(const Collection& collection) const = 0;
  // Approximate bytes on disk.
  virtual uint64_t approximate_bytes(const Collection& collection) const = 0;

  // A transaction with a snapshot of now. See transaction.h.
  virtual std::unique_ptr<Transaction> begin(const TransactionOptions& options = {}) = 0;

  // The last committed state of one document without a transaction: the fastest read. False: there is none.
  virtual base::Result<bool> read(const Collection& collection, std::string_view key, PinnedDocument& into) const = 0;

  // All that is acknowledged is on the disk when this returns.
  virtual base::Result<> sync() = 0;
  // Removes what TTL indexes call expired; runs by itself every ttl_interval_ms. Returns the number removed.
  virtual base::Result<uint64_t> remove_expired(int64_t now_unix_seconds) = 0;
  // Compares every document with every index entry, both ways; each difference is a sentence. For tests and `doctor`.
  virtual base::Result<std::vector<std::string>> verify(const Collection& collection) const = 0;
  // A number that never came before, also over restarts (ids of cursors, transactions, _rev).
  virtual uint64_t new_tick() = 0;
  virtual StoreStatistics statistics() const = 0;
};

}  // namespace workerdb::storage

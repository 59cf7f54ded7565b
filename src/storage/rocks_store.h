#pragma once
// The store: one open RocksDB, the catalog in memory, and the threads that look after it.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <shared_mutex>
#include <string>
#include <thread>

#include "base/thread_annotations.h"
#include "storage/catalog_view.h"
#include "storage/document_cache.h"
#include "storage/revision.h"
#include "storage/rocks.h"
#include "storage/store.h"

namespace workerdb::storage {

// Locks, outermost first: the gates of collections (collection_state.h), schema_mutex_, view_mutex_.
class RocksStore final : public Store {
 public:
  // `environment` replaces RocksDB's file system and outlives the store; null for the real one.
  static base::Result<std::unique_ptr<Store>> open(const std::string& folder, const StoreOptions& options,
                                                   rocksdb::Env* environment);
  ~RocksStore() override;

  base::Result<DatabasePtr> create_database(std::string_view name, value::Slice properties) override;
  base::Result<> set_database_properties(std::string_view name, value::Slice properties) override;
  base::Result<> drop_database(std::string_view name) override;
  DatabasePtr find_database(std::string_view name) const override;
  std::vector<DatabasePtr> databases() const override;

  base::Result<CollectionPtr> create_collection(const Database& database, const Collection& definition) override;
  base::Result<> drop_collection(const Database& database, std::string_view name) override;
  base::Result<CollectionPtr> rename_collection(const Database& database, std::string_view name,
                                                std::string_view new_name) override;
  base::Result<CollectionPtr> change_collection(const Database& database, const Collection& changed) override;
  base::Result<> truncate_collection(const Collection& collection) override;
  CollectionPtr find_collection(const Database& database, std::string_view name) const override;
  std::vector<CollectionPtr> collections(const Database& database) const override;

  base::Result<ViewPtr> create_view(const Database& database, const View& definition) override;
  base::Result<ViewPtr> change_view(const Database& database, std::string_view name, value::Slice properties) override;
  base::Result<ViewPtr> rename_view(const Database& database, std::string_view name,
                                    std::string_view new_name) override;
  base::Result<> drop_view(const Database& database, std::string_view name) override;
  ViewPtr find_view(const Database& database, std::string_view name) const override;
  std::vector<ViewPtr> views(const Database& database) const override;

  base::Result<EnsuredIndex> ensure_index(const Collection& collection, const Index& definition) override;
  base::Result<> drop_index(const Collection& collection, uint64_t index_id) override;
  double selectivity_estimate(const Collection& collection, const Index& index) const override;

  uint64_t document_count(const Collection& collection) const override;
  uint64_t approximate_bytes(const Collection& collection) const override;
  std::unique_ptr<Transaction> begin(const TransactionOptions& options) override;
  base::Result<bool> read(const Collection& collection, std::string_view key, PinnedDocument& into) const override;
  base::Result<> sync() override;
  base::Result<uint64_t> remove_expired(int64_t now_unix_seconds) override;
  base::Result<std::vector<std::string>> verify(const Collection& collection) const override;
  uint64_t new_tick() override { return clock_->next(); }
  StoreStatistics statistics() const override;

  // For transactions.
  rocksdb::TransactionDB& database() const { return *rocks_.database; }
  const ColumnFamilies& families() const { return rocks_.families; }
  const StoreOptions& options() const { return options_; }
  std::shared_ptr<const CatalogView> view() const;
  std::chrono::milliseconds gate_patience() const;
  DocumentCache& documents() const { return document_cache_; }
  void transaction_began() { open_transactions_.fetch_add(1, std::memory_order_relaxed); }
  // That a transaction holds `now` bytes where it held `before`. False: all together hold more than they may.
  bool transaction_holds(uint64_t before, uint64_t now) {
    uint64_t limit = options_.all_transactions_limit_bytes;
    return held_bytes_.fetch_add(now - before, std::memory_order_relaxed) + now - before <= limit || limit == 0;
  }
  void transaction_ended() { open_transactions_.fetch_sub(1, std::memory_order_relaxed); }
  // Tells the syncing thread that there is something to do.
  void wrote_unsynced();
  void write_failed(const rocksdb::Status& status);
  void write_succeeded() {
    if (has_failed_.load(std::memory_order_relaxed)) has_failed_ = false;
  }
  // kFilesystemFull while the disk is nearly full.
  base::Result<> check_writable() const;

 private:
  RocksStore(OpenRocks rocks, const std::string& folder, const StoreOptions& options);

  // Opening (rocks_store_open.cc).
  base::Result<> load();
  base::Result<> check_format(bool& is_new);
  base::Result<> load_catalog();
  base::Result<CollectionStatePtr> load_collection(value::Slice record);
  base::Result<> sweep_garbage();
  base::Result<> rebuild_after_new_collation();
  base::Result<std::string> metadata(const std::string& key, bool& found) const;
  void start_upkeep();

  // Schema changes (schema_changes.cc).
  uint64_t new_id(rocksdb::WriteBatch& batch) REQUIRES(schema_mutex_);
  base::Result<> write_schema(rocksdb::WriteBatch& batch);
  void publish(std::shared_ptr<const CatalogView> view);
  void publish_collection(const DatabaseView& database, const std::string* old_name, CollectionStatePtr state)
      REQUIRES(schema_mutex_);
  // Writes the view in place of the one called old_name, where that is given, and publishes it (view_changes.cc).
  base::Result<ViewPtr> write_view(const DatabaseView& database, const std::string* old_name,
                                   std::shared_ptr<View> view, rocksdb::WriteBatch& batch) REQUIRES(schema_mutex_);
  base::Result<CollectionStatePtr> live(const Collection& collection) const;
  base::Result<std::shared_ptr<const DatabaseView>> live(const Database& database) const;
  void delete_contents(const Collection& collection, rocksdb::WriteBatch& batch) const;
  void delete_metadata(const Collection& collection, rocksdb::WriteBatch& batch) const;
  base::Result<> rename_contents(const CollectionStatePtr& state, Collection& renamed);
  base::Result<> copy_renamed(const Collection& from, const Collection& to);

  // Building indexes (index_build.cc).
  base::Result<> build_index(uint64_t documents, const Index& index);
  base::Result<> write_garbage_mark(uint64_t object_id);
  void discard(uint64_t object_id);

  // Upkeep (upkeep.cc).
  base::Result<> sync_file(const std::string& name) const;
  void stop_upkeep();
  void check_free_space();
  void run_syncs();
  void run_sweeps();
  base::Result<uint64_t> remove_expired(const CollectionStatePtr& state, const Index& index, int64_t now_unix_seconds);

  OpenRocks rocks_;
  mutable DocumentCache document_cache_;
  const std::string folder_;
  const StoreOptions options_;
  std::unique_ptr<TickClock> clock_;

  base::Mutex schema_mutex_;  // one change of the catalog at a time
  uint64_t last_id_ GUARDED_BY(schema_mutex_) = 0;
  mutable std::shared_mutex view_mutex_;
  std::shared_ptr<const CatalogView> view_;  // guarded by view_mutex_

  std::atomic<uint64_t> open_transactions_ = 0, held_bytes_ = 0;

  base::Mutex sync_mutex_;
  uint64_t synced_log_ GUARDED_BY(sync_mutex_) = 0;  // logs with lower numbers are on the disk

  base::Mutex upkeep_mutex_;
  std::condition_variable_any upkeep_wakes_;
  bool is_closing_ GUARDED_BY(upkeep_mutex_) = false;
  std::atomic<bool> is_unsynced_ = false, has_failed_ = false, is_full_ = false;
  std::thread syncing_, sweeping_;
};

}  // namespace workerdb::storage

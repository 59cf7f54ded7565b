#pragma once
// Transactions over RocksDB's pessimistic transactions.
//
// Locks: a write locks the document's key (and unique entries' keys) and fails if somebody else committed it after the
// snapshot. All other entries belong to one document, so its lock guards them too and they are written without one.
// Everything that can fail is done before the first byte is written, so a failed write leaves nothing to undo.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/collection_state.h"
#include "storage/cursor.h"
#include "storage/index_entries.h"
#include "storage/rocks.h"
#include "storage/transaction.h"

namespace workerdb::storage {

class RocksStore;

class RocksTransaction final : public Transaction {
 public:
  RocksTransaction(RocksStore& store, const TransactionOptions& options);
  // A reader of a snapshot that somebody else holds.
  RocksTransaction(RocksStore& store, const rocksdb::Snapshot* snapshot);
  ~RocksTransaction() override;

  base::Result<bool> read(const Collection& collection, std::string_view key, PinnedDocument& into) override;
  base::Result<std::unique_ptr<CollectionScan>> scan(const Collection& collection, Direction direction) override;
  base::Result<std::unique_ptr<IndexScan>> scan_index(const Collection& collection, const Index& index,
                                                      const IndexBounds& bounds, Direction direction) override;
  std::optional<uint64_t> content_version(const Collection& collection) const override;
  std::unique_ptr<Transaction> reader() override;
  base::Result<std::vector<std::string>> split(const Collection& collection, size_t parts) override;
  base::Result<std::unique_ptr<CollectionScan>> scan_range(const Collection& collection, std::string_view lower,
                                                           std::string_view upper) override;
  base::Result<uint64_t> count(const Collection& collection) override;

  base::Result<WriteResult> insert(const Collection& collection, value::Slice document,
                                   const WriteOptions& options) override;
  base::Result<WriteResult> update(const Collection& collection, std::string_view key, value::Slice patch,
                                   const WriteOptions& options) override;
  base::Result<WriteResult> replace(const Collection& collection, std::string_view key, value::Slice document,
                                    const WriteOptions& options) override;
  base::Result<WriteResult> remove(const Collection& collection, std::string_view key,
                                   const WriteOptions& options) override;

  void set_savepoint() override;
  base::Result<> rollback_to_savepoint() override;
  void release_savepoint() override;
  base::Result<> commit() override;
  void rollback() override;
  uint64_t id() const override { return id_; }

  // For scans: sets a cursor to a range, own writes included.
  void seek(Cursor& cursor, std::string_view lower, std::string_view upper, Direction direction);
  // The document behind an entry that a scan met, also if the transaction removed it after the scan had begun.
  base::Result<bool> read_as_of_scan(const Collection& collection, std::string_view key, PinnedDocument& into);
  // Says that this document is about to be read.
  void prefetch(const Collection& collection, std::string_view key);
  // Lookups in indexes that the document cache keeps (kept_lookup.h): not where the transaction has writes of its own.
  bool may_keep_lookups() const { return !has_writes_; }
  bool find_lookup(std::string_view prefix, uint64_t hash, std::string& entries) const;
  void offer_lookup(std::string_view prefix, uint64_t hash, std::string_view entries) const;

 private:
  // A collection that this transaction writes to.
  struct Touched {
    CollectionStatePtr state;
    CollectionPtr description;
    std::shared_ptr<const JsonSchema> schema;
    int64_t count_delta = 0;
    bool made_keys = false;
  };
  // What one write does to an index.
  struct Change {
    std::string key, value;
    bool is_delete = false, is_unique = false;
  };

  base::Result<size_t> touch(const Collection& collection);
  base::Result<> check_visible(const Collection& collection, uint64_t object_id) const;
  rocksdb::ReadOptions read_options() const;
  rocksdb::WriteBatchWithIndex* own_writes() const;
  base::Result<bool> get(const std::string& key, PinnedDocument& into, bool with_own);

  base::Result<WriteResult> insert_with_key(Touched& touched, std::string_view key, value::Slice document,
                                            const WriteOptions& options);
  base::Result<WriteResult> insert_generated(Touched& touched, value::Slice document, const WriteOptions& options);
  base::Result<WriteResult> overwrite(Touched& touched, std::string_view key, value::Slice document,
                                      const WriteOptions& options, bool is_update);
  base::Result<WriteResult> store_new(Touched& touched, std::string_view key, value::Slice document,
                                      const WriteOptions& options, bool is_generated);
  base::Result<bool> lock_document(const Touched& touched, std::string_view key);
  base::Result<> check_new(const Touched& touched, value::Slice old, const WriteOptions& options);
  base::Result<> collect_changes(const Touched& touched, value::Slice old, value::Slice now);
  void collect_index_changes(const Index& index, value::Slice old, value::Slice now);
  Change& grow_changes();
  base::Result<> lock_unique_changes(const Touched& touched);
  base::Result<> apply(Touched& touched, value::Slice now, bool is_generated);
  WriteResult result_of(value::Slice old, value::Slice now, const WriteOptions& options) const;
  void finish();

  RocksStore& store_;
  TransactionOptions options_;
  uint64_t id_;
  uint64_t held_bytes_ = 0;                            // as the store was told
  std::unique_ptr<rocksdb::Transaction> transaction_;  // null if read only
  const rocksdb::Snapshot* snapshot_ = nullptr;
  bool borrows_snapshot_ = false;
  bool has_writes_ = false, has_puts_ = false, is_over_ = false, wait_for_sync_;
  std::vector<Touched> touched_;
  std::vector<std::vector<int64_t>> savepoints_;  // count deltas of touched_
  std::vector<uint64_t> written_keys_;            // hashes of documents' keys, for the document cache

  // Reused from one write to the next.
  std::string document_key_, rev_;
  rocksdb::PinnableSlice old_bytes_, entry_bytes_;
  value::Builder new_document_;
  IndexEntries old_entries_, new_entries_;
  std::vector<Change> changes_;
  size_t change_count_ = 0;
};

}  // namespace workerdb::storage

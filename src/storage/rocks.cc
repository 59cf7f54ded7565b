#include "storage/rocks.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <filesystem>

#include "storage/store.h"

namespace workerdb::storage {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

// 'N' keys add up, 'A' keys keep the greatest.
class CounterMerge : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice& key, const rocksdb::Slice* existing, const rocksdb::Slice& operand,
             std::string* result, rocksdb::Logger*) const override {
    uint64_t left = existing == nullptr ? 0 : decode_number(to_view(*existing));
    uint64_t right = decode_number(to_view(operand));
    *result = encode_number(key.size() > 0 && key[0] == 'A' ? std::max(left, right) : left + right);
    return true;
  }
  const char* Name() const override { return "workerdb.counter"; }
};

rocksdb::DBOptions database_options(const StoreOptions& options, const std::shared_ptr<rocksdb::Cache>& cache,
                                    rocksdb::Env* environment) {
  rocksdb::DBOptions result;
  if (environment != nullptr) result.env = environment;
  result.create_if_missing = true;
  result.create_missing_column_families = true;
  result.max_background_jobs = 2;
  result.max_total_wal_size = 2 * options.write_buffer_bytes;
  result.db_write_buffer_size = 2 * options.write_buffer_bytes;
  if (options.memtables_in_block_cache) {
    result.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(result.db_write_buffer_size, cache);
  }
  result.avoid_flush_during_recovery = true;
  // A torn last record is the trace of a killed process and dropped; a damaged record before it fails the open, where
  // point-in-time recovery would silently forget everything behind it.
  result.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  result.track_and_verify_wals_in_manifest = true;
  result.bytes_per_sync = 1 << 20;
  result.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  result.keep_log_file_num = 2;
  result.max_log_file_size = 1 << 20;
  result.max_manifest_file_size = 4 << 20;
  result.stats_dump_period_sec = 0;
  result.stats_persist_period_sec = 0;
  return result;
}

// Documents are read by the thousand in scans, which larger blocks make cheaper; entries of indexes by seeks, which
// smaller ones do.
constexpr size_t kDocumentBlockBytes = 16 << 10, kIndexBlockBytes = 4 << 10;

rocksdb::ColumnFamilyOptions family_options(const StoreOptions& options, std::shared_ptr<rocksdb::Cache> cache,
                                            size_t block_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  table.block_size = block_bytes;
  rocksdb::ColumnFamilyOptions result;
  result.write_buffer_size = options.write_buffer_bytes;
  result.target_file_size_base = 64 << 20;
  result.level_compaction_dynamic_level_bytes = true;
  auto supported = rocksdb::GetSupportedCompressions();
  auto has = [&](rocksdb::CompressionType type) {
    return std::find(supported.begin(), supported.end(), type) != supported.end();
  };
  result.compression = has(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  if (has(rocksdb::kZSTD)) result.bottommost_compression = rocksdb::kZSTD;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(const StoreOptions& options,
                                                      const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions documents = family_options(options, cache, kDocumentBlockBytes);
  rocksdb::ColumnFamilyOptions metadata = documents;
  metadata.merge_operator = std::make_shared<CounterMerge>();
  // A counter is read in one step however often it was added to.
  metadata.max_successive_merges = 16;
  return {{rocksdb::kDefaultColumnFamilyName, metadata},
          {"documents", documents},
          {"indexes", family_options(options, cache, kIndexBlockBytes)}};
}

Error open_error(const rocksdb::Status& status, const std::string& folder) {
  std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return Error(ErrorCode::kDatadirLocked, fmt::format("the folder '{}' is in use by another process", folder));
  }
  return to_error(status).with_context(fmt::format("cannot open '{}'", folder));
}

}  // namespace

Error to_error(const rocksdb::Status& status) {
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() || status.IsDeadlock()) {
    return Error(ErrorCode::kConflict,
                 status.IsTimedOut() ? "timeout waiting to lock a document" : "write-write conflict");
  }
  if (status.IsNoSpace()) return Error(ErrorCode::kFilesystemFull, "filesystem full: " + status.ToString());
  if (status.IsCorruption()) return Error(ErrorCode::kCorruptedDatafile, "corrupted datafile: " + status.ToString());
  if (status.IsShutdownInProgress()) return Error(ErrorCode::kShuttingDown);
  if (status.IsMemoryLimit() || status.IsLockLimit()) return Error(ErrorCode::kResourceLimit, status.ToString());
  if (status.IsIOError()) return Error(ErrorCode::kIoError, "storage engine I/O error: " + status.ToString());
  return Error(ErrorCode::kInternal, "storage: " + status.ToString());
}

Result<OpenRocks> open_rocks(const std::string& folder, const StoreOptions& options, rocksdb::Env* environment) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return {ErrorCode::kCannotCreateDirectory,
            fmt::format("cannot create the folder '{}': {}", folder, failure.message())};
  }
  OpenRocks rocks;
  rocks.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  rocksdb::TransactionDBOptions transactions;
  transactions.transaction_lock_timeout = options.lock_timeout_ms;
  transactions.default_lock_timeout = options.lock_timeout_ms;
  rocksdb::TransactionDB* database = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::Status status =
      rocksdb::TransactionDB::Open(database_options(options, rocks.block_cache, environment), transactions, folder,
                                   families(options, rocks.block_cache), &handles, &database);
  if (!status.ok()) return open_error(status, folder);
  rocks.database.reset(database);
  rocks.families = {handles[0], handles[1], handles[2]};
  return rocks;
}

}  // namespace workerdb::storage

// The thread that looks after an open store: syncing the log, recovering from full disks, removing what expired.
#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/transaction_log.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/log.h"
#include "base/time.h"
#include "storage/key_encoding.h"
#include "storage/rocks_store.h"

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;
using std::chrono::milliseconds;

constexpr size_t kExpiredBatch = 1000;
constexpr milliseconds kLookAgainAfter(500);

}  // namespace

void RocksStore::start_upkeep() {
  check_free_space();
  syncing_ = std::thread([this] { run_syncs(); });
  // A thread of its own: it may have to wait for a change of the schema, and the log must not.
  if (options_.ttl_interval_ms > 0) sweeping_ = std::thread([this] { run_sweeps(); });
}

void RocksStore::stop_upkeep() {
  {
    base::MutexLock lock(upkeep_mutex_);
    is_closing_ = true;
    upkeep_wakes_.notify_all();
  }
  if (syncing_.joinable()) syncing_.join();
  if (sweeping_.joinable()) sweeping_.join();
}

void RocksStore::wrote_unsynced() {
  if (is_unsynced_.load() || is_unsynced_.exchange(true)) return;
  base::MutexLock lock(upkeep_mutex_);
  upkeep_wakes_.notify_all();
}

// RocksDB takes writes again by itself when it finds room (it looks every few seconds); some failures it cannot get
// over before the store is opened again.
void RocksStore::write_failed(const rocksdb::Status& status) {
  if (!status.IsIOError() && !status.IsNoSpace() && !status.IsCorruption() && !status.IsIncomplete()) return;
  if (!has_failed_.exchange(true)) base::log_error("storage", "a write failed: {}", status.ToString());
}

// Writes stop a little before the disk is full: RocksDB never gets over the failure to begin a new log.
void RocksStore::check_free_space() {
  uint64_t free_bytes = 0;
  rocksdb::Env* environment = rocks_.database->GetEnv();
  if (!environment->GetFreeSpace(folder_, &free_bytes).ok()) return;
  bool is_full = free_bytes < options_.write_buffer_bytes;
  if (is_full_.exchange(is_full) == is_full) return;
  if (is_full) {
    base::log_error("storage", "the disk has only {} bytes left: documents can be read and removed only", free_bytes);
  } else {
    base::log_warning("storage", "the disk has room again");
  }
}

Result<> RocksStore::check_writable() const {
  if (!is_full_.load(std::memory_order_relaxed)) return {};
  return {ErrorCode::kFilesystemFull,
          fmt::format("filesystem full: less than {} bytes are left", options_.write_buffer_bytes)};
}

// Through a descriptor of our own: RocksDB's SyncWAL() must not meet a log whose last write failed (it asserts that),
// and a write that carries a sync would hold up all other writers.
Result<> RocksStore::sync_file(const std::string& name) const {
  std::string path = folder_ + name;
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return {};  // its contents are in table files
    return {ErrorCode::kIoError, fmt::format("cannot open the log: {}", std::generic_category().message(errno))};
  }
  int failure = ::fdatasync(file) == 0 ? 0 : errno;
  ::close(file);
  if (failure == 0) return {};
  return {failure == ENOSPC ? ErrorCode::kFilesystemFull : ErrorCode::kIoError,
          fmt::format("cannot sync the log: {}", std::generic_category().message(failure))};
}

Result<> RocksStore::sync() {
  base::MutexLock lock(sync_mutex_);
  // Before the sync: what is written during it sets the flag again.
  is_unsynced_ = false;
  auto sync_all = [&]() -> Result<> {
    std::unique_ptr<rocksdb::LogFile> newest;
    TRY(check(rocks_.database->GetCurrentWalFile(&newest)));
    if (newest->LogNumber() != synced_log_) {
      rocksdb::VectorLogPtr logs;
      TRY(check(rocks_.database->GetSortedWalFiles(logs)));
      for (const auto& log : logs) {
        if (log->LogNumber() >= synced_log_) TRY(sync_file(log->PathName()));
      }
      TRY(sync_file("/"));  // the folder, so that a new log's name is on the disk too
    }
    TRY(sync_file(newest->PathName()));
    synced_log_ = newest->LogNumber();
    return {};
  };
  Result<> synced = sync_all();
  if (!synced) is_unsynced_ = true;
  return synced;
}

void RocksStore::run_syncs() {
  using Clock = std::chrono::system_clock;
  auto next_sync = Clock::now();
  for (;;) {
    {
      base::MutexLock lock(upkeep_mutex_);
      auto now = Clock::now();
      auto wake = now + std::chrono::hours(1);
      if (is_unsynced_) wake = std::min<Clock::time_point>(wake, next_sync);
      if (is_full_) wake = std::min<Clock::time_point>(wake, now + kLookAgainAfter);
      if (!is_closing_ && wake > now) upkeep_wakes_.wait_until(lock, wake);
      if (is_closing_) return;
    }
    auto now = Clock::now();
    if (is_unsynced_ && now >= next_sync) {
      if (auto synced = sync(); !synced) base::log_error("storage", "{}", synced.error().message());
      next_sync = now + milliseconds(options_.sync_interval_ms);
    }
    check_free_space();
  }
}

void RocksStore::run_sweeps() {
  auto next_sweep = std::chrono::system_clock::now() + milliseconds(options_.ttl_interval_ms);
  for (;;) {
    {
      base::MutexLock lock(upkeep_mutex_);
      if (!is_closing_) upkeep_wakes_.wait_until(lock, next_sweep);
      if (is_closing_) return;
    }
    if (std::chrono::system_clock::now() < next_sweep) continue;
    if (auto removed = remove_expired(base::unix_time_ms() / 1000); !removed) {
      base::log_warning("storage", "cannot remove expired documents: {}", removed.error().message());
    }
    next_sweep = std::chrono::system_clock::now() + milliseconds(options_.ttl_interval_ms);
  }
}

Result<uint64_t> RocksStore::remove_expired(int64_t now_unix_seconds) {
  uint64_t total = 0;
  auto current = view();
  for (const auto& [id, state] : current->collections) {
    CollectionPtr description = state->current().description;
    for (const auto& index : description->indexes) {
      if (index->type == IndexType::kTtl) total += TRY(remove_expired(state, *index, now_unix_seconds));
    }
  }
  return total;
}

// In transactions of their own; documents that somebody else is changing are left for the next time.
Result<uint64_t> RocksStore::remove_expired(const CollectionStatePtr& state, const Index& index, int64_t now) {
  CollectionPtr collection = state->current().description;
  value::Builder limit;
  limit.integer(now - index.expire_after_seconds);
  uint64_t total = 0;
  for (;;) {
    auto transaction = begin({});
    IndexBounds bounds;
    bounds.upper = limit.slice();
    auto scan = TRY(transaction->scan_index(*collection, index, bounds, Direction::kForward));
    std::vector<std::string> keys;
    while (keys.size() < kExpiredBatch && TRY(scan->next())) keys.emplace_back(scan->key());
    uint64_t removed = 0;
    for (const std::string& key : keys) {
      auto result = transaction->remove(*collection, key, {});
      if (result) {
        ++removed;
      } else if (result.error().code() != ErrorCode::kConflict &&
                 result.error().code() != ErrorCode::kDocumentNotFound) {
        return result.error();
      }
    }
    scan.reset();
    TRY(transaction->commit());
    total += removed;
    if (keys.size() < kExpiredBatch || removed == 0) return total;
  }
}

}  // namespace workerdb::storage

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
constexpr milliseconds kRetryAfter(1000);

}  // namespace

void RocksStore::start_upkeep() {
  upkeep_ = std::thread([this] { run_upkeep(); });
}

void RocksStore::wrote_unsynced() {
  if (is_unsynced_.load(std::memory_order_relaxed) || is_unsynced_.exchange(true)) return;
  base::MutexLock lock(upkeep_mutex_);
  upkeep_wakes_.notify_all();
}

void RocksStore::write_failed(const rocksdb::Status& status) {
  if (!status.IsIOError() && !status.IsNoSpace() && !status.IsCorruption() && !status.IsIncomplete()) return;
  base::log_error("storage", "a write failed: {}", status.ToString());
  has_failed_ = true;
  base::MutexLock lock(upkeep_mutex_);
  upkeep_wakes_.notify_all();
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
    }
    TRY(sync_file(newest->PathName()));
    synced_log_ = newest->LogNumber();
    return {};
  };
  Result<> synced = sync_all();
  if (!synced) is_unsynced_ = true;
  return synced;
}

void RocksStore::run_upkeep() {
  using Clock = std::chrono::system_clock;
  bool sweeps = options_.ttl_interval_ms > 0;
  auto next_sweep = Clock::now() + milliseconds(options_.ttl_interval_ms);
  auto next_sync = Clock::now();
  for (;;) {
    {
      base::MutexLock lock(upkeep_mutex_);
      auto now = Clock::now();
      auto wake = now + std::chrono::hours(1);
      if (sweeps) wake = std::min(wake, next_sweep);
      if (is_unsynced_) wake = std::min(wake, next_sync);
      if (has_failed_) wake = std::min<Clock::time_point>(wake, now + kRetryAfter);
      if (!is_closing_ && wake > now) upkeep_wakes_.wait_until(lock, wake);
      if (is_closing_) return;
    }
    auto now = Clock::now();
    if (is_unsynced_ && now >= next_sync) {
      if (auto synced = sync(); !synced) base::log_error("storage", "{}", synced.error().message());
      next_sync = now + milliseconds(options_.sync_interval_ms);
    }
    if (has_failed_ && rocks_.database->Resume().ok()) {
      has_failed_ = false;
      base::log_warning("storage", "writing is possible again");
    }
    if (sweeps && now >= next_sweep) {
      if (auto removed = remove_expired(base::unix_time_ms() / 1000); !removed) {
        base::log_warning("storage", "cannot remove expired documents: {}", removed.error().message());
      }
      next_sweep = Clock::now() + milliseconds(options_.ttl_interval_ms);
    }
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

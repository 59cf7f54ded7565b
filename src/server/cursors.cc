#include "server/cursors.h"

#include <algorithm>
#include <vector>

#include "base/time.h"

namespace workerdb::server {

using base::Error;
using base::ErrorCode;
using base::Result;

void Cursors::add(std::shared_ptr<OpenCursor> cursor) {
  cursor->expires_ns = std::min(base::steady_time_ns() + cursor->lifetime_ns, cursor->ends_ns);
  base::MutexLock lock(mutex_);
  cursors_[cursor->id] = std::move(cursor);
}

Result<std::shared_ptr<OpenCursor>> Cursors::find(uint64_t id, std::string_view database, std::string_view user) {
  auto found = cursors_.find(id);
  if (found == cursors_.end() || found->second->database != database || found->second->user != user) {
    return ErrorCode::kCursorNotFound;
  }
  if (found->second->busy) return ErrorCode::kCursorBusy;
  return found->second;
}

Result<std::shared_ptr<OpenCursor>> Cursors::borrow(uint64_t id, std::string_view database, std::string_view user) {
  base::MutexLock lock(mutex_);
  auto cursor = TRY(find(id, database, user));
  cursor->busy = true;
  return cursor;
}

void Cursors::give_back(const std::shared_ptr<OpenCursor>& cursor, bool keep) {
  base::MutexLock lock(mutex_);
  cursor->busy = false;
  cursor->expires_ns = std::min(base::steady_time_ns() + cursor->lifetime_ns, cursor->ends_ns);
  if (!keep) cursors_.erase(cursor->id);
}

Result<> Cursors::remove(uint64_t id, std::string_view database, std::string_view user) {
  std::shared_ptr<OpenCursor> removed;  // destroyed outside the lock: it may roll back
  base::MutexLock lock(mutex_);
  removed = TRY(find(id, database, user));
  cursors_.erase(id);
  return {};
}

void Cursors::remove_expired() {
  std::vector<std::shared_ptr<OpenCursor>> expired;
  int64_t now = base::steady_time_ns();
  base::MutexLock lock(mutex_);
  for (auto cursor = cursors_.begin(); cursor != cursors_.end();) {
    if (!cursor->second->busy && cursor->second->expires_ns < now) {
      expired.push_back(std::move(cursor->second));
      cursor = cursors_.erase(cursor);
    } else {
      ++cursor;
    }
  }
}

size_t Cursors::count() const {
  base::MutexLock lock(mutex_);
  return cursors_.size();
}

}  // namespace workerdb::server

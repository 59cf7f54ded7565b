#include "storage/collection_state.h"

namespace workerdb::storage {

using base::ErrorCode;
using base::Result;

Result<> WriterGate::enter(std::chrono::milliseconds patience) {
  base::MutexLock lock(mutex_);
  auto deadline = std::chrono::system_clock::now() + patience;
  while (closed_) {
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout && closed_) {
      return {ErrorCode::kLockTimeout, "the collection is being changed by somebody else"};
    }
  }
  ++inside_;
  return {};
}

void WriterGate::leave() {
  base::MutexLock lock(mutex_);
  if (--inside_ == 0 && closed_) changed_.notify_all();
}

Result<> WriterGate::close(std::chrono::milliseconds patience) {
  base::MutexLock lock(mutex_);
  auto deadline = std::chrono::system_clock::now() + patience;
  while (closed_) {
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout && closed_) {
      return {ErrorCode::kLockTimeout, "the collection is being changed by somebody else"};
    }
  }
  closed_ = true;
  while (inside_ > 0) {
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout && inside_ > 0) {
      closed_ = false;
      changed_.notify_all();
      return {ErrorCode::kLockTimeout, "transactions that write to the collection are still open"};
    }
  }
  return {};
}

void WriterGate::open() {
  base::MutexLock lock(mutex_);
  closed_ = false;
  changed_.notify_all();
}

}  // namespace workerdb::storage

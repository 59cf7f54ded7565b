#pragma once
// What all queries of an engine together may keep in memory.
#include <atomic>
#include <cstddef>

namespace workerdb::aql::execute {

// Thread-safe.
class MemoryPool {
 public:
  // 0: no limit.
  explicit MemoryPool(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // False: more is kept than allowed. The bytes count all the same, until they are given back.
  bool grew(size_t bytes) {
    return used_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limit_bytes_ || limit_bytes_ == 0;
  }
  void shrank(size_t bytes) { used_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  // So much of it is in use that who can go to the disk should.
  bool is_short() const { return limit_bytes_ != 0 && used_bytes() > limit_bytes_ / 2; }

 private:
  const size_t limit_bytes_;
  std::atomic<size_t> used_bytes_ = 0;
};

}  // namespace workerdb::aql::execute

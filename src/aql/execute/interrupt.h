#pragma once
// What ends a query before its time: a kill, its deadline, its memory budget. One object an execution.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "value/arena.h"

namespace workerdb::aql::execute {

// All but kill() belong to the execution's thread.
class Interrupt : public value::MemoryObserver {
 public:
  // Zero: no limit. The deadline is a base::steady_time_ns().
  Interrupt(size_t memory_limit_bytes, int64_t deadline_ns)
      : memory_limit_bytes_(memory_limit_bytes), deadline_ns_(deadline_ns) {}

  void kill() {
    killed_.store(true, std::memory_order_relaxed);
    stop_.store(true, std::memory_order_relaxed);
  }
  // For functions::Context: true from the moment that the query is to end.
  const std::atomic<bool>* flag() const { return &stop_; }

  // Called once a step of a long loop; looks at the clock now and then. True: leave the loop; check() says why.
  bool tick() {
    if (stop_.load(std::memory_order_relaxed)) [[unlikely]] return true;
    if ((++ticks_ & 0x3ff) != 0) return false;
    return look_at_clock();
  }
  // Called at least once a batch.
  base::Result<> check();

  void grew(size_t bytes) override;
  void shrank(size_t bytes) override { used_bytes_ -= bytes; }
  size_t used_bytes() const { return used_bytes_; }
  size_t peak_bytes() const { return peak_bytes_; }

 private:
  bool look_at_clock();

  std::atomic<bool> stop_ = false, killed_ = false;
  const size_t memory_limit_bytes_;
  const int64_t deadline_ns_;
  bool is_late_ = false, is_over_budget_ = false;
  uint32_t ticks_ = 0;
  size_t used_bytes_ = 0, peak_bytes_ = 0;
};

// Memory that is no arena's (row lists, hash tables), charged to the budget for as long as this object lives.
class MemoryCharge {
 public:
  explicit MemoryCharge(value::MemoryObserver& observer) : observer_(observer) {}
  ~MemoryCharge() { observer_.shrank(bytes_); }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;
  void add(size_t bytes) {
    observer_.grew(bytes);
    bytes_ += bytes;
  }
  void clear() {
    observer_.shrank(bytes_);
    bytes_ = 0;
  }

 private:
  value::MemoryObserver& observer_;
  size_t bytes_ = 0;
};

}  // namespace workerdb::aql::execute

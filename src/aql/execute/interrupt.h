#pragma once
// What ends a query before its time: a kill, its deadline, its memory budget. One object an execution.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "value/arena.h"

namespace workerdb::aql::execute {

// Belongs to one thread, but for kill() and what threads of one query share: the threads that help an execution have
// interrupts of their own that are made from the execution's.
class Interrupt : public value::MemoryObserver {
 public:
  // Zero: no limit. The deadline is a base::steady_time_ns().
  Interrupt(size_t memory_limit_bytes, int64_t deadline_ns)
      : own_(std::make_unique<Shared>()), shared_(*own_), memory_limit_bytes_(memory_limit_bytes),
        deadline_ns_(deadline_ns) {}
  // For another thread of the same query. `main` outlives it.
  explicit Interrupt(Interrupt& main)
      : shared_(main.shared_), memory_limit_bytes_(main.memory_limit_bytes_), deadline_ns_(main.deadline_ns_) {}

  void kill() {
    shared_.killed.store(true, std::memory_order_relaxed);
    shared_.stop.store(true, std::memory_order_relaxed);
  }
  // For functions::Context: true from the moment that the query is to end.
  const std::atomic<bool>* flag() const { return &shared_.stop; }

  // Called once a step of a long loop; looks at the clock now and then. True: leave the loop; check() says why.
  bool tick() {
    if (shared_.stop.load(std::memory_order_relaxed)) [[unlikely]] return true;
    if ((++ticks_ & 0x3ff) != 0) return false;
    return look_at_clock();
  }
  // Called at least once a batch.
  base::Result<> check();

  void grew(size_t bytes) override;
  void shrank(size_t bytes) override { shared_.used_bytes.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t used_bytes() const { return shared_.used_bytes.load(std::memory_order_relaxed); }
  size_t peak_bytes() const { return shared_.peak_bytes.load(std::memory_order_relaxed); }
  size_t limit_bytes() const { return memory_limit_bytes_; }

 private:
  struct Shared {
    std::atomic<bool> stop = false, killed = false, is_late = false, is_over_budget = false;
    std::atomic<size_t> used_bytes = 0, peak_bytes = 0;
  };
  bool look_at_clock();

  const std::unique_ptr<Shared> own_;   // null in a helping thread
  Shared& shared_;
  const size_t memory_limit_bytes_;
  const int64_t deadline_ns_;
  uint32_t ticks_ = 0;
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

#pragma once
// What ends a query before its time: a kill, its deadline, its memory budget. One object an execution.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "aql/execute/memory_pool.h"
#include "base/result.h"
#include "value/arena.h"

namespace workerdb::aql::execute {

// What the threads of one query share with whoever ends or watches it. Thread-safe.
class QueryControl {
 public:
  void kill() {
    killed_.store(true, std::memory_order_relaxed);
    stop_.store(true, std::memory_order_relaxed);
  }
  // Its deadline is over: for who watches the clock in its stead.
  void expire() {
    is_late_.store(true, std::memory_order_relaxed);
    stop_.store(true, std::memory_order_relaxed);
  }
  // True from the moment that the query is to end; for functions::Context.
  const std::atomic<bool>& stop() const { return stop_; }
  size_t peak_bytes() const { return peak_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class Interrupt;
  std::atomic<bool> stop_ = false, killed_ = false, is_late_ = false, is_over_budget_ = false, is_pool_empty_ = false;
  // Used by operators and values; kept for the reader, and never again taken back.
  std::atomic<size_t> used_bytes_ = 0, kept_bytes_ = 0, peak_bytes_ = 0;
};

// Belongs to one thread; the threads that help an execution have interrupts of their own that are made from the
// execution's.
class Interrupt : public value::MemoryObserver {
 public:
  // Zero: no limit. The deadline is a base::steady_time_ns(). The pool (null: none) outlives the query; `control` null:
  // nobody ends it from outside.
  Interrupt(size_t memory_limit_bytes, int64_t deadline_ns, MemoryPool* pool = nullptr,
            std::shared_ptr<QueryControl> control = nullptr)
      : control_(control != nullptr ? std::move(control) : std::make_shared<QueryControl>()),
        shared_(*control_),
        memory_limit_bytes_(memory_limit_bytes),
        deadline_ns_(deadline_ns),
        pool_(pool) {}
  // For another thread of the same query.
  explicit Interrupt(Interrupt& main)
      : control_(main.control_),
        shared_(main.shared_),
        memory_limit_bytes_(main.memory_limit_bytes_),
        deadline_ns_(main.deadline_ns_),
        pool_(main.pool_) {}

  void kill() { shared_.kill(); }
  // For functions::Context: true from the moment that the query is to end.
  const std::atomic<bool>* flag() const { return &shared_.stop(); }

  // Called once a step of a long loop; looks at the clock now and then. True: leave the loop; check() says why.
  bool tick() {
    if (shared_.stop_.load(std::memory_order_relaxed)) [[unlikely]]
      return true;
    if ((++ticks_ & 0x3ff) != 0) return false;
    return look_at_clock();
  }
  // Called at least once a batch.
  base::Result<> check();

  void grew(size_t bytes) override;
  void shrank(size_t bytes) override {
    shared_.used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    if (pool_ != nullptr) pool_->shrank(bytes);
  }
  // Rows that wait for the query's reader show in its peak; their limit is not the operators'.
  void keep(size_t bytes);
  // So much is in use, by this query or by all, that who can go to the disk should.
  bool is_memory_short() const {
    return (memory_limit_bytes_ != 0 && used_bytes() > memory_limit_bytes_ / 2) ||
           (pool_ != nullptr && pool_->is_short());
  }
  size_t used_bytes() const { return shared_.used_bytes_.load(std::memory_order_relaxed); }
  size_t peak_bytes() const { return shared_.peak_bytes(); }
  size_t limit_bytes() const { return memory_limit_bytes_; }

 private:
  bool look_at_clock();
  void note_peak(size_t total);

  const std::shared_ptr<QueryControl> control_;
  QueryControl& shared_;
  const size_t memory_limit_bytes_;
  const int64_t deadline_ns_;
  MemoryPool* const pool_;
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
  size_t bytes() const { return bytes_; }

 private:
  value::MemoryObserver& observer_;
  size_t bytes_ = 0;
};

}  // namespace workerdb::aql::execute

#include "aql/execute/interrupt.h"

#include "base/time.h"

namespace workerdb::aql::execute {

bool Interrupt::look_at_clock() {
  if (deadline_ns_ == 0 || base::steady_time_ns() < deadline_ns_) return false;
  shared_.expire();
  return true;
}

base::Result<> Interrupt::check() {
  look_at_clock();
  if (!shared_.stop_.load(std::memory_order_relaxed)) return {};
  if (shared_.is_over_budget_.load(std::memory_order_relaxed)) {
    return base::Error(base::ErrorCode::kResourceLimit, shared_.is_pool_empty_.load(std::memory_order_relaxed)
                                                            ? "all queries together would use more memory than allowed"
                                                            : "query would use more memory than allowed");
  }
  if (shared_.is_late_.load(std::memory_order_relaxed) && !shared_.killed_.load(std::memory_order_relaxed)) {
    return base::Error(base::ErrorCode::kQueryKilled, "query killed: it ran longer than its maximal runtime");
  }
  return base::ErrorCode::kQueryKilled;
}

void Interrupt::grew(size_t bytes) {
  size_t used = shared_.used_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  note_peak(used + shared_.kept_bytes_.load(std::memory_order_relaxed));
  bool fits_pool = pool_ == nullptr || pool_->grew(bytes);
  if (!fits_pool) shared_.is_pool_empty_.store(true, std::memory_order_relaxed);
  if (fits_pool && (memory_limit_bytes_ == 0 || used <= memory_limit_bytes_)) return;
  shared_.is_over_budget_.store(true, std::memory_order_relaxed);
  shared_.stop_.store(true, std::memory_order_relaxed);
}

void Interrupt::keep(size_t bytes) {
  note_peak(shared_.kept_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes + used_bytes());
}

void Interrupt::note_peak(size_t total) {
  size_t peak = shared_.peak_bytes_.load(std::memory_order_relaxed);
  while (peak < total && !shared_.peak_bytes_.compare_exchange_weak(peak, total, std::memory_order_relaxed)) {
  }
}

}  // namespace workerdb::aql::execute

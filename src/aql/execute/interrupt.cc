#include "aql/execute/interrupt.h"

#include <algorithm>

#include "base/time.h"

namespace workerdb::aql::execute {

bool Interrupt::look_at_clock() {
  if (deadline_ns_ == 0 || base::steady_time_ns() < deadline_ns_) return false;
  shared_.is_late.store(true, std::memory_order_relaxed);
  shared_.stop.store(true, std::memory_order_relaxed);
  return true;
}

base::Result<> Interrupt::check() {
  look_at_clock();
  if (!shared_.stop.load(std::memory_order_relaxed)) return {};
  if (shared_.is_over_budget.load(std::memory_order_relaxed)) {
    return base::Error(base::ErrorCode::kResourceLimit, "query would use more memory than allowed");
  }
  if (shared_.is_late.load(std::memory_order_relaxed) && !shared_.killed.load(std::memory_order_relaxed)) {
    return base::Error(base::ErrorCode::kQueryKilled, "query killed: it ran longer than its maximal runtime");
  }
  return base::ErrorCode::kQueryKilled;
}

void Interrupt::grew(size_t bytes) {
  size_t used = shared_.used_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  size_t peak = shared_.peak_bytes.load(std::memory_order_relaxed);
  while (peak < used && !shared_.peak_bytes.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
  }
  if (memory_limit_bytes_ == 0 || used <= memory_limit_bytes_) return;
  shared_.is_over_budget.store(true, std::memory_order_relaxed);
  shared_.stop.store(true, std::memory_order_relaxed);
}

}  // namespace workerdb::aql::execute

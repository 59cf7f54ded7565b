#include "aql/execute/interrupt.h"

#include <algorithm>

#include "base/time.h"

namespace workerdb::aql::execute {

bool Interrupt::look_at_clock() {
  if (deadline_ns_ == 0 || base::steady_time_ns() < deadline_ns_) return false;
  is_late_ = true;
  stop_.store(true, std::memory_order_relaxed);
  return true;
}

base::Result<> Interrupt::check() {
  look_at_clock();
  if (!stop_.load(std::memory_order_relaxed)) return {};
  if (is_over_budget_) {
    return base::Error(base::ErrorCode::kResourceLimit, "query would use more memory than allowed");
  }
  if (is_late_ && !killed_.load(std::memory_order_relaxed)) {
    return base::Error(base::ErrorCode::kQueryKilled, "query killed: it ran longer than its maximal runtime");
  }
  return base::ErrorCode::kQueryKilled;
}

void Interrupt::grew(size_t bytes) {
  used_bytes_ += bytes;
  peak_bytes_ = std::max(peak_bytes_, used_bytes_);
  if (memory_limit_bytes_ == 0 || used_bytes_ <= memory_limit_bytes_) return;
  is_over_budget_ = true;
  stop_.store(true, std::memory_order_relaxed);
}

}  // namespace workerdb::aql::execute

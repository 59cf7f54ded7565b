#include "supervise/crash_history.h"

#include <algorithm>

namespace workerdb::supervise {

CrashHistory::Verdict CrashHistory::record(int64_t now_ms) {
  while (!crashes_ms_.empty() && now_ms - crashes_ms_.front() >= policy_.window_ms) crashes_ms_.pop_front();
  crashes_ms_.push_back(now_ms);
  Verdict verdict;
  verdict.crashes = static_cast<int>(crashes_ms_.size());
  verdict.give_up = verdict.crashes > policy_.crashes_allowed;
  // The shift is bounded so that a long window cannot overflow it.
  int doublings = std::min(verdict.crashes - 1, 20);
  verdict.backoff_ms = std::min(policy_.first_backoff_ms << doublings, policy_.longest_backoff_ms);
  return verdict;
}

}  // namespace workerdb::supervise

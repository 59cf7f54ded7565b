#include "access/tunnel/retry_pace.h"

#include <algorithm>

namespace workerdb::access::tunnel {
namespace {

constexpr int64_t kFirstMs = 100;
constexpr int64_t kWantedMs = 500;
constexpr int64_t kLongestMs = 10'000;
constexpr int64_t kYoungOutageMs = 10'000;
constexpr int64_t kFirstAfterRefusalMs = 2'000;
constexpr int64_t kLongestAfterRefusalMs = 60'000;
constexpr int kMostDoublings = 16;

}  // namespace

int64_t RetryPace::pause_ms(Setback setback, bool wanted, int64_t outage_ms) {
  int64_t pause = 0;
  if (setback == Setback::kRefused) {
    pause = std::min(kFirstAfterRefusalMs << std::min(refusals_++, kMostDoublings), kLongestAfterRefusalMs);
  } else {
    bool hurry = wanted || outage_ms < kYoungOutageMs;
    pause = std::min(kFirstMs << std::min(failures_++, kMostDoublings), hurry ? kWantedMs : kLongestMs);
  }
  return std::uniform_int_distribution<int64_t>(pause / 2, pause)(random_);
}

}  // namespace workerdb::access::tunnel

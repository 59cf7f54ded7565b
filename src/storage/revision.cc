#include "storage/revision.h"

#include <algorithm>

#include "base/log.h"
#include "base/time.h"

namespace workerdb::storage {
namespace {

constexpr unsigned kCountBits = 20;
constexpr uint64_t kReservedAheadMs = 2'000;
constexpr std::string_view kDigits = "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

uint64_t tick_of_now() { return uint64_t(std::max<int64_t>(base::unix_time_ms(), 0)) << kCountBits; }

}  // namespace

std::string encode_revision(uint64_t tick) {
  char text[11];
  size_t start = sizeof text;
  do {
    text[--start] = kDigits[tick & 63];
    tick >>= 6;
  } while (tick != 0);
  return {text + start, sizeof text - start};
}

std::optional<DecodedRevision> decode_revision(std::string_view revision) {
  if (revision.empty() || revision.size() > 11) return std::nullopt;
  uint64_t tick = 0;
  for (char c : revision) {
    size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos || tick >> 58 != 0) return std::nullopt;
    tick = tick << 6 | digit;
  }
  return DecodedRevision{int64_t(tick >> kCountBits), uint32_t(tick & ((1u << kCountBits) - 1))};
}

TickClock::TickClock(uint64_t reserved, Reserve reserve)
    : last_(std::max(reserved, tick_of_now())), limit_(0), reserve_(std::move(reserve)) {}

uint64_t TickClock::next() {
  uint64_t last = last_.load(std::memory_order_relaxed), tick;
  do {
    tick = std::max(last + 1, tick_of_now());
  } while (!last_.compare_exchange_weak(last, tick, std::memory_order_relaxed));
  if (tick >= limit_.load(std::memory_order_acquire)) extend(tick);
  return tick;
}

void TickClock::extend(uint64_t beyond) {
  base::MutexLock lock(mutex_);
  if (beyond < limit_.load(std::memory_order_relaxed)) return;
  uint64_t limit = beyond + (kReservedAheadMs << kCountBits);
  if (auto reserved = reserve_(limit); !reserved) {
    // A full disk: the tick stays unique in this process, and what is written with it fails by itself.
    if (!has_failed_) base::log_warning("storage", "cannot reserve ticks: {}", reserved.error().message());
    has_failed_ = true;
    return;
  }
  has_failed_ = false;
  limit_.store(limit, std::memory_order_release);
}

}  // namespace workerdb::storage

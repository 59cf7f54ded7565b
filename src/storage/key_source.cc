#include "storage/key_source.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <random>

namespace workerdb::storage {
namespace {

using base::ErrorCode;
using base::Result;

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
constexpr size_t kPaddedDigits = 16;

std::string random_uuid() {
  thread_local std::mt19937_64 random(std::random_device{}() | uint64_t(std::random_device{}()) << 32);
  uint64_t high = (random() & 0xffffffffffff0fff) | 0x4000, low = (random() & 0x3fffffffffffffff) | uint64_t(1) << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
                     low & 0xffffffffffff);
}

std::optional<uint64_t> parse_number(std::string_view text, int base) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The least number above `last` that the options allow; 0 if there is none.
uint64_t number_after(uint64_t last, const KeyOptions& options) {
  if (last == kMax) return 0;
  if (options.generator != KeyGenerator::kAutoincrement) return last + 1;
  uint64_t step = options.increment == 0 ? 1 : options.increment;
  uint64_t first = options.offset == 0 ? step : options.offset;
  if (last < first) return first;
  uint64_t behind = (last - first) % step;
  return last > kMax - (step - behind) ? 0 : last + (step - behind);
}

}  // namespace

Result<uint64_t> KeySource::next_number() {
  uint64_t last = last_.load(std::memory_order_relaxed);
  for (;;) {
    uint64_t number = number_after(last, options_);
    if (number == 0) return ErrorCode::kOutOfKeys;
    if (last_.compare_exchange_weak(last, number, std::memory_order_relaxed)) return number;
  }
}

Result<std::string> KeySource::next() {
  switch (options_.generator) {
    case KeyGenerator::kUuid: return random_uuid();
    case KeyGenerator::kPadded: return fmt::format("{:016x}", TRY(next_number()));
    default: return fmt::to_string(TRY(next_number()));
  }
}

bool KeySource::saw(std::string_view key) {
  std::optional<uint64_t> number;
  if (options_.generator == KeyGenerator::kPadded) {
    if (key.size() == kPaddedDigits) number = parse_number(key, 16);
  } else if (options_.generator != KeyGenerator::kUuid) {
    number = parse_number(key, 10);
  }
  if (!number) return false;
  uint64_t last = last_.load(std::memory_order_relaxed);
  while (*number > last && !last_.compare_exchange_weak(last, *number, std::memory_order_relaxed)) {
  }
  return true;
}

}  // namespace workerdb::storage

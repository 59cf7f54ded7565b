#include "aql/functions/duration.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace workerdb::aql::functions {
namespace {

constexpr size_t kMostDecimals = 3;

struct Step {
  char letter;
  DateUnit unit;
};
constexpr Step kDate[] = {
    {'Y', DateUnit::kYear}, {'M', DateUnit::kMonth}, {'W', DateUnit::kWeek}, {'D', DateUnit::kDay}};
constexpr Step kTime[] = {{'H', DateUnit::kHour}, {'M', DateUnit::kMinute}, {'S', DateUnit::kSecond}};

// The milliseconds of ".89S" from behind the point on; moves to the letter.
std::optional<int64_t> parse_fraction(std::string_view text, size_t& at) {
  int64_t ms = 0, weight = 100;
  size_t first = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10) ms += (text[at] - '0') * weight;
  if (at == first || at - first > kMostDecimals || at >= text.size() || text[at] != 'S') return std::nullopt;
  return ms;
}

}  // namespace

bool Duration::add(int64_t amount, DateUnit unit) {
  if (amount > kLargestAmount || amount < -kLargestAmount) return false;
  if (unit == DateUnit::kYear || unit == DateUnit::kMonth) {
    months += amount * (unit == DateUnit::kYear ? 12 : 1);
    return true;
  }
  int64_t product, length = int64_t(unit_ms(unit));
  return !__builtin_mul_overflow(amount, length, &product) && !__builtin_add_overflow(ms, product, &ms);
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (!text.starts_with('P')) return std::nullopt;
  Duration duration;
  std::span<const Step> left = kDate;
  bool has_any = false, is_time = false;
  for (size_t at = 1; at < text.size();) {
    if (text[at] == 'T' && !is_time) {
      left = kTime;
      is_time = true;
      has_any = false;
      ++at;
      continue;
    }
    int64_t amount = 0;
    auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), amount);
    if (problem != std::errc() || amount < 0) return std::nullopt;
    at = size_t(end - text.data());
    if (is_time && at < text.size() && text[at] == '.') {
      std::optional<int64_t> fraction = parse_fraction(text, ++at);
      if (!fraction) return std::nullopt;
      duration.ms += *fraction;
    }
    if (at >= text.size()) return std::nullopt;
    auto step = std::ranges::find(left, text[at++], &Step::letter);
    if (step == left.end() || !duration.add(amount, step->unit)) return std::nullopt;
    left = left.subspan(size_t(step - left.begin()) + 1);
    has_any = true;
  }
  return has_any ? std::optional(duration) : std::nullopt;
}

}  // namespace workerdb::aql::functions

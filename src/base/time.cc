#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace workerdb::base {

namespace chrono = std::chrono;

int64_t unix_time_us() {
  return chrono::duration_cast<chrono::microseconds>(chrono::system_clock::now().time_since_epoch()).count();
}

int64_t unix_time_ms() { return unix_time_us() / 1000; }

int64_t steady_time_ns() {
  return chrono::duration_cast<chrono::nanoseconds>(chrono::steady_clock::now().time_since_epoch()).count();
}

std::string format_iso8601(int64_t unix_ms) {
  constexpr int64_t kYear0 = -62167219200000, kYear9999 = 253402300799999;
  chrono::sys_time<chrono::milliseconds> time{chrono::milliseconds(std::clamp(unix_ms, kYear0, kYear9999))};
  auto day = chrono::floor<chrono::days>(time);
  chrono::year_month_day date{day};
  chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace workerdb::base

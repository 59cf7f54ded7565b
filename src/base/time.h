#pragma once
// Wall clock and steady clock, in units that the name says.
#include <cstdint>
#include <string>

namespace workerdb::base {

// Microseconds and milliseconds since 1970-01-01 UTC (wall clock: may jump).
int64_t unix_time_us();
int64_t unix_time_ms();
// Nanoseconds of a clock that never goes back; only differences mean something.
int64_t steady_time_ns();
// "2026-01-31T08:15:30.123Z"; any int64 is accepted and clamped to the years 0000-9999.
std::string format_iso8601(int64_t unix_ms);

}  // namespace workerdb::base

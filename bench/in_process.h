#pragma once
// What the benchmarks share that run inside one process: time of the processor, medians, and lines for people
// or for bench/run.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace workerdb::bench {

template <typename T>
T must(base::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message());
    std::exit(1);
  }
  return *std::move(result);
}
inline void must(base::Result<> result) {
  if (result) return;
  fmt::print(stderr, "{}\n", result.error().message());
  std::exit(1);
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Of this thread alone: what others do on the machine does not count.
inline int64_t thread_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Microseconds that `action` takes `repeats` times, divided by them.
template <typename Action>
double time_us(int repeats, Action&& action) {
  int64_t begin = thread_time_ns();
  for (int i = 0; i < repeats; ++i) action(i);
  return double(thread_time_ns() - begin) / 1000 / repeats;
}

// One measured thing. Targets as in bench/measure.py.
struct Line {
  std::string name, unit;  // the unit "us": less is better
  double workerdb = 0;
  std::optional<double> sqlite = {}, ratio_target = {}, least = {}, most = {};
};

inline void print(const Line& line, bool as_json) {
  if (!as_json) {
    fmt::print("{:<44} {:>14.1f} {}", line.name, line.workerdb, line.unit);
    if (line.sqlite) fmt::print("   SQLite {:>10.1f}  {:.2f}x", *line.sqlite, *line.sqlite / line.workerdb);
    if (line.least) fmt::print("   (at least {:.0f})", *line.least);
    if (line.most) fmt::print("   (below {:.0f})", *line.most);
    fmt::print("\n");
    return;
  }
  fmt::print(R"({{"name": "{}", "unit": "{}", "workerdb": {:.3f})", line.name, line.unit, line.workerdb);
  auto more = [](std::string_view name, const std::optional<double>& value) {
    if (value) fmt::print(R"(, "{}": {:.3f})", name, *value);
  };
  more("sqlite", line.sqlite);
  more("ratio_target", line.ratio_target);
  more("least", line.least);
  more("most", line.most);
  fmt::print("}}\n");
}

// What follows an option's name, or true for one without a value.
inline std::optional<std::string_view> option(int count, char** arguments, std::string_view name) {
  for (int i = 1; i < count; ++i) {
    if (arguments[i] == name) return i + 1 < count ? arguments[i + 1] : "";
  }
  return std::nullopt;
}

}  // namespace workerdb::bench

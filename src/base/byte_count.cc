#include "base/byte_count.h"

#include <algorithm>

#include "base/number.h"

namespace workerdb::base {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {{"", 1},
                           {"B", 1},
                           {"KiB", uint64_t(1) << 10},
                           {"MiB", uint64_t(1) << 20},
                           {"GiB", uint64_t(1) << 30},
                           {"TiB", uint64_t(1) << 40},
                           {"KB", 1'000},
                           {"MB", 1'000'000},
                           {"GB", 1'000'000'000},
                           {"TB", 1'000'000'000'000}};

}  // namespace

std::optional<uint64_t> parse_byte_count(std::string_view text) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto count = parse_integer<uint64_t>(text.substr(0, digits));
  if (!count) return std::nullopt;
  for (const Unit& unit : kUnits) {
    uint64_t bytes = 0;
    if (unit.name != text.substr(digits)) continue;
    if (__builtin_mul_overflow(*count, unit.bytes, &bytes)) return std::nullopt;
    return bytes;
  }
  return std::nullopt;
}

}  // namespace workerdb::base

#pragma once
// Lengths of time, as DATE_ADD, DATE_SUBTRACT and WINDOW take them. Source: the 3.12 documentation, "Date functions"
// (DATE_ADD) and "WINDOW operation" (duration-based aggregation).
#include <cstdint>
#include <optional>
#include <string_view>

#include "aql/functions/civil_time.h"

namespace workerdb::aql::functions {

// Far beyond any date; products of smaller numbers with a unit stay within int64.
constexpr int64_t kLargestAmount = 1'000'000'000'000;

// Months have no fixed length, the rest has.
struct Duration {
  int64_t months = 0, ms = 0;

  // False, and nothing added, where the sum is far beyond any date.
  bool add(int64_t amount, DateUnit unit);
};

// "P1Y2M3W4DT5H6M7.89S": pairs of digits and letters in this order, at least one. Weeks may stand beside the rest;
// only seconds have a fraction, of at most three digits.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace workerdb::aql::functions

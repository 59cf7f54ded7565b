// Calculating with dates: adding, differences, comparing parts, rounding down.
#include <algorithm>
#include <cmath>

#include "aql/functions/date.h"
#include "aql/functions/duration.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// Months first; a day that the new month does not have goes on into the next one.
std::optional<int64_t> moved(int64_t ms, const Duration& duration) {
  CivilTime time = to_civil(ms);
  int64_t months = time.year * 12 + time.month - 1 + duration.months;
  time.year = floor_divide(months, 12);
  time.month = int(months - time.year * 12) + 1;
  if (time.year < -1'000'000 || time.year > 1'000'000) return std::nullopt;
  int64_t result;
  if (__builtin_add_overflow(to_ms(time), duration.ms, &result)) return std::nullopt;
  return result;
}

// DATE_ADD and DATE_SUBTRACT: (date, amount, unit, timezone?) or (date, duration, timezone?).
Slice shifted(Context& context, Arguments arguments, std::string_view function, int64_t sign) {
  std::optional<int64_t> utc_ms = read_date(context, arguments[0], function);
  if (!utc_ms) return Slice::null();
  std::optional<Duration> duration;
  size_t zone_at = 2;
  bool is_duration = arguments[1].is_string() && arguments[1].as_string().starts_with('P');
  if (is_duration) {
    if (arguments.size() > 3) return wrong_type(context, function);
    duration = parse_duration(arguments[1].as_string());
  } else {
    bool is_number = true;
    number_of(arguments[1], &is_number);
    if (arguments.size() < 3 || !is_number || arguments[1].is_null()) return wrong_type(context, function);
    std::optional<DateUnit> unit = read_unit(context, arguments[2], function);
    if (!unit) return Slice::null();
    Duration amount;
    if (amount.add(to_integer(arguments[1]), *unit)) duration = amount;
    zone_at = 3;
  }
  if (!duration) return invalid_date(context, function);
  duration->months *= sign;
  duration->ms *= sign;
  std::optional<TimeZone> zone = read_zone(context, argument(arguments, zone_at), function);
  if (!zone) return Slice::null();
  std::optional<int64_t> local_ms = moved(zone->to_local(*utc_ms), *duration);
  if (!local_ms || *local_ms < kFirstMs - kDayMs || *local_ms > kLastMs + kDayMs)
    return invalid_date(context, function);
  return iso_result(context, zone->to_utc(*local_ms), function);
}

Slice date_add(Context& context, Arguments arguments) { return shifted(context, arguments, "DATE_ADD", 1); }
Slice date_subtract(Context& context, Arguments arguments) { return shifted(context, arguments, "DATE_SUBTRACT", -1); }

// Both dates of DATE_DIFF and DATE_COMPARE in their zones; one zone counts for both.
bool read_dates(Context& context, Arguments arguments, Slice zone1, Slice zone2, std::string_view function,
                int64_t (&local_ms)[2]) {
  if (zone2.is_null()) zone2 = zone1;
  Slice names[2] = {zone1, zone2};
  for (size_t i = 0; i < 2; ++i) {
    std::optional<int64_t> ms = read_date(context, arguments[i], function);
    if (!ms) return false;
    std::optional<TimeZone> zone = read_zone(context, names[i], function);
    if (!zone) return false;
    local_ms[i] = zone->to_local(*ms);
  }
  return true;
}

Slice date_diff(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_DIFF";
  std::optional<DateUnit> unit = read_unit(context, arguments[2], kName);
  if (!unit) return Slice::null();
  // asFloat may be left out in front of the zones.
  bool as_float = false;
  size_t zone_at = 3;
  if (!argument(arguments, 3).is_string()) {
    as_float = flag(arguments, 3);
    zone_at = 4;
  }
  int64_t local_ms[2];
  if (!read_dates(context, arguments, argument(arguments, zone_at), argument(arguments, zone_at + 1), kName,
                  local_ms)) {
    return Slice::null();
  }
  double difference = double(local_ms[1] - local_ms[0]) / unit_ms(*unit);
  return from_double_integral(as_float ? difference : std::round(difference), context.arena());
}

Slice date_compare(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_COMPARE";
  std::optional<DateUnit> first = read_unit(context, arguments[2], kName), last = first;
  if (!first) return Slice::null();
  // The range's end may be left out in front of the zones; a zone's name is no unit.
  size_t zone_at = 3;
  if (Slice end = argument(arguments, 3); end.is_string() && parse_unit(end.as_string())) {
    last = parse_unit(end.as_string());
    zone_at = 4;
  } else if (end.is_null()) {
    zone_at = 4;
  } else if (!end.is_string()) {
    return wrong_type(context, kName);
  }
  if (*first > *last || first == DateUnit::kWeek || last == DateUnit::kWeek) return invalid_date(context, kName);
  int64_t local_ms[2];
  if (!read_dates(context, arguments, argument(arguments, zone_at), argument(arguments, zone_at + 1), kName,
                  local_ms)) {
    return Slice::null();
  }
  CivilTime left = to_civil(local_ms[0]), right = to_civil(local_ms[1]);
  bool is_same[] = {left.year == right.year,
                    left.month == right.month,
                    true,
                    left.day == right.day,
                    left.hour == right.hour,
                    left.minute == right.minute,
                    left.second == right.second,
                    left.millisecond == right.millisecond};
  return Slice::boolean(std::all_of(is_same + int(*first), is_same + int(*last) + 1, [](bool same) { return same; }));
}

Slice date_trunc(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_TRUNC";
  std::optional<int64_t> utc_ms = read_date(context, arguments[0], kName);
  if (!utc_ms) return Slice::null();
  std::optional<DateUnit> unit = read_unit(context, arguments[1], kName);
  if (!unit) return Slice::null();
  if (unit == DateUnit::kWeek) return invalid_date(context, kName);
  std::optional<TimeZone> zone = read_zone(context, argument(arguments, 2), kName);
  if (!zone) return Slice::null();
  int64_t local_ms = zone->to_local(*utc_ms);
  if (*unit <= DateUnit::kMonth) {
    CivilTime time = to_civil(local_ms);
    local_ms = days_from_civil(time.year, *unit == DateUnit::kYear ? 1 : time.month, 1) * kDayMs;
  } else {
    auto length = int64_t(unit_ms(*unit));
    local_ms = floor_divide(local_ms, length) * length;
  }
  return iso_result(context, zone->to_utc(local_ms), kName);
}

Slice date_round(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_ROUND";
  std::optional<int64_t> utc_ms = read_date(context, arguments[0], kName);
  if (!utc_ms) return Slice::null();
  int64_t amount = to_integer(arguments[1]);
  if (!arguments[1].is_number() || amount <= 0 || amount > kLargestAmount) return wrong_type(context, kName);
  std::optional<DateUnit> unit = read_unit(context, arguments[2], kName);
  if (!unit) return Slice::null();
  if (*unit <= DateUnit::kWeek) return invalid_date(context, kName);
  std::optional<TimeZone> zone = read_zone(context, argument(arguments, 3), kName);
  if (!zone) return Slice::null();
  int64_t length;
  if (__builtin_mul_overflow(amount, int64_t(unit_ms(*unit)), &length)) return invalid_date(context, kName);
  int64_t local_ms = zone->to_local(*utc_ms), below = floor_divide(local_ms, length);
  if (__builtin_mul_overflow(below, length, &local_ms) || !is_in_range(local_ms)) return invalid_date(context, kName);
  return iso_result(context, zone->to_utc(local_ms), kName);
}

constexpr Function kFunctions[] = {
    {"DATE_ADD", "date", 2, 4, kDeterministic,
     "date: number|string, amount: number|string, unit: string, timezone?: string or date: number|string, "
     "isoDuration: string, timezone?: string",
     "The date moved forward by an amount of a unit or by an ISO 8601 duration.",
     "RETURN DATE_ADD(\"2000-01-01\", \"PT30M44.4S\")", "[\"2000-01-01T00:30:44.400Z\"]", date_add},
    {"DATE_COMPARE", "date", 3, 6, kDeterministic,
     "date1: number|string, date2: number|string, unitRangeStart: string, unitRangeEnd?: string, timezone1?: "
     "string, timezone2?: string",
     "Whether two dates are equal in a range of their parts.",
     "RETURN DATE_COMPARE(\"1985-04-04\", \"2020-04-04\", \"months\", \"days\")", "[true]", date_compare},
    {"DATE_DIFF", "date", 3, 6, kDeterministic,
     "date1: number|string, date2: number|string, unit: string, asFloat?: bool, timezone1?: string, "
     "timezone2?: string",
     "From the first date to the second one in a unit, whole or with decimals.",
     "RETURN DATE_DIFF(\"2023-12-01\", \"2024-04-01\", \"days\")", "[122]", date_diff},
    {"DATE_ROUND", "date", 3, 4, kDeterministic, "date: string|number, amount: number, unit: string, timezone?: string",
     "The start of the interval of so many units that the date lies in.",
     "RETURN DATE_ROUND(\"2000-04-10T11:39:29Z\", 15, \"minutes\")", "[\"2000-04-10T11:30:00.000Z\"]", date_round},
    {"DATE_SUBTRACT", "date", 2, 4, kDeterministic,
     "date: number|string, amount: number|string, unit: string, timezone?: string or date: number|string, "
     "isoDuration: string, timezone?: string",
     "The date moved back by an amount of a unit or by an ISO 8601 duration.",
     "RETURN DATE_SUBTRACT(\"2020-03-01\", 1, \"day\")", "[\"2020-02-29T00:00:00.000Z\"]", date_subtract},
    {"DATE_TRUNC", "date", 2, 3, kDeterministic, "date: number|string, unit: string, timezone?: string",
     "The date with everything below a unit set to its start.", "RETURN DATE_TRUNC(\"2017-02-03\", \"month\")",
     "[\"2017-02-01T00:00:00.000Z\"]", date_trunc},
};

}  // namespace

std::span<const Function> date_shift_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

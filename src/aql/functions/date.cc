// Dates as a whole: now, conversion, time zones.
#include "aql/functions/date.h"

#include <fmt/format.h>

#include <cmath>

#include "base/time.h"

namespace workerdb::aql::functions {

using value::Slice;

bool is_in_range(int64_t ms) { return ms >= kFirstMs && ms <= kLastMs; }

Slice invalid_date(Context& context, std::string_view function) {
  return warned(context, base::ErrorCode::kQueryInvalidDateValue, function);
}

std::optional<int64_t> read_date(Context& context, Slice date, std::string_view function) {
  std::optional<int64_t> ms;
  if (date.is_string()) {
    ms = parse_date(date.as_string());
  } else if (date.is_number()) {
    double number = date.as_double();
    if (number >= double(kFirstMs) && number <= double(kLastMs)) ms = int64_t(number);
  }
  if (ms && is_in_range(*ms)) return ms;
  invalid_date(context, function);
  return std::nullopt;
}

std::optional<TimeZone> read_zone(Context& context, Slice name, std::string_view function) {
  if (name.is_null()) return TimeZone::find("UTC");
  if (!name.is_string()) {
    wrong_type(context, function);
    return std::nullopt;
  }
  std::optional<TimeZone> zone = TimeZone::find(name.as_string());
  if (!zone) {
    context.fail({base::ErrorCode::kQueryInvalidDateValue,
                  fmt::format("in function '{}()': the time zone is not known: {}", function, name.as_string())});
  }
  return zone;
}

std::optional<DateUnit> read_unit(Context& context, Slice unit, std::string_view function) {
  if (!unit.is_string()) {
    wrong_type(context, function);
    return std::nullopt;
  }
  std::optional<DateUnit> known = parse_unit(unit.as_string());
  if (!known) invalid_date(context, function);
  return known;
}

Slice iso_result(Context& context, int64_t utc_ms, std::string_view function) {
  if (!is_in_range(utc_ms)) return invalid_date(context, function);
  return context.arena().string(format_civil(utc_ms) + "Z");
}

namespace {

Slice date_now(Context& context, Arguments) {
  return context.arena().integer(context.now_ms != 0 ? context.now_ms : base::unix_time_ms());
}

// Year, month, day and what follows, each one allowed to go beyond its range.
std::optional<int64_t> from_parts(Context& context, Arguments arguments, std::string_view function) {
  constexpr int64_t kLargest = 10'000'000'000;
  int64_t parts[7] = {0, 1, 1, 0, 0, 0, 0};
  bool is_valid = arguments.size() >= 3;
  for (size_t i = 0; i < arguments.size() && is_valid; ++i) {
    parts[i] = to_integer(arguments[i]);
    is_valid = (arguments[i].is_number() || arguments[i].is_string()) && parts[i] >= 0 && parts[i] <= kLargest;
  }
  is_valid = is_valid && parts[0] <= 9999 && parts[1] >= 1 && parts[2] >= 1;
  if (is_valid) {
    int64_t months = parts[0] * 12 + parts[1] - 1;
    int64_t ms = days_from_civil(months / 12, int(months % 12) + 1, 1) * kDayMs + (parts[2] - 1) * kDayMs +
                 parts[3] * kHourMs + parts[4] * kMinuteMs + parts[5] * kSecondMs + parts[6];
    if (is_in_range(ms)) return ms;
  }
  invalid_date(context, function);
  return std::nullopt;
}

std::optional<int64_t> from_arguments(Context& context, Arguments arguments, std::string_view function) {
  return arguments.size() == 1 ? read_date(context, arguments[0], function) : from_parts(context, arguments, function);
}

Slice date_iso8601(Context& context, Arguments arguments) {
  std::optional<int64_t> ms = from_arguments(context, arguments, "DATE_ISO8601");
  return ms ? iso_result(context, *ms, "DATE_ISO8601") : Slice::null();
}

Slice date_timestamp(Context& context, Arguments arguments) {
  std::optional<int64_t> ms = from_arguments(context, arguments, "DATE_TIMESTAMP");
  return ms ? context.arena().integer(*ms) : Slice::null();
}

Slice is_date_string(Context&, Arguments arguments) {
  return Slice::boolean(arguments[0].is_string() && parse_date(arguments[0].as_string()).has_value());
}

Slice date_timezone(Context& context, Arguments) { return context.arena().string(TimeZone::local_name()); }

Slice date_timezones(Context& context, Arguments) {
  value::Builder& builder = context.scratch();
  builder.open_array();
  for (const std::string& name : TimeZone::names()) builder.string(name);
  builder.close();
  return context.finish();
}

// The result of a conversion between zones, with what is in force at that time where it is asked for.
Slice zoned_result(Context& context, std::string_view name, const std::string& text, const TimeZone& zone,
                   int64_t utc_ms, bool wants_info) {
  if (!wants_info) return context.arena().string(text);
  ZonePeriod period = zone.period(utc_ms);
  value::Builder& builder = context.scratch();
  auto add_time = [&](std::string_view attribute, std::optional<int64_t> ms) {
    builder.key(attribute);
    if (ms && is_in_range(*ms)) {
      builder.string(format_civil(*ms) + "Z");
    } else {
      builder.null();
    }
  };
  builder.open_object();
  builder.add(name, text);
  builder.add("tzdb", TimeZone::database_version());
  builder.key("zoneInfo");
  builder.open_object();
  builder.add("name", period.abbreviation);
  add_time("begin", period.begin_ms);
  add_time("end", period.end_ms);
  builder.add("dst", period.is_summer_time);
  builder.add("offset", period.offset_seconds);
  builder.close();
  builder.close();
  return context.finish();
}

Slice date_utc_to_local(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_UTCTOLOCAL";
  std::optional<int64_t> utc_ms = read_date(context, arguments[0], kName);
  if (!utc_ms) return Slice::null();
  if (!arguments[1].is_string()) return wrong_type(context, kName);
  std::optional<TimeZone> zone = read_zone(context, arguments[1], kName);
  if (!zone) return Slice::null();
  int64_t local_ms = zone->to_local(*utc_ms);
  if (!is_in_range(local_ms)) return invalid_date(context, kName);
  std::string text = format_civil(local_ms) + (zone->is_utc() ? "Z" : "");
  return zoned_result(context, "local", text, *zone, *utc_ms, flag(arguments, 2));
}

Slice date_local_to_utc(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_LOCALTOUTC";
  std::optional<int64_t> local_ms = read_date(context, arguments[0], kName);
  if (!local_ms) return Slice::null();
  if (!arguments[1].is_string()) return wrong_type(context, kName);
  std::optional<TimeZone> zone = read_zone(context, arguments[1], kName);
  if (!zone) return Slice::null();
  int64_t utc_ms = zone->to_utc(*local_ms);
  if (!is_in_range(utc_ms)) return invalid_date(context, kName);
  return zoned_result(context, "utc", format_civil(utc_ms) + "Z", *zone, utc_ms, flag(arguments, 2));
}

constexpr Function kFunctions[] = {
    {"DATE_ISO8601", "date", 1, 7, kDeterministic,
     "date: number|string or year: number, month: number, day: number, hour?: number, minute?: number, "
     "second?: number, millisecond?: number",
     "A date, or its parts, as an ISO 8601 string in UTC.", "RETURN DATE_ISO8601(1399472349522)",
     "[\"2014-05-07T14:19:09.522Z\"]", date_iso8601},
    {"DATE_LOCALTOUTC", "date", 2, 3, kDeterministic, "date: number|string, timezone: string, zoneinfo?: bool",
     "A date of a time zone in UTC, on demand with what is in force in the zone.",
     "RETURN DATE_LOCALTOUTC(\"2020-03-15T00:00:00.000\", \"Europe/Berlin\")", "[\"2020-03-14T23:00:00.000Z\"]",
     date_local_to_utc},
    {"DATE_NOW", "date", 0, 0, 0, "", "The time of the query in milliseconds since 1970.", "RETURN DATE_NOW() > 0",
     "[true]", date_now},
    {"DATE_TIMESTAMP", "date", 1, 7, kDeterministic,
     "date: number|string or year: number, month: number, day: number, hour?: number, minute?: number, "
     "second?: number, millisecond?: number",
     "A date, or its parts, in milliseconds since 1970.", "RETURN DATE_TIMESTAMP(2014, 5, 7, 14, 19, 9, 522)",
     "[1399472349522]", date_timestamp},
    {"DATE_TIMEZONE", "date", 0, 0, 0, "", "The name of the server's time zone.", "RETURN IS_STRING(DATE_TIMEZONE())",
     "[true]", date_timezone},
    {"DATE_TIMEZONES", "date", 0, 0, kDeterministic, "", "The names of all time zones.",
     "RETURN \"Europe/Berlin\" IN DATE_TIMEZONES()", "[true]", date_timezones},
    {"DATE_UTCTOLOCAL", "date", 2, 3, kDeterministic, "date: number|string, timezone: string, zoneinfo?: bool",
     "A date of UTC in a time zone, on demand with what is in force in the zone.",
     "RETURN DATE_UTCTOLOCAL(\"2020-03-15T00:00:00.000\", \"America/New_York\")", "[\"2020-03-14T20:00:00.000\"]",
     date_utc_to_local},
    {"IS_DATESTRING", "date", 1, 1, kDeterministic, "value: string", "Whether the value is a string in a date format.",
     "RETURN [IS_DATESTRING(\"2015-10\"), IS_DATESTRING(\"today\")]", "[[true,false]]", is_date_string},
};

}  // namespace

std::span<const Function> date_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

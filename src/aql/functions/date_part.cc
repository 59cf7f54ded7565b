// Parts of dates, and dates as text.
#include <fmt/format.h>

#include <array>

#include "aql/functions/date.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;

// The date in the zone of the second argument, as local milliseconds.
std::optional<int64_t> local_date(Context& context, Arguments arguments, size_t zone_at, std::string_view function) {
  std::optional<int64_t> ms = read_date(context, arguments[0], function);
  if (!ms || argument(arguments, zone_at).is_null()) return ms;
  std::optional<TimeZone> zone = read_zone(context, arguments[zone_at], function);
  if (!zone) return std::nullopt;
  return zone->to_local(*ms);
}

int64_t year_of(int64_t ms) { return to_civil(ms).year; }
int64_t month_of(int64_t ms) { return to_civil(ms).month; }
int64_t day_of(int64_t ms) { return to_civil(ms).day; }
int64_t hour_of(int64_t ms) { return to_civil(ms).hour; }
int64_t minute_of(int64_t ms) { return to_civil(ms).minute; }
int64_t second_of(int64_t ms) { return to_civil(ms).second; }
int64_t millisecond_of(int64_t ms) { return to_civil(ms).millisecond; }
int64_t weekday_of(int64_t ms) { return day_of_week(ms); }
int64_t year_day_of(int64_t ms) { return day_of_year(to_civil(ms)); }
int64_t week_of(int64_t ms) { return iso_week(ms).week; }
int64_t quarter_of(int64_t ms) { return (to_civil(ms).month - 1) / 3 + 1; }
int64_t month_days_of(int64_t ms) {
  CivilTime time = to_civil(ms);
  return days_in_month(time.year, time.month);
}

// Names as template arguments: each part is a function of its own in the table below.
template <size_t kSize>
struct Name {
  char text[kSize];
  constexpr Name(const char (&name)[kSize]) {  // NOLINT: a literal stands for it
    for (size_t i = 0; i < kSize; ++i) text[i] = name[i];
  }
};

template <Name kName, int64_t (*kPart)(int64_t)>
Slice part(Context& context, Arguments arguments) {
  std::optional<int64_t> ms = local_date(context, arguments, 1, kName.text);
  return ms ? context.arena().integer(kPart(*ms)) : Slice::null();
}

Slice date_leap_year(Context& context, Arguments arguments) {
  std::optional<int64_t> ms = local_date(context, arguments, 1, "DATE_LEAPYEAR");
  return ms ? Slice::boolean(is_leap_year(year_of(*ms))) : Slice::null();
}

Slice date_iso_week_year(Context& context, Arguments arguments) {
  std::optional<int64_t> ms = local_date(context, arguments, 1, "DATE_ISOWEEKYEAR");
  if (!ms) return Slice::null();
  IsoWeek week = iso_week(*ms);
  value::Builder& builder = context.scratch();
  builder.open_object();
  builder.add("week", week.week);
  builder.add("year", week.year);
  builder.close();
  return context.finish();
}

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

// What a directive of DATE_FORMAT stands for. `name` is its letters in lower case, known to be in
// kDirectives.
std::string formatted(std::string_view name, int64_t ms, int64_t utc_ms) {
  CivilTime time = to_civil(ms);
  auto padded = [&](int64_t number) { return fmt::format("{:0{}}", number, name.size()); };
  switch (name[0]) {
    case 't': return fmt::format("{}", utc_ms);
    case 'z': return format_civil(utc_ms) + "Z";
    case 'y':
      if (name == "yyyyyy") return fmt::format("+{:06}", time.year);
      return padded(name == "yy" ? time.year % 100 : time.year);
    case 'm':
      if (name == "mmmm") return std::string(kMonths[size_t(time.month - 1)]);
      if (name == "mmm") return std::string(kMonths[size_t(time.month - 1)].substr(0, 3));
      return padded(time.month);
    case 'w':
      if (name == "wwww") return std::string(kWeekdays[size_t(day_of_week(ms))]);
      if (name == "www") return std::string(kWeekdays[size_t(day_of_week(ms))].substr(0, 3));
      return padded(day_of_week(ms));
    case 'd': return padded(time.day);
    case 'h': return padded(time.hour);
    case 'i': return padded(time.minute);
    case 's': return padded(time.second);
    case 'f': return padded(time.millisecond);
    case 'x': return padded(day_of_year(time));
    case 'k': return padded(iso_week(ms).week);
    case 'l': return is_leap_year(time.year) ? "1" : "0";
    case 'q': return padded(quarter_of(ms));
    case 'a': return padded(month_days_of(ms));
    case '%': return "%";
    default: return {};  // "&" parts what would else be one directive
  }
}

// The longer ones first, so that the first that fits is the longest.
constexpr std::string_view kDirectives[] = {
    "yyyyyy", "mmmm", "wwww", "yyyy", "mmm", "www", "fff", "xxx", "yy", "mm", "dd", "hh", "ii", "ss", "kk", "t",
    "z",      "w",    "y",    "m",    "d",   "h",   "i",   "s",   "f",  "x",  "k",  "l",  "q",  "a",  "&",  "%"};

Slice date_format(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "DATE_FORMAT";
  if (!arguments[1].is_string()) return wrong_type(context, kName);
  std::optional<int64_t> utc_ms = read_date(context, arguments[0], kName);
  if (!utc_ms) return Slice::null();
  std::optional<int64_t> ms = local_date(context, arguments, 2, kName);
  if (!ms) return Slice::null();
  std::string_view format = arguments[1].as_string();
  std::string result;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      result += format[at++];
      continue;
    }
    ++at;
    std::string next(format.substr(at, 6));
    for (char& c : next) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
    for (std::string_view name : kDirectives) {
      if (!next.starts_with(name)) continue;
      result += formatted(name, *ms, *utc_ms);
      at += name.size();
      break;
    }
    if (!fits(context, result.size())) return Slice::null();
  }
  return context.arena().string(result);
}

constexpr Function kFunctions[] = {
    {"DATE_DAY", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string", "The day of the month.",
     "RETURN DATE_DAY(\"2020-08-29\")", "[29]", part<"DATE_DAY", day_of>},
    {"DATE_DAYOFWEEK", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "The day of the week, from 0 for Sunday.", "RETURN DATE_DAYOFWEEK(\"2020-08-29\")", "[6]",
     part<"DATE_DAYOFWEEK", weekday_of>},
    {"DATE_DAYOFYEAR", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "The day of the year, from 1.", "RETURN DATE_DAYOFYEAR(\"2020-08-29\")", "[242]",
     part<"DATE_DAYOFYEAR", year_day_of>},
    {"DATE_DAYS_IN_MONTH", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "How many days the date's month has.", "RETURN DATE_DAYS_IN_MONTH(\"2020-02-01\")", "[29]",
     part<"DATE_DAYS_IN_MONTH", month_days_of>},
    {"DATE_FORMAT", "date", 2, 3, kDeterministic, "date: string|number, format: string, timezone?: string",
     "The date as text, by directives such as %yyyy.", "RETURN DATE_FORMAT(\"2016-03-01\", \"%dd.%mm.%yyyy, %wwww\")",
     "[\"01.03.2016, Tuesday\"]", date_format},
    {"DATE_HOUR", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string", "The hour.",
     "RETURN DATE_HOUR(14400000)", "[4]", part<"DATE_HOUR", hour_of>},
    {"DATE_ISOWEEK", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "The week of the year by ISO 8601.", "RETURN DATE_ISOWEEK(\"2020-08-29\")", "[35]", part<"DATE_ISOWEEK", week_of>},
    {"DATE_ISOWEEKYEAR", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "The week by ISO 8601 and the year it belongs to.", "RETURN DATE_ISOWEEKYEAR(\"2023-01-01\")",
     "[{\"week\":52,\"year\":2022}]", date_iso_week_year},
    {"DATE_LEAPYEAR", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "Whether the date's year is a leap year.", "RETURN DATE_LEAPYEAR(\"2020-01-01\")", "[true]", date_leap_year},
    {"DATE_MILLISECOND", "date", 1, 1, kDeterministic, "date: number|string", "The milliseconds.",
     "RETURN DATE_MILLISECOND(\"2020-08-29T16:30:05.123\")", "[123]", part<"DATE_MILLISECOND", millisecond_of>},
    {"DATE_MINUTE", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string", "The minute.",
     "RETURN DATE_MINUTE(\"2020-08-29T16:30:05.123\")", "[30]", part<"DATE_MINUTE", minute_of>},
    {"DATE_MONTH", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string", "The month, from 1.",
     "RETURN DATE_MONTH(\"2020-08-29\")", "[8]", part<"DATE_MONTH", month_of>},
    {"DATE_QUARTER", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string",
     "The quarter of the year, from 1.", "RETURN DATE_QUARTER(\"2020-08-29\")", "[3]",
     part<"DATE_QUARTER", quarter_of>},
    {"DATE_SECOND", "date", 1, 1, kDeterministic, "date: number|string", "The second.",
     "RETURN DATE_SECOND(\"2020-08-29T16:30:05.123\")", "[5]", part<"DATE_SECOND", second_of>},
    {"DATE_YEAR", "date", 1, 2, kDeterministic, "date: number|string, timezone?: string", "The year.",
     "RETURN DATE_YEAR(\"2020-08-29\")", "[2020]", part<"DATE_YEAR", year_of>},
};

}  // namespace

std::span<const Function> date_part_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

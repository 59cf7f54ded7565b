#pragma once
// The calendar: points in time as milliseconds since 1970 UTC and as years, months and days (proleptic
// Gregorian). Source: the 3.12 documentation, "Date functions". Included only by .cc files of this folder.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace workerdb::aql::functions {

constexpr int64_t kSecondMs = 1000, kMinuteMs = 60 * kSecondMs, kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;
// Years 0000 to 9999.
constexpr int64_t kFirstMs = -62167219200000, kLastMs = 253402300799999;

struct CivilTime {
  int64_t year = 1970;
  int month = 1, day = 1;  // from 1
  int hour = 0, minute = 0, second = 0, millisecond = 0;
};

int64_t floor_divide(int64_t number, int64_t divisor);
// Days since 1970-01-01. A day beyond its month, also far beyond, goes on into the next ones.
int64_t days_from_civil(int64_t year, int month, int64_t day);
int64_t to_ms(const CivilTime& time);
CivilTime to_civil(int64_t ms);

bool is_leap_year(int64_t year);
int days_in_month(int64_t year, int month);
int day_of_week(int64_t ms);  // 0 is Sunday
int day_of_year(const CivilTime& time);
// The week by ISO 8601 and the year that it belongs to.
struct IsoWeek {
  int64_t year;
  int week;
};
IsoWeek iso_week(int64_t ms);

// A date string in the accepted formats as milliseconds; none for another text. The result may lie outside of
// the years 0000 to 9999 by an offset, and days that their month does not have go on into the next one.
std::optional<int64_t> parse_date(std::string_view text);

// "2014-05-07T14:19:09.522", for the years 0 to 9999.
std::string format_civil(int64_t ms);

enum class DateUnit { kYear, kMonth, kWeek, kDay, kHour, kMinute, kSecond, kMillisecond };
// "y", "year", "years" …, in any case.
std::optional<DateUnit> parse_unit(std::string_view text);
// Milliseconds of a unit; years and months of average length.
double unit_ms(DateUnit unit);

}  // namespace workerdb::aql::functions

#include "aql/functions/civil_time.h"

#include <fmt/format.h>

#include <algorithm>

namespace workerdb::aql::functions {

int64_t floor_divide(int64_t number, int64_t divisor) {
  int64_t quotient = number / divisor;
  return number % divisor != 0 && (number < 0) != (divisor < 0) ? quotient - 1 : quotient;
}

// Years counted from March 1st keep the leap day at a year's end; 400 of them have 146097 days.
int64_t days_from_civil(int64_t year, int month, int64_t day) {
  if (month <= 2) --year;
  int64_t era = floor_divide(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year + (day - 1) - 719468;
}

int64_t to_ms(const CivilTime& time) {
  return days_from_civil(time.year, time.month, time.day) * kDayMs + time.hour * kHourMs + time.minute * kMinuteMs +
         time.second * kSecondMs + time.millisecond;
}

CivilTime to_civil(int64_t ms) {
  int64_t days = floor_divide(ms, kDayMs);
  auto rest = int(ms - days * kDayMs);
  int64_t shifted = days + 719468, era = floor_divide(shifted, 146097), day_of_era = shifted - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilTime time;
  time.day = int(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  time.month = int(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  time.hour = rest / int(kHourMs);
  time.minute = rest / int(kMinuteMs) % 60;
  time.second = rest / int(kSecondMs) % 60;
  time.millisecond = rest % 1000;
  return time;
}

bool is_leap_year(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

int day_of_week(int64_t ms) {
  int64_t day = (floor_divide(ms, kDayMs) + 4) % 7;  // 1970-01-01 was a Thursday
  return int(day < 0 ? day + 7 : day);
}

int day_of_year(const CivilTime& time) {
  return int(days_from_civil(time.year, time.month, time.day) - days_from_civil(time.year, 1, 1)) + 1;
}

IsoWeek iso_week(int64_t ms) {
  // A week belongs to the year of its Thursday.
  int from_monday = (day_of_week(ms) + 6) % 7;
  CivilTime thursday = to_civil(ms + (3 - from_monday) * kDayMs);
  return {thursday.year, (day_of_year(thursday) - 1) / 7 + 1};
}

namespace {

// Reads a date string from front to back; every step says whether it was there.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool skip(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Digits, at least and at most so many, up to a greatest number.
  bool number(size_t least, size_t most, int smallest, int greatest, int& to) {
    size_t count = 0;
    to = 0;
    while (count < text_.size() && count < most && text_[count] >= '0' && text_[count] <= '9') {
      to = to * 10 + (text_[count++] - '0');
    }
    if (count < least || to < smallest || to > greatest) return false;
    text_.remove_prefix(count);
    return true;
  }
  // A fraction of a second, of which milliseconds count.
  bool fraction(int& milliseconds) {
    int weight = 100;
    size_t count = 0;
    while (count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
      milliseconds += (text_[count++] - '0') * weight;
      weight /= 10;
    }
    text_.remove_prefix(count);
    return count > 0;
  }

 private:
  std::string_view text_;
};

bool read_time(DateReader& reader, CivilTime& time) {
  if (!reader.number(2, 2, 0, 24, time.hour) || !reader.skip(':') || !reader.number(2, 2, 0, 59, time.minute)) {
    return false;
  }
  if (reader.skip(':')) {
    if (!reader.number(2, 2, 0, 59, time.second)) return false;
    if (reader.skip('.') && !reader.fraction(time.millisecond)) return false;
  }
  return time.hour < 24 || time.minute + time.second + time.millisecond == 0;
}

// "Z", "+01:00", "-0730" or nothing.
bool read_offset(DateReader& reader, int64_t& offset_ms) {
  if (reader.skip('Z') || reader.at_end()) return true;
  int64_t sign = reader.skip('-') ? -1 : 1;
  if (sign == 1 && !reader.skip('+')) return false;
  int hours, minutes;
  if (!reader.number(2, 2, 0, 23, hours)) return false;
  reader.skip(':');
  if (!reader.number(2, 2, 0, 59, minutes)) return false;
  offset_ms = sign * (hours * kHourMs + minutes * kMinuteMs);
  return true;
}

}  // namespace

std::optional<int64_t> parse_date(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\v\f";
  size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(kSpaces) - first + 1);

  DateReader reader(text);
  CivilTime time;
  int year;
  int64_t offset_ms = 0;
  if (!reader.number(1, 4, 0, 9999, year)) return std::nullopt;
  time.year = year;
  if (reader.skip('-')) {
    if (!reader.number(1, 2, 1, 12, time.month)) return std::nullopt;
    if (reader.skip('-')) {
      if (!reader.number(1, 2, 1, 31, time.day)) return std::nullopt;
      if ((reader.skip('T') || reader.skip(' ')) && !read_time(reader, time)) return std::nullopt;
    }
  }
  if (!read_offset(reader, offset_ms) || !reader.at_end()) return std::nullopt;
  return to_ms(time) - offset_ms;
}

std::string format_civil(int64_t ms) {
  CivilTime time = to_civil(ms);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", time.year, time.month, time.day, time.hour,
                     time.minute, time.second, time.millisecond);
}

std::optional<DateUnit> parse_unit(std::string_view text) {
  struct Unit {
    std::string_view letter, name;
    DateUnit unit;
  };
  constexpr Unit kUnits[] = {
      {"y", "year", DateUnit::kYear},     {"m", "month", DateUnit::kMonth},
      {"w", "week", DateUnit::kWeek},     {"d", "day", DateUnit::kDay},
      {"h", "hour", DateUnit::kHour},     {"i", "minute", DateUnit::kMinute},
      {"s", "second", DateUnit::kSecond}, {"f", "millisecond", DateUnit::kMillisecond},
  };
  std::string lower(text.substr(0, 16));
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  std::string_view singular = lower;
  if (singular.size() > 1 && singular.ends_with('s')) singular.remove_suffix(1);
  for (const Unit& unit : kUnits) {
    if (lower == unit.letter || singular == unit.name) return unit.unit;
  }
  return std::nullopt;
}

double unit_ms(DateUnit unit) {
  constexpr double kYearMs = 365.2425 * double(kDayMs);
  constexpr double kLengths[] = {kYearMs,         kYearMs / 12,      7 * double(kDayMs), double(kDayMs),
                                 double(kHourMs), double(kMinuteMs), double(kSecondMs),  1};
  return kLengths[int(unit)];
}

}  // namespace workerdb::aql::functions

#pragma once
// IANA's time zones, from the system's time zone database. Included only by .cc files of this folder.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::aql::functions {

// What is in force in a zone at a point in time.
struct ZonePeriod {
  std::string abbreviation;
  std::optional<int64_t> begin_ms, end_ms;  // UTC; none where there is no change before or after
  bool is_summer_time;
  int64_t offset_seconds;
};

// A zone of the database, which lives as long as the process. Thread-safe.
class TimeZone {
 public:
  // None if there is no such zone. "UTC" needs no database.
  static std::optional<TimeZone> find(std::string_view name);
  // The zone of this machine, "UTC" where it is not known.
  static std::string local_name();
  static std::vector<std::string> names();
  // The database's version: "2025b".
  static std::string database_version();

  int64_t to_local(int64_t utc_ms) const;
  // Of two possible times the earlier one; a time that is left out counts as the moment of the change.
  int64_t to_utc(int64_t local_ms) const;
  ZonePeriod period(int64_t utc_ms) const;
  bool is_utc() const { return zone_ == nullptr; }

 private:
  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;  // a date::time_zone; null for UTC
};

}  // namespace workerdb::aql::functions

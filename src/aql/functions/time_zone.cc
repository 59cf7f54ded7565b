#include "aql/functions/time_zone.h"

#include <date/tz.h>

#include <chrono>
#include <exception>
#include <fstream>

#include "base/log.h"

namespace workerdb::aql::functions {
namespace {

using std::chrono::milliseconds;

const date::time_zone& zone_of(const void* zone) { return *static_cast<const date::time_zone*>(zone); }
date::sys_time<milliseconds> sys_time(int64_t ms) { return date::sys_time<milliseconds>(milliseconds(ms)); }

std::optional<int64_t> bound(date::sys_seconds at) {
  // The database knows no change further away than this.
  constexpr int64_t kFar = int64_t(1) << 40;
  int64_t seconds = at.time_since_epoch().count();
  if (seconds < -kFar || seconds > kFar) return std::nullopt;
  return seconds * 1000;
}

}  // namespace

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  if (name == "UTC") return TimeZone(nullptr);
  try {
    return TimeZone(date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string TimeZone::local_name() {
  try {
    return date::current_zone()->name();
  } catch (const std::exception&) {
    return "UTC";
  }
}

std::vector<std::string> TimeZone::names() {
  std::vector<std::string> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) names.push_back(zone.name());
  } catch (const std::exception& problem) {
    base::log_warning("aql", "the time zone database cannot be read: {}", problem.what());
  }
  return names;
}

std::string TimeZone::database_version() {
  static const std::string version = [] {
    // The first line of the compact form of the database: "# version 2025b".
    std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
    std::string hash, word, number;
    return file >> hash >> word >> number && word == "version" ? number : std::string("unknown");
  }();
  return version;
}

int64_t TimeZone::to_local(int64_t utc_ms) const {
  if (zone_ == nullptr) return utc_ms;
  try {
    return zone_of(zone_).to_local(sys_time(utc_ms)).time_since_epoch().count();
  } catch (const std::exception&) {
    return utc_ms;
  }
}

int64_t TimeZone::to_utc(int64_t local_ms) const {
  if (zone_ == nullptr) return local_ms;
  try {
    date::local_time<milliseconds> local{milliseconds(local_ms)};
    return zone_of(zone_).to_sys(local, date::choose::earliest).time_since_epoch().count();
  } catch (const std::exception&) {
    return local_ms;
  }
}

ZonePeriod TimeZone::period(int64_t utc_ms) const {
  if (zone_ == nullptr) return {"UTC", std::nullopt, std::nullopt, false, 0};
  try {
    date::sys_info info = zone_of(zone_).get_info(sys_time(utc_ms));
    return {info.abbrev, bound(info.begin), bound(info.end), info.save.count() != 0, info.offset.count()};
  } catch (const std::exception&) {
    return {"UTC", std::nullopt, std::nullopt, false, 0};
  }
}

}  // namespace workerdb::aql::functions

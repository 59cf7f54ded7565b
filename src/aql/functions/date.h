#pragma once
// What the files of date functions share. Included only by .cc files of this folder.
#include <optional>

#include "aql/functions/civil_time.h"
#include "aql/functions/implementation.h"
#include "aql/functions/time_zone.h"

namespace workerdb::aql::functions {

// A timestamp or a date string in UTC; none, with a warning 1572, for anything else and outside of the years
// 0-9999.
std::optional<int64_t> read_date(Context& context, value::Slice date, std::string_view function);
// The zone of an optional argument, UTC where it is missing. None if the query failed: the zone is not known.
std::optional<TimeZone> read_zone(Context& context, value::Slice name, std::string_view function);
std::optional<DateUnit> read_unit(Context& context, value::Slice unit, std::string_view function);

// Results. Outside of the years 0-9999: null and a warning 1572.
value::Slice iso_result(Context& context, int64_t utc_ms, std::string_view function);
bool is_in_range(int64_t ms);
value::Slice invalid_date(Context& context, std::string_view function);

}  // namespace workerdb::aql::functions

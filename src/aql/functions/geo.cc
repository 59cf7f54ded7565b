// Distances between points, GeoJSON constructors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "aql/functions/geo_shape.h"
#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::ArrayIterator;
using value::Slice;

Slice distance(Context& context, Arguments arguments) {
  double radians[4];
  for (size_t i = 0; i < 4; ++i) {
    double degrees = arguments[i].is_number() ? arguments[i].as_double() : NAN, limit = i % 2 == 0 ? 90 : 180;
    if (!(std::abs(degrees) <= limit)) return wrong_type(context, "DISTANCE");
    radians[i] = degrees * (std::numbers::pi / 180.0);
  }
  double across = std::sin((radians[2] - radians[0]) / 2), along = std::sin((radians[3] - radians[1]) / 2);
  double haversine = across * across + std::cos(radians[0]) * std::cos(radians[2]) * along * along;
  double metres = kEarthRadiusMetres * 2 * std::asin(std::min(1.0, std::sqrt(haversine)));
  return from_double_integral(metres, context.arena());
}

// [longitude, latitude] with an optional elevation.
bool is_position(Slice value) {
  if (!value.is_array() || value.size() < 2 || value.size() > 3) return false;
  for (ArrayIterator item(value); item.valid(); item.next()) {
    if (!item.value().is_number()) return false;
  }
  return true;
}

template <typename Check>
bool all_members(Slice array, size_t at_least, Check&& check) {
  if (!array.is_array() || array.size() < at_least) return false;
  for (ArrayIterator item(array); item.valid(); item.next()) {
    if (!check(item.value())) return false;
  }
  return true;
}

bool is_line(Slice value) { return all_members(value, 2, is_position); }
bool is_lines(Slice value) { return all_members(value, 2, is_line); }
bool is_points(Slice value) { return all_members(value, 2, is_position); }
// Closed: the last position is the first one.
bool is_ring(Slice value) {
  return all_members(value, 4, is_position) && value::equal(value.at(0), value.at(value.size() - 1));
}
bool is_polygon(Slice value) { return all_members(value, 1, is_ring); }
bool is_polygons(Slice value) { return all_members(value, 2, is_polygon); }

Slice geometry(Context& context, std::string_view type, Slice coordinates, bool is_bare_ring = false) {
  value::Builder& builder = context.scratch();
  builder.open_object();
  builder.add("type", type);
  builder.key("coordinates");
  if (is_bare_ring) builder.open_array();
  builder.slice(coordinates);
  if (is_bare_ring) builder.close();
  builder.close();
  return context.finish();
}

// The geometry, or null and a warning with what is wrong about it: rings that cross, holes outside …
Slice valid_geometry(Context& context, Slice geometry, std::string_view function) {
  std::string problem;
  if (GeoShape::parse(geometry, problem) != nullptr) return geometry;
  return warned(context, base::ErrorCode::kQueryFunctionArgumentTypeMismatch,
                fmt::format("{}: {}", wrong_type_message(function), problem));
}

Slice geo_point(Context& context, Arguments arguments) {
  if (!std::ranges::all_of(arguments, &Slice::is_number)) return wrong_type(context, "GEO_POINT");
  value::Builder& builder = context.scratch();
  builder.open_object();
  builder.add("type", "Point");
  builder.key("coordinates");
  builder.open_array();
  for (Slice number : arguments) builder.slice(number);
  builder.close();
  builder.close();
  return context.finish();
}

Slice geo_multipoint(Context& context, Arguments arguments) {
  if (!is_points(arguments[0])) return wrong_type(context, "GEO_MULTIPOINT");
  return geometry(context, "MultiPoint", arguments[0]);
}
Slice geo_linestring(Context& context, Arguments arguments) {
  if (!is_line(arguments[0])) return wrong_type(context, "GEO_LINESTRING");
  return geometry(context, "LineString", arguments[0]);
}
Slice geo_multilinestring(Context& context, Arguments arguments) {
  if (!is_lines(arguments[0])) return wrong_type(context, "GEO_MULTILINESTRING");
  return geometry(context, "MultiLineString", arguments[0]);
}
Slice geo_polygon(Context& context, Arguments arguments) {
  // One ring may stand without the array around it.
  bool is_bare_ring = is_ring(arguments[0]);
  if (!is_bare_ring && !is_polygon(arguments[0])) return wrong_type(context, "GEO_POLYGON");
  return valid_geometry(context, geometry(context, "Polygon", arguments[0], is_bare_ring), "GEO_POLYGON");
}
Slice geo_multipolygon(Context& context, Arguments arguments) {
  if (!is_polygons(arguments[0])) return wrong_type(context, "GEO_MULTIPOLYGON");
  return valid_geometry(context, geometry(context, "MultiPolygon", arguments[0]), "GEO_MULTIPOLYGON");
}

// A ray from the point crosses the boundary of a polygon that holds it an odd number of times.
Slice is_in_polygon(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "IS_IN_POLYGON";
  Slice x = arguments[1], y = argument(arguments, 2);
  if (arguments[1].is_array()) {
    if (!is_position(arguments[1])) return wrong_type(context, kName);
    x = arguments[1].at(0);
    y = arguments[1].at(1);
  }
  // Which of the two coordinates comes first does not matter as long as it is the same for both.
  if (!x.is_number() || !y.is_number() || !all_members(arguments[0], 3, is_position)) return wrong_type(context, kName);
  double at_x = x.as_double(), at_y = y.as_double();
  bool is_inside = false;
  Slice before = arguments[0].at(arguments[0].size() - 1);
  for (ArrayIterator item(arguments[0]); item.valid(); item.next()) {
    double x1 = before.at(0).as_double(), y1 = before.at(1).as_double();
    double x2 = item.value().at(0).as_double(), y2 = item.value().at(1).as_double();
    if ((y1 > at_y) != (y2 > at_y) && at_x < (x2 - x1) * (at_y - y1) / (y2 - y1) + x1) is_inside = !is_inside;
    before = item.value();
  }
  return Slice::boolean(is_inside);
}

constexpr Function kFunctions[] = {
    {"DISTANCE", "geo", 4, 4, kDeterministic,
     "latitude1: number, longitude1: number, latitude2: number, longitude2: number",
     "The distance of two points on the globe in metres.", "RETURN ROUND(DISTANCE(52.5163, 13.3777, 50.9322, 6.94))",
     "[476919]", distance},
    {"GEO_LINESTRING", "geo", 1, 1, kDeterministic, "points: array", "A GeoJSON LineString.",
     "RETURN GEO_LINESTRING([[35, 10], [45, 45]])", "[{\"type\":\"LineString\",\"coordinates\":[[35,10],[45,45]]}]",
     geo_linestring},
    {"GEO_MULTILINESTRING", "geo", 1, 1, kDeterministic, "points: array", "A GeoJSON MultiLineString.",
     "RETURN GEO_MULTILINESTRING([[[1, 0], [2, 1]], [[3, 2], [4, 3]]]).type", "[\"MultiLineString\"]",
     geo_multilinestring},
    {"GEO_MULTIPOINT", "geo", 1, 1, kDeterministic, "points: array", "A GeoJSON MultiPoint.",
     "RETURN GEO_MULTIPOINT([[35, 10], [45, 45]])", "[{\"type\":\"MultiPoint\",\"coordinates\":[[35,10],[45,45]]}]",
     geo_multipoint},
    {"GEO_MULTIPOLYGON", "geo", 1, 1, kDeterministic, "polygons: array", "A GeoJSON MultiPolygon.",
     "RETURN GEO_MULTIPOLYGON([[[[0, 0], [1, 0], [1, 1], [0, 0]]], [[[5, 5], [6, 5], [6, 6], [5, 5]]]]).type",
     "[\"MultiPolygon\"]", geo_multipolygon},
    {"GEO_POINT", "geo", 2, 3, kDeterministic, "longitude: number, latitude: number, elevation?: number",
     "A GeoJSON Point.", "RETURN GEO_POINT(1, 2)", "[{\"type\":\"Point\",\"coordinates\":[1,2]}]", geo_point},
    {"GEO_POLYGON", "geo", 1, 1, kDeterministic, "points: array", "A GeoJSON Polygon of one ring, or of rings.",
     "RETURN GEO_POLYGON([[0, 0], [7.5, 2.5], [0, 5], [0, 0]])",
     "[{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[7.5,2.5],[0,5],[0,0]]]}]", geo_polygon},
    {"IS_IN_POLYGON", "geo", 2, 3, kDeterministic,
     "polygon: array, latitude: number, longitude: number or polygon: array, coord: array, useLonLat?: bool",
     "Whether a point lies inside of a polygon, on the plane of latitude and longitude.",
     "RETURN IS_IN_POLYGON([[0, 0], [0, 10], [10, 10], [10, 0]], 4, 7)", "[true]", is_in_polygon},
};

}  // namespace

std::span<const Function> geo_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

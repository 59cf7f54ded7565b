// How GeoJSON shapes lie to one another: containment, distance, area.
#include <fmt/format.h>

#include <list>

#include "aql/functions/geo_shape.h"
#include "aql/functions/implementation.h"

namespace workerdb::aql::functions {
namespace {

using value::Slice;
using Shape = std::shared_ptr<const GeoShape>;

// A query asks about the same few shapes row after row; a point is read faster than it is looked up.
Shape cached_shape(Slice value, std::string& problem) {
  constexpr size_t kCachedShapes = 4, kSmallestBytes = 64, kLargestBytes = 1 << 20;
  struct Entry {
    std::string bytes;
    Shape shape;
  };
  static thread_local std::list<Entry> cache;
  std::string_view bytes = value.bytes();
  if (bytes.size() < kSmallestBytes || bytes.size() > kLargestBytes) return GeoShape::parse(value, problem);
  for (auto entry = cache.begin(); entry != cache.end(); ++entry) {
    if (entry->bytes != bytes) continue;
    cache.splice(cache.begin(), cache, entry);
    return entry->shape;
  }
  Shape shape = GeoShape::parse(value, problem);
  if (shape != nullptr) {
    cache.push_front({std::string(bytes), shape});
    if (cache.size() > kCachedShapes) cache.pop_back();
  }
  return shape;
}

// Null, with a warning, where the value is no shape.
Shape shape_of(Context& context, Slice value, std::string_view function) {
  std::string problem;
  Shape shape = cached_shape(value, problem);
  if (shape == nullptr) {
    context.warn(base::ErrorCode::kQueryFunctionArgumentTypeMismatch,
                 fmt::format("{}: {}", wrong_type_message(function), problem));
  }
  return shape;
}

// The two shapes that a function is about.
struct Pair {
  Shape left, right;
  Pair(Context& context, Arguments arguments, std::string_view function)
      : left(shape_of(context, arguments[0], function)),
        right(left == nullptr ? nullptr : shape_of(context, arguments[1], function)) {}
  explicit operator bool() const { return right != nullptr; }
};

std::optional<Ellipsoid> ellipsoid_of(Slice name) {
  if (name.is_null()) return Ellipsoid::kSphere;
  if (!name.is_string()) return std::nullopt;
  if (name.as_string() == "sphere") return Ellipsoid::kSphere;
  if (name.as_string() == "wgs84") return Ellipsoid::kWgs84;
  return std::nullopt;
}

Slice geo_contains(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "GEO_CONTAINS";
  Pair pair(context, arguments, kName);
  if (!pair) return Slice::null();
  if (!pair.left->is_polygon()) return wrong_type(context, kName);
  return Slice::boolean(pair.left->contains(*pair.right));
}

Slice geo_intersects(Context& context, Arguments arguments) {
  Pair pair(context, arguments, "GEO_INTERSECTS");
  return pair ? Slice::boolean(pair.left->intersects(*pair.right)) : Slice::null();
}

Slice geo_equals(Context& context, Arguments arguments) {
  Pair pair(context, arguments, "GEO_EQUALS");
  return pair ? Slice::boolean(pair.left->equals(*pair.right)) : Slice::null();
}

Slice geo_distance(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "GEO_DISTANCE";
  std::optional<Ellipsoid> ellipsoid = ellipsoid_of(argument(arguments, 2));
  if (!ellipsoid) return wrong_type(context, kName);
  Pair pair(context, arguments, kName);
  if (!pair) return Slice::null();
  return from_double_integral(pair.left->distance_metres(*pair.right, *ellipsoid), context.arena());
}

Slice geo_in_range(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "GEO_IN_RANGE";
  if (!arguments[2].is_number() || !arguments[3].is_number()) return wrong_type(context, kName);
  Pair pair(context, arguments, kName);
  if (!pair) return Slice::null();
  double metres = pair.left->distance_metres(*pair.right, Ellipsoid::kSphere);
  double low = arguments[2].as_double(), high = arguments[3].as_double();
  bool with_low = arguments.size() < 5 || flag(arguments, 4), with_high = arguments.size() < 6 || flag(arguments, 5);
  return Slice::boolean((with_low ? metres >= low : metres > low) && (with_high ? metres <= high : metres < high));
}

Slice geo_area(Context& context, Arguments arguments) {
  constexpr std::string_view kName = "GEO_AREA";
  std::optional<Ellipsoid> ellipsoid = ellipsoid_of(argument(arguments, 1));
  if (!ellipsoid) return wrong_type(context, kName);
  Shape shape = shape_of(context, arguments[0], kName);
  if (shape == nullptr) return Slice::null();
  return from_double_integral(shape->area_square_metres(*ellipsoid), context.arena());
}

constexpr Function kFunctions[] = {
    {"GEO_AREA", "geo", 1, 2, kDeterministic, "geoJson: object, ellipsoid?: string",
     "The area of a Polygon or MultiPolygon in square metres, on the \"sphere\" or on \"wgs84\"; 0 for other "
     "shapes.",
     "RETURN ROUND(GEO_AREA({type: \"Polygon\", coordinates: [[[0, 0], [90, 0], [0, 90], [0, 0]]]}) / 1e9)", "[63758]",
     geo_area},
    {"GEO_CONTAINS", "geo", 2, 2, kDeterministic, "geoJsonA: object|array, geoJsonB: object|array",
     "Whether a Polygon or MultiPolygon holds every point of a second shape.",
     "RETURN GEO_CONTAINS({type: \"Polygon\", coordinates: [[[4, 54], [4, 47], [16, 47], [16, 54], [4, "
     "54]]]}, [10, 54])",
     "[true]", geo_contains},
    {"GEO_DISTANCE", "geo", 2, 3, kDeterministic, "geoJsonA: object|array, geoJsonB: object|array, ellipsoid?: string",
     "The distance between the centroids of two shapes in metres, on the \"sphere\" or on \"wgs84\".",
     "RETURN ROUND(GEO_DISTANCE([13.3777, 52.5163], [6.94, 50.9322]))", "[476919]", geo_distance},
    {"GEO_EQUALS", "geo", 2, 2, kDeterministic, "geoJsonA: object, geoJsonB: object",
     "Whether two shapes are of one type and have the same vertices.",
     "RETURN GEO_EQUALS(GEO_POINT(1, 2), {type: \"Point\", coordinates: [1, 2]})", "[true]", geo_equals},
    {"GEO_INTERSECTS", "geo", 2, 2, kDeterministic, "geoJsonA: object|array, geoJsonB: object|array",
     "Whether two shapes have a point in common.",
     "RETURN GEO_INTERSECTS(GEO_LINESTRING([[0, 0], [2, 2]]), GEO_LINESTRING([[0, 2], [2, 0]]))", "[true]",
     geo_intersects},
    {"GEO_IN_RANGE", "geo", 4, 6, kDeterministic,
     "geoJsonA: object|array, geoJsonB: object|array, low: number, high: number, includeLow?: bool, "
     "includeHigh?: bool",
     "Whether the distance between the centroids of two shapes lies between two bounds in metres.",
     "RETURN GEO_IN_RANGE([13.3777, 52.5163], [6.94, 50.9322], 400000, 500000)", "[true]", geo_in_range},
};

}  // namespace

std::span<const Function> geo_measure_functions() { return kFunctions; }

}  // namespace workerdb::aql::functions

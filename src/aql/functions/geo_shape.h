#pragma once
// GeoJSON shapes on the globe: points, lines along great circles, polygons whose inside lies left of their
// ring. Source: the 3.12 documentation, "Geo-spatial functions in AQL". Not for two threads at once.
#include <memory>
#include <string>

#include "value/slice.h"

namespace workerdb::aql::functions {

enum class Ellipsoid { kSphere, kWgs84 };

// The mean radius of the earth, the sphere's.
constexpr double kEarthRadiusMetres = 6371000.0;

class GeoShape {
 public:
  // A geometry object of RFC 7946 (Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon), or
  // [longitude, latitude] in degrees. Null, with the reason in `problem`, for anything else, for polygons
  // that cross or touch themselves along an edge, and for more than a million positions. The shape owns what
  // it needs of the value.
  static std::shared_ptr<const GeoShape> parse(value::Slice value, std::string& problem);

  ~GeoShape();
  bool is_polygon() const;
  // Every point of the other shape lies in this one, which is a polygon; polygons count their boundary as S2
  // does.
  bool contains(const GeoShape& other) const;
  bool intersects(const GeoShape& other) const;
  // The same kind of shape with the same vertices; polygons may begin their rings anywhere.
  bool equals(const GeoShape& other) const;
  // Between the centroids.
  double distance_metres(const GeoShape& other, Ellipsoid ellipsoid) const;
  // Of polygons; 0 for all other shapes.
  double area_square_metres(Ellipsoid ellipsoid) const;

 private:
  struct Parts;
  explicit GeoShape(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace workerdb::aql::functions

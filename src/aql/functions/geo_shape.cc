// GeoJSON on S2; the ellipsoid's measures come from GeographicLib.
#include "aql/functions/geo_shape.h"

#include <fmt/format.h>
#include <s2/s2error.h>
#include <s2/s2latlng.h>
#include <s2/s2loop.h>
#include <s2/s2point.h>
#include <s2/s2polygon.h>
#include <s2/s2polyline.h>

#include <GeographicLib/Geodesic.hpp>
#include <GeographicLib/PolygonArea.hpp>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace workerdb::aql::functions {

using value::ArrayIterator;
using value::Slice;

namespace {

constexpr size_t kMostPositions = 1'000'000;
// Two points closer than this are one: less than a tenth of a millimetre.
constexpr double kSamePointRadians = 1e-11;

enum class Kind { kPoint, kMultiPoint, kLine, kMultiLine, kPolygon, kMultiPolygon };

bool is_same_point(const S2Point& left, const S2Point& right) { return left.Angle(right) <= kSamePointRadians; }

}  // namespace

struct GeoShape::Parts {
  Kind kind = Kind::kPoint;
  std::vector<S2Point> points;
  std::vector<std::unique_ptr<S2Polyline>> lines;
  std::unique_ptr<S2Polygon> polygon;

  S2LatLng centroid() const;
};

namespace {

// Reads the coordinates of one value; the first problem stays.
class Reader {
 public:
  explicit Reader(std::string& problem) : problem_(problem) {}

  bool position(Slice value, S2Point& to) {
    if (!value.is_array() || value.size() < 2 || value.size() > 3) return fail("a position has two or three numbers");
    Slice longitude = value.at(0), latitude = value.at(1);
    if (!longitude.is_number() || !latitude.is_number()) return fail("a position has two or three numbers");
    if (++count_ > kMostPositions) return fail("more than a million positions");
    to = S2LatLng::FromDegrees(latitude.as_double(), longitude.as_double()).Normalized().ToPoint();
    return true;
  }

  // Equal neighbours count once.
  bool positions(Slice value, std::vector<S2Point>& to, bool drops_repeated) {
    if (!value.is_array()) return fail("an array of positions is expected");
    for (ArrayIterator item(value); item.valid(); item.next()) {
      S2Point point;
      if (!position(item.value(), point)) return false;
      if (!drops_repeated || to.empty() || to.back() != point) to.push_back(point);
    }
    return true;
  }

  bool line(Slice value, std::vector<std::unique_ptr<S2Polyline>>& to) {
    std::vector<S2Point> vertices;
    if (!positions(value, vertices, true)) return false;
    if (vertices.size() < 2) return fail("a line has at least two different positions");
    auto made = std::make_unique<S2Polyline>();
    made->set_s2debug_override(S2Debug::DISABLE);
    made->Init(vertices);
    S2Error error;
    if (made->FindValidationError(&error)) return fail(error.text());
    to.push_back(std::move(made));
    return true;
  }

  // The rings of one polygon: the first is its boundary, the others are holes, whichever way they run.
  bool rings(Slice value, std::vector<std::unique_ptr<S2Loop>>& to) {
    if (!value.is_array() || value.size() == 0) return fail("a polygon has at least one ring");
    const S2Loop* outer = nullptr;
    for (ArrayIterator item(value); item.valid(); item.next()) {
      std::unique_ptr<S2Loop> loop = ring(item.value());
      if (loop == nullptr) return false;
      if (outer == nullptr) {
        outer = loop.get();
      } else if (holds_any(*loop, *outer)) {
        loop->Invert();
      }
      to.push_back(std::move(loop));
    }
    return true;
  }

  bool polygon(std::vector<std::unique_ptr<S2Loop>> loops, std::unique_ptr<S2Polygon>& to) {
    auto made = std::make_unique<S2Polygon>();
    made->set_s2debug_override(S2Debug::DISABLE);
    // A point is inside if it lies within an odd number of rings.
    made->InitNested(std::move(loops));
    S2Error error;
    if (made->FindValidationError(&error)) return fail(error.text());
    to = std::move(made);
    return true;
  }

  bool fail(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
    return false;
  }

 private:
  std::unique_ptr<S2Loop> ring(Slice value) {
    std::vector<S2Point> vertices;
    if (!positions(value, vertices, true)) return nullptr;
    if (vertices.size() < 4) {
      fail("a ring has at least three different positions, and the first one again at its end");
      return nullptr;
    }
    if (vertices.front() != vertices.back()) {
      fail("a ring ends with its first position");
      return nullptr;
    }
    vertices.pop_back();
    auto loop = std::make_unique<S2Loop>();
    loop->set_s2debug_override(S2Debug::DISABLE);
    loop->Init(vertices);
    S2Error error;
    if (loop->FindValidationError(&error)) {
      fail(error.text());
      return nullptr;
    }
    return loop;
  }

  // Whether a ring's inside holds a vertex of another ring that is not its own vertex.
  static bool holds_any(const S2Loop& loop, const S2Loop& other) {
    for (int i = 0; i < other.num_vertices(); ++i) {
      const S2Point& vertex = other.vertex(i);
      bool is_shared = false;
      for (int k = 0; k < loop.num_vertices() && !is_shared; ++k) is_shared = loop.vertex(k) == vertex;
      if (!is_shared) return loop.Contains(vertex);
    }
    return false;
  }

  std::string& problem_;
  size_t count_ = 0;
};

// Reads the members of `coordinates`, each by `read`; there must be one at least.
template <typename Read>
bool each(Reader& reader, Slice coordinates, Read&& read) {
  if (!coordinates.is_array() || coordinates.size() == 0) return reader.fail("coordinates must not be empty");
  for (ArrayIterator item(coordinates); item.valid(); item.next()) {
    if (!read(item.value())) return false;
  }
  return true;
}

bool is_same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return (a | 32) == (b | 32); });
}

bool read_coordinates(Reader& reader, std::string_view type, Slice coordinates, Kind& kind,
                      std::vector<S2Point>& points, std::vector<std::unique_ptr<S2Polyline>>& lines,
                      std::unique_ptr<S2Polygon>& polygon) {
  std::vector<std::unique_ptr<S2Loop>> loops;
  if (is_same_name(type, "Point")) {
    kind = Kind::kPoint;
    return reader.position(coordinates, points.emplace_back());
  }
  if (is_same_name(type, "MultiPoint")) {
    kind = Kind::kMultiPoint;
    return each(reader, coordinates, [&](Slice item) { return reader.position(item, points.emplace_back()); });
  }
  if (is_same_name(type, "LineString")) {
    kind = Kind::kLine;
    return reader.line(coordinates, lines);
  }
  if (is_same_name(type, "MultiLineString")) {
    kind = Kind::kMultiLine;
    return each(reader, coordinates, [&](Slice item) { return reader.line(item, lines); });
  }
  if (is_same_name(type, "Polygon")) {
    kind = Kind::kPolygon;
    return reader.rings(coordinates, loops) && reader.polygon(std::move(loops), polygon);
  }
  if (is_same_name(type, "MultiPolygon")) {
    kind = Kind::kMultiPolygon;
    return each(reader, coordinates, [&](Slice item) { return reader.rings(item, loops); }) &&
           reader.polygon(std::move(loops), polygon);
  }
  return reader.fail("unknown type of geometry");
}

}  // namespace

S2LatLng GeoShape::Parts::centroid() const {
  S2Point sum(0, 0, 0);
  for (const S2Point& point : points) sum += point;
  for (const auto& line : lines) sum += line->GetCentroid();
  if (polygon != nullptr) sum += polygon->GetCentroid();
  // Opposite points have no middle; any of them stands for it.
  if (sum.Norm2() == 0) sum = !points.empty() ? points[0] : !lines.empty() ? lines[0]->vertex(0) : S2Point(1, 0, 0);
  return S2LatLng(sum.Normalize());
}

GeoShape::GeoShape(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
GeoShape::~GeoShape() = default;

std::shared_ptr<const GeoShape> GeoShape::parse(Slice value, std::string& problem) {
  auto parts = std::make_unique<Parts>();
  Reader reader(problem);
  bool is_good = false;
  if (value.is_array()) {
    is_good = reader.position(value, parts->points.emplace_back());
  } else if (value.is_object()) {
    Slice type = value.get("type");
    is_good = type.is_string() ? read_coordinates(reader, type.as_string(), value.get("coordinates"), parts->kind,
                                                  parts->points, parts->lines, parts->polygon)
                               : reader.fail("a geometry has a type");
  } else {
    reader.fail("a geometry object or [longitude, latitude] is expected");
  }
  if (!is_good) return nullptr;
  return std::shared_ptr<const GeoShape>(new GeoShape(std::move(parts)));
}

bool GeoShape::is_polygon() const { return parts_->polygon != nullptr; }

bool GeoShape::contains(const GeoShape& other) const {
  if (parts_->polygon == nullptr) return false;
  const S2Polygon& inside = *parts_->polygon;
  return std::ranges::all_of(other.parts_->points, [&](const S2Point& point) { return inside.Contains(point); }) &&
         std::ranges::all_of(other.parts_->lines, [&](const auto& line) { return inside.Contains(*line); }) &&
         (other.parts_->polygon == nullptr || inside.Contains(*other.parts_->polygon));
}

bool GeoShape::intersects(const GeoShape& other) const {
  if (parts_->polygon == nullptr && other.parts_->polygon != nullptr) return other.intersects(*this);
  if (parts_->lines.empty() && !other.parts_->lines.empty() && parts_->polygon == nullptr)
    return other.intersects(*this);
  if (parts_->polygon != nullptr) {
    const S2Polygon& inside = *parts_->polygon;
    return std::ranges::any_of(other.parts_->points, [&](const S2Point& point) { return inside.Contains(point); }) ||
           std::ranges::any_of(other.parts_->lines, [&](const auto& line) { return inside.Intersects(*line); }) ||
           (other.parts_->polygon != nullptr && inside.Intersects(*other.parts_->polygon));
  }
  for (const auto& line : parts_->lines) {
    for (const S2Point& point : other.parts_->points) {
      int ignored;
      if (is_same_point(line->Project(point, &ignored), point)) return true;
    }
    for (const auto& crossing : other.parts_->lines) {
      if (line->Intersects(*crossing)) return true;
    }
  }
  for (const S2Point& point : parts_->points) {
    for (const S2Point& same : other.parts_->points) {
      if (is_same_point(point, same)) return true;
    }
  }
  return false;
}

bool GeoShape::equals(const GeoShape& other) const {
  if (parts_->kind != other.parts_->kind) return false;
  if (parts_->polygon != nullptr) return parts_->polygon->BoundaryEquals(*other.parts_->polygon);
  return std::ranges::equal(parts_->points, other.parts_->points, is_same_point) &&
         std::ranges::equal(parts_->lines, other.parts_->lines,
                            [](const auto& left, const auto& right) { return left->Equals(*right); });
}

double GeoShape::distance_metres(const GeoShape& other, Ellipsoid ellipsoid) const {
  S2LatLng from = parts_->centroid(), to = other.parts_->centroid();
  if (ellipsoid == Ellipsoid::kSphere) return from.GetDistance(to).radians() * kEarthRadiusMetres;
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(from.lat().degrees(), from.lng().degrees(), to.lat().degrees(),
                                           to.lng().degrees(), metres);
  return metres;
}

double GeoShape::area_square_metres(Ellipsoid ellipsoid) const {
  if (parts_->polygon == nullptr) return 0;
  const S2Polygon& polygon = *parts_->polygon;
  if (ellipsoid == Ellipsoid::kSphere) return polygon.GetArea() * kEarthRadiusMetres * kEarthRadiusMetres;
  const double globe = GeographicLib::Geodesic::WGS84().EllipsoidArea();
  double sum = 0;
  for (int i = 0; i < polygon.num_loops(); ++i) {
    const S2Loop& loop = *polygon.loop(i);
    GeographicLib::PolygonArea ring(GeographicLib::Geodesic::WGS84());
    for (int k = 0; k < loop.num_vertices(); ++k) {
      S2LatLng vertex(loop.vertex(k));
      ring.AddPoint(vertex.lat().degrees(), vertex.lng().degrees());
    }
    double perimeter = 0, area = 0;
    // Unsigned: what lies left of the ring, however large.
    ring.Compute(false, false, perimeter, area);
    // Of a ring without an inside (all on one great circle) S2 alone knows which side it stands for.
    double share = loop.GetArea() / (4 * std::numbers::pi);
    if (std::abs(area / globe - share) > 0.5) area = globe - area;
    sum += loop.is_hole() ? -area : area;
  }
  return sum;
}

}  // namespace workerdb::aql::functions

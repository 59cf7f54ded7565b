// What must hold between any shapes, and shapes that are none.
#include "aql/functions/geo_shape.h"

#include <gtest/gtest.h>

#include <numbers>
#include <random>

#include "aql/functions/testing_context.h"

namespace workerdb::aql::functions {
namespace {

using Shape = std::shared_ptr<const GeoShape>;

Shape parse(std::string_view json) {
  std::string problem;
  Shape shape = GeoShape::parse(value::parse_json(json)->slice(), problem);
  EXPECT_EQ(shape == nullptr, !problem.empty()) << json;
  return shape;
}

TEST(GeoShape, RefusesWhatIsNoShape) {
  for (std::string_view json : {"null",
                                "1",
                                "\"POINT(1 2)\"",
                                "[]",
                                "[1]",
                                "[1,2,3,4]",
                                "[\"1\",2]",
                                "{}",
                                R"({"type":5})",
                                R"({"type":"Point"})",
                                R"({"type":"Point","coordinates":[]})",
                                R"({"type":"Point","coordinates":[[1,2]]})",
                                R"({"type":"LineString","coordinates":[[1,2],[1,2]]})",

                                R"({"type":"MultiPoint","coordinates":[]})",
                                R"({"type":"MultiPoint","coordinates":{"a":1}})",
                                R"({"type":"Polygon","coordinates":[]})",
                                R"({"type":"Polygon","coordinates":[[]]})",
                                R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]})",
                                R"({"type":"Polygon","coordinates":[[[0,0],[0,0],[0,0],[0,0]]]})",

                                R"({"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}})",
                                R"({"type":"GeometryCollection","geometries":[]})"}) {
    EXPECT_EQ(parse(json), nullptr) << json;
  }
}

TEST(GeoShape, AcceptsRepeatedNeighboursAndAnyCaseOfTypes) {
  EXPECT_NE(parse(R"({"type":"polygon","coordinates":[[[0,0],[1,0],[1,0],[1,1],[0,0]]]})"), nullptr);
  EXPECT_NE(parse(R"({"type":"Point","coordinates":[190,0],"extra":true})"), nullptr);
}

TEST(GeoShape, LimitsPositions) {
  std::string text = R"({"type":"MultiPoint","coordinates":[)";
  for (int i = 0; i < 1'000'001; ++i) text += "[0,0],";
  text.pop_back();
  std::string problem;
  EXPECT_EQ(GeoShape::parse(value::parse_json(text + "]}")->slice(), problem), nullptr);
  EXPECT_EQ(problem, "more than a million positions");
}

// Random rings on a coarse grid: many cross themselves, share edges, run along a pole or around half the
// globe.
TEST(GeoShape, AnyShapesKeepTheRules) {
  std::mt19937 random(7);
  constexpr int kSteps[] = {10, 45, 90};
  std::vector<Shape> shapes;
  std::vector<bool> are_small;  // short edges far from the poles, where sphere and ellipsoid agree on the way
  for (int round = 0; round < 4000; ++round) {
    int step = kSteps[round % 3], corners = int(random() % 5) + 2;
    auto position = [&] {
      return "[" + std::to_string((int(random() % 9) - 4) * step) + "," +
             std::to_string((int(random() % 9) - 4) * step % 100) + "]";
    };
    std::string first = position(), ring = "[" + first;
    for (int i = 0; i < corners; ++i) ring += "," + position();
    ring += "," + first + "]";
    std::string type = round % 4 == 0 ? "LineString" : round % 4 == 1 ? "MultiPoint" : "Polygon";
    std::string coordinates = type == "Polygon" ? "[" + ring + "]" : ring;
    if (Shape shape = parse("{\"type\":\"" + type + "\",\"coordinates\":" + coordinates + "}")) {
      shapes.push_back(std::move(shape));
      are_small.push_back(step == 10);
    }
  }
  EXPECT_GT(shapes.size(), 500u);
  const double globe = 4 * std::numbers::pi * kEarthRadiusMetres * kEarthRadiusMetres;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const GeoShape &left = *shapes[i], &right = *shapes[(i * 7 + 1) % shapes.size()];
    EXPECT_TRUE(left.equals(left));
    EXPECT_EQ(left.intersects(right), right.intersects(left));
    EXPECT_EQ(left.equals(right), right.equals(left));
    if (left.is_polygon() && right.is_polygon() && left.contains(right)) {
      EXPECT_TRUE(left.intersects(right));
    }
    double area = left.area_square_metres(Ellipsoid::kSphere);
    EXPECT_TRUE(area >= 0 && area <= globe * 1.000001);
    if (are_small[i]) {
      EXPECT_NEAR(left.area_square_metres(Ellipsoid::kWgs84) / globe, area / globe, 0.01);
    }
    double metres = left.distance_metres(right, Ellipsoid::kSphere);
    EXPECT_TRUE(metres >= 0 && metres <= 20037600);
    EXPECT_NEAR(left.distance_metres(right, Ellipsoid::kWgs84), metres, 0.01 * metres + 1);
  }
}

}  // namespace
}  // namespace workerdb::aql::functions

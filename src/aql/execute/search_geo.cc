#include "aql/execute/search_geo.h"

#include <algorithm>

namespace workerdb::aql::execute {
namespace {

using functions::GeoShape;
using value::Slice;

Slice at_path(Slice value, Slice path) {
  for (value::ArrayIterator name(path); name.valid(); name.next()) {
    value = name.value().is_string() ? value.get(name.value().as_string()) : Slice();
  }
  return value;
}

// A geopoint analyzer's point: [latitude, longitude], or an object with both at the analyzer's paths.
std::shared_ptr<const GeoShape> point_of(Slice value, Slice properties) {
  Slice latitude, longitude;
  if (value.is_array() && value.size() == 2) {
    latitude = value.at(0), longitude = value.at(1);
  } else if (value.is_object() && properties.get("latitude").is_array()) {
    latitude = at_path(value, properties.get("latitude")), longitude = at_path(value, properties.get("longitude"));
  }
  if (!latitude.is_number() || !longitude.is_number()) return nullptr;
  value::Builder turned;
  turned.open_array();
  turned.slice(longitude);
  turned.slice(latitude);
  turned.close();
  std::string problem;
  return GeoShape::parse(turned.slice(), problem);
}

std::shared_ptr<const GeoShape> shape_of(Slice value, const search::analysis::Definition& analyzer) {
  if (analyzer.type == "geopoint") return point_of(value, analyzer.properties.slice());
  std::string problem;
  return GeoShape::parse(value, problem);
}

}  // namespace

SearchFilterPtr make_shape_filter(search::Path path, search::DefinitionPtr analyzer, ShapeTest relation) {
  if (!analyzer->is_geo) return make_constant_filter(false);
  auto test = [analyzer = std::move(analyzer), relation = std::move(relation)](Slice value,
                                                                               const search::FieldRule& rule) {
    bool is_used = std::ranges::any_of(rule.analyzers, [&](const auto& one) { return one->name == analyzer->name; });
    auto shape = is_used ? shape_of(value, *analyzer) : nullptr;
    return shape != nullptr && relation(*shape);
  };
  return make_value_filter(std::move(path), true, std::move(test));
}

}  // namespace workerdb::aql::execute

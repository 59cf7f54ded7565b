#pragma once
// Shapes in documents of a SEARCH. Source: the 3.12 documentation, "ArangoSearch functions in AQL", geo functions, and
// the analyzers geojson and geopoint.
#include <memory>
#include <string>

#include "aql/execute/search_run.h"
#include "aql/functions/geo_shape.h"

namespace workerdb::aql::execute {

// `relation` gets the document's shape. Matches nothing where the analyzer of the context is none for shapes.
using ShapeTest = std::function<bool(const functions::GeoShape& shape)>;
SearchFilterPtr make_shape_filter(search::Path path, search::DefinitionPtr analyzer, ShapeTest relation);

}  // namespace workerdb::aql::execute

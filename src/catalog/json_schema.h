#pragma once
// The part of JSON Schema (draft 4) that collections may use.
#include "yaml/map_reader.h"

namespace workerdb::catalog {

using yaml::Complaints;
using yaml::YamlKind;
using yaml::YamlValue;

// Complains about keywords and types that draft 4 does not have or that the engine refuses (remote
// references), at their places. What passes here is a rule that the store accepts.
void check_json_schema(const YamlValue& schema, Complaints& complaints);

}  // namespace workerdb::catalog

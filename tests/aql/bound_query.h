#pragma once
// A query with bind parameters in the place of literals.
#include <cstdint>
#include <string>

#include "value/builder.h"

namespace workerdb::aqltest {

struct BoundQuery {
  std::string text;
  value::Buffer values;  // with them the query means what it meant before
  value::Buffer others;  // of the same kinds, so that a cached plan may serve both
};
// Takes what stands to the right of a comparison, IN or LIKE. The same seed gives the same other values.
BoundQuery bound_query(const std::string& text, uint64_t seed);

}  // namespace workerdb::aqltest

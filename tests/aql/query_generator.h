#pragma once
// Random queries over the collections of random_fixture: the same seed gives the same query everywhere.
//
// What a query gives is the same for every plan that is right: LIMIT stands behind a total order only, arrays that come
// from loops are sorted, sums are over numbers that add up exactly, and no value has an equal that prints otherwise.
// The order of the rows is the plan's, unless the query says `is_ordered`.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::aqltest {

struct RandomQuery {
  std::string text;
  bool is_ordered = false;
  bool writes = false;
};
RandomQuery random_query(uint64_t seed);

struct RandomCollection {
  std::string name;
  bool is_edge = false;
  std::vector<std::string> documents;  // JSON
  std::vector<std::string> indexes;    // JSON
};
std::vector<RandomCollection> random_fixture();

}  // namespace workerdb::aqltest

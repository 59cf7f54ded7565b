#pragma once
// One attribute's name, looked up in many objects that are mostly of one shape: the place in the index table where the
// last object had it is tried first, which takes one comparison instead of a search. Threads may share a lookup.
#include <atomic>
#include <string>
#include <vector>

#include "value/slice.h"

namespace workerdb::value {

class AttributeLookup {
 public:
  explicit AttributeLookup(std::string name);
  AttributeLookup(const AttributeLookup& other) : AttributeLookup(other.name_) {}
  AttributeLookup& operator=(const AttributeLookup& other) = delete;

  const std::string& name() const { return name_; }
  // The same value as object.get(name()).
  Slice in(Slice object) const;

 private:
  template <typename Offset>
  Slice in_table(const uint8_t* object) const;

  const std::string name_;
  const std::string written_;  // the name as an object holds it; empty for one that only a search can find
  mutable std::atomic<uint32_t> place_{0};
};

// The value at a path of attributes inside of `value`; none where it is missing.
using AttributePath = std::vector<AttributeLookup>;
inline Slice at_path(Slice value, const AttributePath& path) {
  for (const AttributeLookup& step : path) value = step.in(value);
  return value;
}

}  // namespace workerdb::value

#pragma once
// A set of values by AQL's equality (1 and 1.0 are one), in the order of insertion.
#include <bit>
#include <cstdint>
#include <vector>

#include "value/order.h"
#include "value/slice.h"

namespace workerdb::aql::functions {

// Borrows the values: their bytes must outlive the set. Not for two threads at once.
class ValueSet {
 public:
  static constexpr size_t kNotFound = SIZE_MAX;

  // The value's position in values(), kNotFound if it is absent.
  size_t find(value::Slice value) const { return values_.empty() ? kNotFound : find(value, value::hash(value)); }
  bool contains(value::Slice value) const { return find(value) != kNotFound; }

  // True if the value is new. `position` becomes its place in values() either way.
  bool insert(value::Slice value, size_t* position = nullptr) {
    uint64_t hash = value::hash(value);
    size_t at = find(value, hash);
    bool is_new = at == kNotFound;
    if (is_new) {
      if ((values_.size() + 1) * 2 > table_.size()) grow();
      at = values_.size();
      values_.push_back(value);
      hashes_.push_back(hash);
      place(uint32_t(at));
    }
    if (position != nullptr) *position = at;
    return is_new;
  }

  // For a caller that copies what is new: the value inserted last stands at another address from now on.
  void move_last(value::Slice copy) { values_.back() = copy; }

  const std::vector<value::Slice>& values() const { return values_; }
  size_t size() const { return values_.size(); }
  size_t memory_bytes() const {
    return values_.capacity() * sizeof(value::Slice) + hashes_.capacity() * 8 + table_.capacity() * 4;
  }
  void clear() {
    values_.clear();
    hashes_.clear();
    table_.clear();
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;

  size_t find(value::Slice value, uint64_t hash) const {
    if (table_.empty()) return kNotFound;
    size_t mask = table_.size() - 1;
    for (size_t at = hash & mask; table_[at] != kFree; at = (at + 1) & mask) {
      uint32_t position = table_[at];
      if (hashes_[position] == hash && value::equal(values_[position], value)) return position;
    }
    return kNotFound;
  }
  void place(uint32_t position) {
    size_t mask = table_.size() - 1, at = hashes_[position] & mask;
    while (table_[at] != kFree) at = (at + 1) & mask;
    table_[at] = position;
  }
  void grow() {
    table_.assign(table_.empty() ? 16 : table_.size() * 2, kFree);
    for (uint32_t position = 0; position < values_.size(); ++position) place(position);
  }

  std::vector<value::Slice> values_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> table_;  // open addressing; its size is a power of two
};

}  // namespace workerdb::aql::functions

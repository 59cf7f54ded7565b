#pragma once
// The groups of a COLLECT by their keys, in the order in which they were first met.
#include <vector>

#include "aql/execute/collect.h"

namespace workerdb::aql::execute {

class GroupTable {
 public:
  GroupTable(Runtime& runtime, const CollectStep& step);

  // Reads all rows of an operator into groups.
  base::Result<> read(Operator& input);
  // Takes over the groups of another table, whose rows come behind this one's. The other's memory must stay.
  void merge(GroupTable& other);
  // For a COLLECT without keys: its one group exists even if there is no row.
  void ensure_group();

  size_t size() const { return groups_.size(); }
  // Writes groups from `next` on until the batch is full, and moves `next`.
  base::Result<> write(size_t& next, Batch& to, size_t target);
  GroupWriter& writer() { return writer_; }
  void clear();

 private:
  CollectedGroup& find_group(std::span<const value::Slice> keys);
  CollectedGroup& add_group(size_t slot, uint64_t hash, std::span<const value::Slice> keys);
  void grow();

  Runtime& runtime_;
  const CollectStep& step_;
  GroupWriter writer_;
  value::Arena values_;   // keys and members of all groups
  MemoryCharge charge_;
  std::vector<value::Slice> keys_;
  std::vector<CollectedGroup> groups_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;   // open addressing, linear probing; a slot holds a group's number plus one
  unsigned shift_ = 64;
};

// COLLECT over all documents of a collection, by several threads; null where it cannot be or is not worth it. `steps`
// are those of the plan up to the COLLECT, the first a Singleton, the second the scan.
base::Result<std::unique_ptr<Operator>> make_parallel_collect(Runtime& runtime, std::span<const StepPtr> steps);

}  // namespace workerdb::aql::execute

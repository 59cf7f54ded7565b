#pragma once
// The groups of a COLLECT by their keys, in the order in which they were first met.
#include <vector>

#include "aql/execute/collect.h"
#include "aql/execute/group_spill.h"

namespace workerdb::aql::execute {

class GroupTable {
 public:
  // Groups count from `first_ordinal`. `level`: how often groups were parted before they came here (group_spill.h).
  GroupTable(Runtime& runtime, const CollectStep& step, uint64_t first_ordinal = 0, unsigned level = 0);

  // Reads all rows of an operator into groups. Where they take too much memory they go to the disk, all of them in the
  // end, and the table is empty.
  base::Result<> read(Operator& input);
  base::Result<> spill();
  // Where groups were written to; null: all are in memory.
  GroupPartitions* partitions() { return partitions_.get(); }
  // Adds the groups of a block of a partition.
  void load(std::string_view block);
  size_t bytes() const { return values_.reserved() + charge_.bytes(); }
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
  CollectedGroup& find_group(std::span<const value::Slice> keys, uint64_t hash);
  void forget_groups();
  CollectedGroup& add_group(size_t slot, uint64_t hash, std::span<const value::Slice> keys);
  void grow();

  Runtime& runtime_;
  const CollectStep& step_;
  const uint64_t first_ordinal_;
  const unsigned level_;
  GroupWriter writer_;
  value::Arena values_, carried_;  // keys and members of all groups; what the writer carries
  std::unique_ptr<GroupPartitions> partitions_;
  uint64_t next_ordinal_;
  MemoryCharge charge_;
  size_t charged_room_ = 0;  // of the lists of groups and hashes
  std::vector<value::Slice> keys_;
  std::vector<CollectedGroup> groups_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> slots_;  // open addressing, linear probing; a slot holds a group's number plus one
  unsigned shift_ = 64;
};

// COLLECT over all documents of a collection, by several threads; null where it cannot be or is not worth it. `steps`
// are those of the plan up to the COLLECT, the first a Singleton, the second the scan.
base::Result<std::unique_ptr<Operator>> make_parallel_collect(Runtime& runtime, std::span<const StepPtr> steps);

}  // namespace workerdb::aql::execute

#pragma once
// Groups on the disk. A table of groups that grows too large is written out, each group into the part that its hash
// falls into, and begins anew; the same group may so be written many times. In the end each part is read back and put
// together by itself; one that is too large for that is parted once more by other bits of the hash.
//
// Everything of a group goes into its part in the order in which it was written, so that members and values of
// aggregates come as without the disk, and the group's ordinal (its place among those that were met) is the first one.
// The finished groups of a part are one sorted run by ordinals (spill_merge.h).
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aql/execute/collect.h"
#include "aql/execute/spill_merge.h"

namespace workerdb::aql::execute {

// One file with the parts of a table's groups.
class GroupPartitions {
 public:
  static constexpr unsigned kCountBits = 5, kMostLevels = 4;
  static constexpr size_t kCount = size_t(1) << kCountBits;

  // `level`: how often the groups were parted before.
  static base::Result<std::unique_ptr<GroupPartitions>> create(Runtime& runtime, unsigned level);

  // Appends a group; flush() behind the last one of a table.
  base::Result<> add(const CollectedGroup& group, uint64_t hash);
  base::Result<> flush();

  std::span<const SpillFile::Place> blocks(size_t partition) const { return blocks_[partition]; }
  SpillFile& file() { return *file_; }

 private:
  GroupPartitions(std::unique_ptr<SpillFile> file, unsigned level, size_t block_bytes)
      : file_(std::move(file)), level_(level), block_bytes_(block_bytes) {}
  base::Result<> flush(size_t partition);

  std::unique_ptr<SpillFile> file_;
  const unsigned level_;
  const size_t block_bytes_;
  std::array<std::string, kCount> open_;  // the block that is being filled
  std::array<std::vector<SpillFile::Place>, kCount> blocks_;
};

// What stands in front of a group on the disk; its keys, states and members follow.
struct SavedGroup {
  uint64_t hash, ordinal, rows, members;
};

class GroupTable;

// Puts the groups of tables that were written out together, and gives them in the order in which they were first met.
class MergedGroups {
 public:
  MergedGroups(Runtime& runtime, const CollectStep& step);

  // The tables, in the order of their rows, all written out; they must stay.
  base::Result<> merge(std::span<GroupTable* const> tables);
  base::Result<bool> fill(Batch& to, size_t target) { return runs_.fill(to, target); }

 private:
  base::Result<> merge_partition(std::span<GroupPartitions* const> sources, const GroupWriter& carrier,
                                 size_t partition, unsigned level);
  base::Result<> write(GroupTable& table);

  Runtime& runtime_;
  const CollectStep& step_;
  SortedRuns runs_;
};

}  // namespace workerdb::aql::execute

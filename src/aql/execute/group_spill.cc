#include "aql/execute/group_spill.h"

#include <algorithm>
#include <bit>

#include "aql/execute/group_table.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

Result<std::unique_ptr<GroupPartitions>> GroupPartitions::create(Runtime& runtime, unsigned level) {
  // All blocks that are open are a small part of what the table takes.
  size_t block_bytes = std::clamp<size_t>(runtime.options.spill_from_bytes / (8 * kCount), 4 << 10, kRunBlockBytes);
  return std::unique_ptr<GroupPartitions>(
      new GroupPartitions(TRY(SpillFile::create(runtime.options.spill_folder)), level, block_bytes));
}

Result<> GroupPartitions::add(const CollectedGroup& group, uint64_t hash) {
  size_t partition = hash >> (level_ * kCountBits) & (kCount - 1);
  std::string& block = open_[partition];
  SavedGroup saved{hash, group.ordinal, group.rows, group.members.size()};
  block.append(reinterpret_cast<const char*>(&saved), sizeof saved);
  for (Slice key : group.keys) block.append(key.bytes());
  for (const auto& state : group.states) {
    if (state != nullptr) state->save(block);
  }
  for (Slice member : group.members) block.append(member.bytes());
  if (block.size() >= block_bytes_) return flush(partition);
  return {};
}

Result<> GroupPartitions::flush(size_t partition) {
  std::string& block = open_[partition];
  if (block.empty()) return {};
  blocks_[partition].push_back(TRY(file_->append(block)));
  if (block.capacity() > 2 * block_bytes_) {
    block = std::string();
  } else {
    block.clear();
  }
  return {};
}

Result<> GroupPartitions::flush() {
  for (size_t partition = 0; partition < kCount; ++partition) {
    TRY(flush(partition));
    open_[partition] = std::string();
  }
  return {};
}

MergedGroups::MergedGroups(Runtime& runtime, const CollectStep& step)
    : runtime_(runtime), step_(step), runs_(runtime, step.by_ordinal, step.spilled, step.live) {}

Result<> MergedGroups::merge(std::span<GroupTable* const> tables) {
  std::vector<GroupPartitions*> sources;
  const GroupWriter* carrier = &tables[0]->writer();
  for (GroupTable* table : tables) {
    if (table->partitions() != nullptr) sources.push_back(table->partitions());
    if (table->writer().carries()) carrier = &table->writer();
  }
  TRY(runs_.file());
  for (size_t partition = 0; partition < GroupPartitions::kCount; ++partition) {
    TRY(merge_partition(sources, *carrier, partition, 1));
  }
  return runs_.start();
}

Result<> MergedGroups::merge_partition(std::span<GroupPartitions* const> sources, const GroupWriter& carrier,
                                       size_t partition, unsigned level) {
  GroupTable table(runtime_, step_, 0, level);
  if (carrier.carries()) table.writer().carry_from(carrier);
  std::string block;
  MemoryCharge charge(runtime_.interrupt);
  for (GroupPartitions* source : sources) {
    for (SpillFile::Place place : source->blocks(partition)) {
      if (place.bytes > block.capacity()) charge.add(place.bytes - block.capacity());
      TRY(source->file().read(place, block));
      source->file().forget(place);
      table.load(block);
      TRY(runtime_.check());
      // What falls together behind the last level stays together.
      bool can_part = level < GroupPartitions::kMostLevels && table.size() > 1;
      if (can_part && runtime_.should_spill(table.size(), table.bytes())) TRY(table.spill());
    }
  }
  if (table.partitions() == nullptr) return write(table);
  TRY(table.spill());
  GroupPartitions* const parted[] = {table.partitions()};
  for (size_t next = 0; next < GroupPartitions::kCount; ++next) {
    TRY(merge_partition(parted, table.writer(), next, level + 1));
  }
  return {};
}

// As a run: a table's groups stand in the order in which they were first met.
Result<> MergedGroups::write(GroupTable& table) {
  if (table.size() == 0) return {};
  SpillWriter writer(*TRY(runs_.file()), step_.spilled, kRunBlockBytes);
  Batch batch(runtime_.register_count, runtime_.options.batch_rows, runtime_.arenas);
  for (size_t next = 0; next < table.size();) {
    batch.clear();
    TRY(table.write(next, batch, batch.capacity()));
    for (size_t row = 0; row < batch.rows(); ++row) TRY(writer.add(batch, row));
    TRY(runtime_.check());
  }
  runs_.add(TRY(writer.finish()));
  return {};
}

}  // namespace workerdb::aql::execute

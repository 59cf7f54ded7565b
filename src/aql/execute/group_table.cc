#include "aql/execute/group_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/process_memory.h"
#include "value/order.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

namespace {

uint64_t hash_of(std::span<const Slice> keys) {
  uint64_t hash = 0;
  for (Slice key : keys) hash = hash * 0x9e3779b97f4a7c15u + value::hash(key);
  return hash;
}

}  // namespace

GroupTable::GroupTable(Runtime& runtime, const CollectStep& step, uint64_t first_ordinal, unsigned level)
    : runtime_(runtime),
      step_(step),
      first_ordinal_(first_ordinal),
      level_(level),
      writer_(runtime, step),
      values_(&runtime.interrupt),
      carried_(&runtime.interrupt),
      next_ordinal_(first_ordinal),
      charge_(runtime.interrupt),
      keys_(step.groups.size()) {}

void GroupTable::clear() {
  writer_.reset();
  forget_groups();
  carried_.reset();
  partitions_ = nullptr;
  next_ordinal_ = first_ordinal_;
}

void GroupTable::forget_groups() {
  std::vector<CollectedGroup>().swap(groups_);
  std::vector<uint32_t>().swap(slots_);
  std::vector<uint64_t>().swap(hashes_);
  values_.reset();
  charge_.clear();
  charged_room_ = 0;
}

Result<> GroupTable::read(Operator& input) {
  Evaluation& evaluation = runtime_.evaluation;
  Batch batch(runtime_.register_count, runtime_.options.batch_rows, runtime_.arenas);
  value::Arena garbage(&runtime_.interrupt);
  while (true) {
    batch.clear();
    if (!TRY(input.next(batch, batch.capacity()))) break;
    if (!writer_.carries()) writer_.carry_from(batch, 0, carried_);
    evaluation.set_batch(batch);
    garbage.reset();
    writer_.begin_batch();
    for (size_t row = 0; row < batch.rows(); ++row) {
      evaluation.set_row(row);
      {
        ArenaScope scope(evaluation, garbage);
        for (size_t i = 0; i < keys_.size(); ++i) keys_[i] = step_.groups[i].expression->evaluate(evaluation);
      }
      size_t grown = writer_.add(find_group(keys_, hash_of(keys_)), values_);
      if (grown > 0) charge_.add(grown);
      if (runtime_.interrupt.tick()) break;
    }
    TRY(runtime_.check());
    if (!step_.by_ordinal.empty() && runtime_.should_spill(groups_.size(), bytes())) TRY(spill());
  }
  if (partitions_ != nullptr) return spill();
  return {};
}

Result<> GroupTable::spill() {
  if (partitions_ == nullptr) partitions_ = TRY(GroupPartitions::create(runtime_, level_));
  for (size_t i = 0; i < groups_.size(); ++i) {
    TRY(partitions_->add(groups_[i], hashes_[i]));
    if (runtime_.interrupt.tick()) break;
  }
  TRY(runtime_.check());
  forget_groups();
  base::freed_much_memory();
  return partitions_->flush();
}

void GroupTable::load(std::string_view block) {
  const char* at = block.data();
  auto value = [&at] {
    Slice result(reinterpret_cast<const uint8_t*>(at));
    at += result.byte_size();
    return result;
  };
  while (at < block.data() + block.size()) {
    SavedGroup saved;
    std::memcpy(&saved, at, sizeof saved);
    at += sizeof saved;
    for (Slice& key : keys_) key = value();
    size_t before = groups_.size();
    CollectedGroup& group = find_group(keys_, saved.hash);
    if (groups_.size() > before) group.ordinal = saved.ordinal;
    group.rows += saved.rows;
    size_t grown = 0;
    for (const auto& state : group.states) {
      if (state == nullptr) continue;
      size_t bytes_before = state->memory_bytes();
      at = state->merge_saved(at);
      grown += state->memory_bytes() - std::min(state->memory_bytes(), bytes_before);
    }
    for (uint64_t i = 0; i < saved.members; ++i) group.members.push_back(values_.copy(value()));
    charge_.add(grown + saved.members * sizeof(Slice));
    if (runtime_.interrupt.tick()) return;
  }
}

void GroupTable::merge(GroupTable& other) {
  if (!writer_.carries() && other.writer_.carries()) writer_.carry_from(other.writer_);
  for (CollectedGroup& group : other.groups_) {
    size_t before = groups_.size();
    CollectedGroup& mine = find_group(group.keys, hash_of(group.keys));
    if (groups_.size() > before) {
      mine.states = std::move(group.states);
    } else {
      for (size_t i = 0; i < mine.states.size(); ++i) {
        if (mine.states[i] != nullptr) mine.states[i]->merge(*group.states[i]);
      }
    }
    mine.rows += group.rows;
    mine.members.insert(mine.members.end(), group.members.begin(), group.members.end());
    charge_.add(group.members.size() * sizeof(Slice));
  }
}

void GroupTable::ensure_group() {
  if (groups_.empty()) find_group({}, hash_of({}));
}

Result<> GroupTable::write(size_t& next, Batch& to, size_t target) {
  while (next < groups_.size() && to.rows() < target && to.arena_bytes() < kBatchBytes) {
    size_t row = to.rows();
    TRY(writer_.write(groups_[next], to));
    // Only what goes to the disk is sorted by it.
    if (level_ > 0) to.column(step_.ordinal)[row] = to.arena().integer(int64_t(groups_[next].ordinal));
    ++next;
  }
  return {};
}

CollectedGroup& GroupTable::find_group(std::span<const Slice> keys, uint64_t hash) {
  if ((groups_.size() + 1) * 2 > slots_.size()) grow();
  for (size_t slot = hash >> shift_;; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] == 0) return add_group(slot, hash, keys);
    size_t which = slots_[slot] - 1;
    if (hashes_[which] == hash && std::equal(keys.begin(), keys.end(), groups_[which].keys.begin(), value::equal)) {
      return groups_[which];
    }
  }
}

CollectedGroup& GroupTable::add_group(size_t slot, uint64_t hash, std::span<const Slice> keys) {
  CollectedGroup& group = groups_.emplace_back();
  for (Slice key : keys) group.keys.push_back(values_.copy(key.is_none() ? Slice::null() : key));
  writer_.start(group);
  group.ordinal = next_ordinal_++;
  hashes_.push_back(hash);
  slots_[slot] = uint32_t(groups_.size());
  constexpr size_t kListBytes = 24, kStateBytes = 80;  // with what the allocator takes
  charge_.add(kListBytes + keys.size() * sizeof(Slice));
  if (!step_.aggregations.empty()) charge_.add(kListBytes + step_.aggregations.size() * (sizeof(void*) + kStateBytes));
  size_t room = groups_.capacity() * sizeof(CollectedGroup) + hashes_.capacity() * sizeof(uint64_t);
  if (room > charged_room_) charge_.add(room - charged_room_);
  charged_room_ = std::max(room, charged_room_);
  return group;
}

void GroupTable::grow() {
  size_t size = std::max<size_t>(64, slots_.size() * 2);
  charge_.add((size - slots_.size()) * sizeof(uint32_t));
  slots_.assign(size, 0);
  shift_ = 64 - unsigned(std::countr_zero(size));
  for (size_t which = 0; which < groups_.size(); ++which) {
    size_t slot = hashes_[which] >> shift_;
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = uint32_t(which + 1);
  }
}

}  // namespace workerdb::aql::execute

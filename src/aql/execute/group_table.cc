#include "aql/execute/group_table.h"

#include <algorithm>
#include <bit>

#include "value/order.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

GroupTable::GroupTable(Runtime& runtime, const CollectStep& step)
    : runtime_(runtime), step_(step), writer_(runtime, step), values_(&runtime.interrupt), charge_(runtime.interrupt),
      keys_(step.groups.size()) {}

void GroupTable::clear() {
  writer_.reset();
  groups_.clear();
  slots_.clear();
  hashes_.clear();
  values_.reset();
  charge_.clear();
}

Result<> GroupTable::read(Operator& input) {
  Evaluation& evaluation = runtime_.evaluation;
  Batch batch(runtime_.register_count, runtime_.options.batch_rows, runtime_.arenas);
  value::Arena garbage(&runtime_.interrupt);
  while (true) {
    batch.clear();
    if (!TRY(input.next(batch, batch.capacity()))) return {};
    if (!writer_.carries()) writer_.carry_from(batch, 0, values_);
    evaluation.set_batch(batch);
    garbage.reset();
    writer_.begin_batch();
    for (size_t row = 0; row < batch.rows(); ++row) {
      evaluation.set_row(row);
      {
        ArenaScope scope(evaluation, garbage);
        for (size_t i = 0; i < keys_.size(); ++i) keys_[i] = step_.groups[i].expression->evaluate(evaluation);
      }
      size_t grown = writer_.add(find_group(keys_), values_);
      if (grown > 0) charge_.add(grown);
      if (runtime_.interrupt.tick()) break;
    }
    TRY(runtime_.check());
  }
}

void GroupTable::merge(GroupTable& other) {
  if (!writer_.carries() && other.writer_.carries()) writer_.carry_from(other.writer_);
  for (CollectedGroup& group : other.groups_) {
    size_t before = groups_.size();
    CollectedGroup& mine = find_group(group.keys);
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
  if (groups_.empty()) find_group({});
}

Result<> GroupTable::write(size_t& next, Batch& to, size_t target) {
  while (next < groups_.size() && to.rows() < target && to.arena_bytes() < kBatchBytes) {
    TRY(writer_.write(groups_[next++], to));
  }
  return {};
}

CollectedGroup& GroupTable::find_group(std::span<const Slice> keys) {
  if ((groups_.size() + 1) * 2 > slots_.size()) grow();
  uint64_t hash = 0;
  for (Slice key : keys) hash = hash * 0x9e3779b97f4a7c15u + value::hash(key);
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
  hashes_.push_back(hash);
  slots_[slot] = uint32_t(groups_.size());
  constexpr size_t kStateBytes = 64;
  charge_.add(sizeof(CollectedGroup) + sizeof(uint64_t) + keys.size() * sizeof(Slice) +
              step_.aggregations.size() * kStateBytes);
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

#include "aql/execute/join_table.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "value/order.h"

namespace workerdb::aql::execute {

using value::Slice;

JoinTable::~JoinTable() {
  if (observer_ != nullptr) observer_->shrank(charged_bytes_);
}

void JoinTable::charge(size_t bytes) {
  charged_bytes_ += bytes;
  if (observer_ != nullptr) observer_->grew(bytes);
}

void JoinTable::add(Slice key, std::span<const Slice> values) {
  size_t before = keys_.capacity();
  keys_.push_back(arena_.copy(key.is_none() ? Slice::null() : key));
  hashes_.push_back(value::hash(keys_.back()));
  for (Slice value : values) values_.push_back(arena_.copy(value.is_none() ? Slice::null() : value));
  size_t grown = keys_.capacity() - before;
  if (grown > 0) charge(grown * (sizeof(Slice) * (1 + width_) + sizeof(uint64_t) + 3 * sizeof(uint32_t)));
}

void JoinTable::finish() {
  size_t size = std::bit_ceil(std::max<size_t>(16, keys_.size() * 2));
  slots_.assign(size, kNone);
  next_.assign(keys_.size(), kNone);
  mask_ = size - 1;
  // From the last to the first, so that each chain runs forward.
  for (size_t row = keys_.size(); row-- > 0;) {
    uint32_t& slot = slots_[hashes_[row] & mask_];
    next_[row] = slot;
    slot = uint32_t(row);
  }
  // Rows of other keys in the same chain are taken out of the way of next(): a chain holds them in groups of one key.
  std::vector<uint32_t> chain;
  for (uint32_t& slot : slots_) {
    chain.clear();
    for (uint32_t row = slot; row != kNone; row = next_[row]) chain.push_back(row);
    if (chain.size() < 2) continue;
    std::stable_sort(chain.begin(), chain.end(), [this](uint32_t left, uint32_t right) {
      if (hashes_[left] != hashes_[right]) return hashes_[left] < hashes_[right];
      return value::compare(keys_[left], keys_[right]) < 0;
    });
    slot = chain[0];
    for (size_t i = 0; i < chain.size(); ++i) next_[chain[i]] = i + 1 < chain.size() ? chain[i + 1] : kNone;
  }
}

uint32_t JoinTable::first(Slice key) const {
  if (key.is_none()) key = Slice::null();
  uint64_t hash = value::hash(key);
  for (uint32_t row = slots_[hash & mask_]; row != kNone; row = next_[row]) {
    if (hashes_[row] == hash && value::equal(keys_[row], key)) return row;
  }
  return kNone;
}

uint32_t JoinTable::next(uint32_t row) const {
  uint32_t behind = next_[row];
  if (behind == kNone || hashes_[behind] != hashes_[row] || !value::equal(keys_[behind], keys_[row])) return kNone;
  return behind;
}

base::Result<std::shared_ptr<const JoinTable>> JoinTables::get(uint32_t node_id, const Make& make,
                                                               const std::function<bool()>& should_stop) {
  constexpr auto kPatience = std::chrono::milliseconds(10);
  std::unique_lock lock(mutex_);
  auto [entry, is_first] = tables_.try_emplace(node_id);
  if (is_first) {
    lock.unlock();
    auto table = make();
    lock.lock();
    entry->second.is_made = true;
    if (table) entry->second.table = *table;
    made_.notify_all();
    return table;
  }
  while (!entry->second.is_made && !should_stop()) made_.wait_for(lock, kPatience);
  return entry->second.table;
}

}  // namespace workerdb::aql::execute

#include "graph/string_table.h"

#include <functional>

namespace workerdb::graph {

uint32_t StringTable::hash_of(std::string_view text) {
  uint64_t hash = std::hash<std::string_view>()(text);
  return uint32_t(hash ^ hash >> 32);
}

uint32_t StringTable::find(std::string_view text) const {
  if (slots_.empty()) return kNone;
  uint32_t hash = hash_of(text);
  size_t mask = slots_.size() - 1;
  for (size_t at_slot = hash & mask;; at_slot = (at_slot + 1) & mask) {
    const Slot& slot = slots_[at_slot];
    if (slot.number == kNone) return kNone;
    if (slot.hash == hash && at(slot.number) == text) return slot.number;
  }
}

uint32_t StringTable::add(std::string_view text) {
  if ((ends_.size() + 1) * 4 > slots_.size() * 3) grow();
  uint32_t hash = hash_of(text);
  size_t mask = slots_.size() - 1, at_slot = hash & mask;
  for (; slots_[at_slot].number != kNone; at_slot = (at_slot + 1) & mask) {
    if (slots_[at_slot].hash == hash && at(slots_[at_slot].number) == text) return slots_[at_slot].number;
  }
  auto number = uint32_t(ends_.size());
  bytes_.append(text);
  ends_.push_back(bytes_.size());
  slots_[at_slot] = {number, hash};
  return number;
}

void StringTable::grow() {
  std::vector<Slot> larger(slots_.empty() ? 64 : slots_.size() * 2);
  size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.number == kNone) continue;
    size_t at_slot = slot.hash & mask;
    while (larger[at_slot].number != kNone) at_slot = (at_slot + 1) & mask;
    larger[at_slot] = slot;
  }
  slots_ = std::move(larger);
}

void StringTable::shrink_to_fit() {
  bytes_.shrink_to_fit();
  ends_.shrink_to_fit();
}

}  // namespace workerdb::graph

#pragma once
// A map from numbers to small values and a set of numbers, for what a search has visited. They cost what they hold, not
// what the graph holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "value/arena.h"

namespace workerdb::graph {

// Charges memory to a query's budget for as long as it lives.
class Charge {
 public:
  explicit Charge(value::MemoryObserver* observer) : observer_(observer) {}
  ~Charge() { set(0); }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  void set(size_t bytes) {
    if (observer_ == nullptr || bytes == bytes_) return;
    bytes > bytes_ ? observer_->grew(bytes - bytes_) : observer_->shrank(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  value::MemoryObserver* observer_;
  size_t bytes_ = 0;
};

// Keys are any numbers but UINT32_MAX.
template <typename Value>
class NumberMap {
 public:
  explicit NumberMap(value::MemoryObserver* observer) : charge_(observer) {}

  // Null if it is not there; borrowed until the next put().
  Value* find(uint32_t key) {
    if (slots_.empty()) return nullptr;
    for (size_t at = place(key);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].key == key) return &slots_[at].value;
      if (slots_[at].key == kEmpty) return nullptr;
    }
  }
  bool contains(uint32_t key) { return find(key) != nullptr; }
  // False, and nothing changes, if the key is there.
  bool put(uint32_t key, const Value& value) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    size_t at = place(key);
    for (; slots_[at].key != kEmpty; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].key == key) return false;
    }
    slots_[at] = {key, value};
    ++size_;
    return true;
  }
  size_t size() const { return size_; }
  void for_each_key(auto&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.key != kEmpty) visit(slot.key);
    }
  }
  void clear() {
    if (slots_.size() > 4096 && size_ * 16 < slots_.size()) {
      slots_.clear();  // one large search must not make all later ones slow
      charge_.set(0);
    } else {
      for (Slot& slot : slots_) slot.key = kEmpty;
    }
    size_ = 0;
  }

 private:
  static constexpr uint32_t kEmpty = UINT32_MAX;
  struct Slot {
    uint32_t key = kEmpty;
    Value value{};
  };
  size_t place(uint32_t key) const { return (key * uint64_t(0x9e3779b97f4a7c15) >> 32) & (slots_.size() - 1); }
  void grow() {
    std::vector<Slot> larger(slots_.empty() ? 64 : slots_.size() * 2);
    larger.swap(slots_);
    charge_.set(slots_.size() * sizeof(Slot));
    for (const Slot& slot : larger) {
      if (slot.key == kEmpty) continue;
      size_t at = place(slot.key);
      while (slots_[at].key != kEmpty) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  size_t size_ = 0;
  Charge charge_;
};

// A hash table while it holds few numbers of those up to the greatest, one bit a number afterwards.
class NumberSet {
 public:
  explicit NumberSet(value::MemoryObserver* observer) : map_(observer), charge_(observer) {}
  bool contains(uint32_t key) {
    if (bits_.empty()) return map_.contains(key);
    return key / 64 < bits_.size() && (bits_[key / 64] >> (key % 64) & 1) != 0;
  }
  // False if it was there.
  bool add(uint32_t key) {
    if (bits_.empty()) {
      if (!map_.put(key, {})) return false;
      greatest_ = std::max(greatest_, key);
      if (map_.size() >= kFew && map_.size() >= greatest_ / kBitsPerNumber) become_bits();
      return true;
    }
    if (key / 64 >= bits_.size()) resize(key);
    uint64_t bit = uint64_t(1) << (key % 64);
    if ((bits_[key / 64] & bit) != 0) return false;
    bits_[key / 64] |= bit;
    return true;
  }
  void clear() {
    map_.clear();
    bits_.clear();
    greatest_ = 0;
  }

 private:
  struct Nothing {};
  static constexpr size_t kFew = 64, kBitsPerNumber = 256;
  void resize(uint32_t key) {
    bits_.resize(std::max<size_t>(bits_.size() * 2, key / 64 + 1));
    charge_.set(bits_.capacity() * sizeof(uint64_t));
  }
  void become_bits() {
    resize(greatest_);
    map_.for_each_key([this](uint32_t key) { bits_[key / 64] |= uint64_t(1) << (key % 64); });
    map_.clear();
  }

  NumberMap<Nothing> map_;
  std::vector<uint64_t> bits_;  // empty while map_ holds the numbers
  uint32_t greatest_ = 0;
  Charge charge_;
};

}  // namespace workerdb::graph

#pragma once
// Texts as numbers from 0 on, in the order in which they were first seen.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace workerdb::graph {

// For one thread while it grows; for any number of readers afterwards.
class StringTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The text's number, a new one if it has none.
  uint32_t add(std::string_view text);
  // kNone if it was never added.
  uint32_t find(std::string_view text) const;
  // Borrowed until the next add().
  std::string_view at(uint32_t number) const {
    uint64_t begin = number == 0 ? 0 : ends_[number - 1];
    return {bytes_.data() + begin, size_t(ends_[number] - begin)};
  }
  uint32_t size() const { return uint32_t(ends_.size()); }
  size_t memory_bytes() const {
    return bytes_.capacity() + ends_.capacity() * sizeof(uint64_t) + slots_.capacity() * sizeof(Slot);
  }
  void shrink_to_fit();

 private:
  struct Slot {
    uint32_t number = kNone, hash = 0;
  };
  static uint32_t hash_of(std::string_view text);
  void grow();

  std::string bytes_;
  std::vector<uint64_t> ends_;
  std::vector<Slot> slots_;  // a power of two, open addressing
};

}  // namespace workerdb::graph

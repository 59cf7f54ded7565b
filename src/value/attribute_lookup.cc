#include "value/attribute_lookup.h"

namespace workerdb::value {
namespace {

constexpr size_t kLongestShortString = 126;

std::string written_name(std::string_view name) {
  if (uint8_t code = Slice::system_name_code(name)) return std::string(1, char(0x30 + code));
  if (name.size() > kLongestShortString) return {};
  return std::string(1, char(0x40 + name.size())) + std::string(name);
}

// Names are short: two overlapping reads of a fixed size are less than a call.
bool are_equal(const uint8_t* left, const uint8_t* right, size_t size) {
  auto same = [&]<typename Word>(Word) {
    size_t last = size - sizeof(Word);
    return Slice::load_fixed<Word>(left) == Slice::load_fixed<Word>(right) &&
           Slice::load_fixed<Word>(left + last) == Slice::load_fixed<Word>(right + last);
  };
  if (size > 16) return std::memcmp(left, right, size) == 0;
  if (size >= 8) return same(uint64_t());
  if (size >= 4) return same(uint32_t());
  if (size >= 2) return same(uint16_t());
  return size == 0 || *left == *right;
}

}  // namespace

AttributeLookup::AttributeLookup(std::string name) : name_(std::move(name)), written_(written_name(name_)) {}

Slice AttributeLookup::in(Slice object) const {
  switch (object.head()) {
    case 0x0b: return in_table<uint8_t>(object.start());
    case 0x0c: return in_table<uint16_t>(object.start());
    case 0x0d: return in_table<uint32_t>(object.start());
    default: return object.get(name_);
  }
}

// Byte length and count stand in front, the offsets of the pairs, sorted by name, at the end.
template <typename Offset>
Slice AttributeLookup::in_table(const uint8_t* object) const {
  constexpr unsigned kWidth = sizeof(Offset);
  size_t byte_size = Slice::load_fixed<Offset>(object + 1), count = Slice::load_fixed<Offset>(object + 1 + kWidth);
  const uint8_t* table = object + byte_size - kWidth * count;
  uint32_t place = place_.load(std::memory_order_relaxed);
  if (place < count) {
    const uint8_t* pair = object + Slice::load_fixed<Offset>(table + kWidth * place);
    // The head gives the length, so the rest may be read where the heads are the same.
    const auto* written = reinterpret_cast<const uint8_t*>(written_.data());
    if (!written_.empty() && *pair == *written && are_equal(pair + 1, written + 1, written_.size() - 1)) {
      return Slice(pair + written_.size());
    }
  }
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const uint8_t* pair = object + Slice::load_fixed<Offset>(table + kWidth * middle);
    Slice pair_name(pair);
    int order = pair_name.as_attribute_name().compare(name_);
    if (order == 0) {
      place_.store(uint32_t(middle), std::memory_order_relaxed);
      return Slice(pair + pair_name.byte_size());
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Slice();
}

}  // namespace workerdb::value

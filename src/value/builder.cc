#include "value/builder.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/assert.h"

namespace workerdb::value {
namespace {

// Room for the widest head that is written: the head byte, a length and a count of four bytes each, or a length of
// eight bytes, whose count stands behind the index table.
constexpr size_t kHeadRoom = 9;

// The narrowest width for a compound of `items` bytes: `around` gives what else it has, for a width.
template <typename Around>
unsigned width_for(size_t items, Around&& around) {
  if (items + around(1) <= 0xff) return 1;
  if (items + around(2) <= 0xffff) return 2;
  return items + around(4) <= 0xffffffff ? 4 : 8;
}

unsigned width_with_table(size_t items, size_t count) {
  return width_for(items, [count](size_t width) { return 1 + 2 * width + width * count; });
}

}  // namespace

void Builder::reserve(size_t more) {
  size_t capacity = std::max<size_t>({64, capacity_ * 2, size_ + more});
  auto bytes = std::make_unique_for_overwrite<uint8_t[]>(capacity);
  if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

void Builder::mark() {
  if (open_.empty()) return;
  if (after_key_) {
    after_key_ = false;
    return;
  }
  offsets_.push_back(size_ - open_.back().start);
}

void Builder::integer(int64_t value) {
  if (value >= -6 && value <= 9) {
    push(value >= 0 ? uint8_t(0x30 + value) : uint8_t(0x40 + value));
    return;
  }
  mark();
  uint64_t magnitude = value < 0 ? ~uint64_t(value) : uint64_t(value);
  unsigned width = (std::bit_width(magnitude) + 8) / 8;
  uint8_t* at = grow(1 + width);
  *at = uint8_t(0x1f + width);
  std::memcpy(at + 1, &value, width);
}

void Builder::unsigned_integer(uint64_t value) {
  if (value <= uint64_t(INT64_MAX)) return integer(int64_t(value));
  mark();
  uint8_t* at = grow(9);
  *at = 0x2f;
  std::memcpy(at + 1, &value, 8);
}

void Builder::number(double value) {
  if (!std::isfinite(value)) return null();
  mark();
  uint8_t* at = grow(9);
  *at = 0x1b;
  std::memcpy(at + 1, &value, 8);
}

void Builder::append_string(std::string_view value) {
  if (value.size() <= 126) {
    uint8_t* at = grow(1 + value.size());
    *at = uint8_t(0x40 + value.size());
    if (!value.empty()) std::memcpy(at + 1, value.data(), value.size());
    return;
  }
  uint8_t* at = grow(9 + value.size());
  *at = 0xbf;
  uint64_t length = value.size();
  std::memcpy(at + 1, &length, 8);
  std::memcpy(at + 9, value.data(), value.size());
}

void Builder::string(std::string_view value) {
  mark();
  append_string(value);
}

void Builder::slice(Slice value) {
  if (value.is_none()) return null();
  mark();
  size_t size = value.byte_size();
  std::memcpy(grow(size), value.start(), size);
}

void Builder::key(std::string_view name) {
  ASSERT(!open_.empty() && open_.back().is_object && !after_key_);
  mark();
  if (uint8_t code = Slice::system_name_code(name)) {
    *grow(1) = uint8_t(0x30 + code);
  } else {
    append_string(name);
  }
  after_key_ = true;
}

void Builder::open(bool is_object) {
  mark();
  open_.push_back({size_, offsets_.size(), is_object});
  grow(kHeadRoom);
}

void Builder::close() {
  ASSERT(!open_.empty() && !after_key_);
  Open compound = open_.back();
  open_.pop_back();
  if (offsets_.size() == compound.first_offset) {
    size_ = compound.start;
    *grow(1) = compound.is_object ? 0x0a : 0x01;
  } else if (compound.is_object) {
    close_object(compound);
  } else {
    close_array(compound);
  }
  offsets_.resize(compound.first_offset);
}

void Builder::finish(const Open& compound, uint8_t head_base, unsigned width, bool with_count, bool with_table) {
  size_t count = offsets_.size() - compound.first_offset;
  size_t head = 1 + width * (with_count && width < 8 ? 2 : 1);
  size_t shift = kHeadRoom - head;
  uint8_t* start = bytes_.get() + compound.start;
  size_t items = size_ - compound.start - kHeadRoom;
  std::memmove(start + head, start + kHeadRoom, items);
  size_ -= shift;
  if (with_table) {
    uint8_t* table = grow(width * count);
    for (size_t i = 0; i < count; ++i, table += width) {
      size_t offset = offsets_[compound.first_offset + i] - shift;
      std::memcpy(table, &offset, width);
    }
  }
  if (with_count && width == 8) std::memcpy(grow(8), &count, 8);
  start = bytes_.get() + compound.start;
  uint64_t length = size_ - compound.start;
  *start = uint8_t(head_base + std::countr_zero(width));
  std::memcpy(start + 1, &length, width);
  if (with_count && width < 8) std::memcpy(start + 1 + width, &count, width);
}

void Builder::close_array(const Open& compound) {
  size_t count = offsets_.size() - compound.first_offset;
  size_t items = size_ - compound.start - kHeadRoom;
  bool equal_sizes = true;
  size_t item_size = items / count;
  for (size_t i = 1; i < count && equal_sizes; ++i) {
    equal_sizes = offsets_[compound.first_offset + i] - offsets_[compound.first_offset + i - 1] == item_size;
  }
  equal_sizes = equal_sizes && items % count == 0;
  if (equal_sizes) {
    unsigned width = width_for(items, [](size_t own) { return 1 + own; });
    return finish(compound, 0x02, width, false, false);
  }
  finish(compound, 0x06, width_with_table(items, count), true, true);
}

void Builder::close_object(const Open& compound) {
  auto first = offsets_.begin() + ptrdiff_t(compound.first_offset);
  const uint8_t* start = bytes_.get() + compound.start;
  auto name_at = [start](size_t offset) { return Slice(start + offset).as_attribute_name(); };
  auto by_name = [&](size_t left, size_t right) {
    int order = name_at(left).compare(name_at(right));
    return order != 0 ? order < 0 : left < right;
  };
  std::sort(first, offsets_.end(), by_name);
  auto same_name = [&](size_t left, size_t right) { return name_at(left) == name_at(right); };
  if (std::adjacent_find(first, offsets_.end(), same_name) != offsets_.end()) {
    return remove_duplicates(compound, {first, offsets_.end()});
  }
  size_t count = offsets_.size() - compound.first_offset;
  size_t items = size_ - compound.start - kHeadRoom;
  finish(compound, 0x0b, width_with_table(items, count), true, true);
}

void Builder::remove_duplicates(const Open& compound, std::vector<size_t> sorted) {
  const uint8_t* start = bytes_.get() + compound.start;
  std::vector<size_t> kept;
  for (size_t i = 0; i < sorted.size(); ++i) {
    bool is_last = i + 1 == sorted.size() ||
                   Slice(start + sorted[i]).as_attribute_name() != Slice(start + sorted[i + 1]).as_attribute_name();
    if (is_last) kept.push_back(sorted[i]);
  }
  std::sort(kept.begin(), kept.end());
  Builder rebuilt;
  rebuilt.open_object();
  for (size_t offset : kept) {
    Slice name(start + offset);
    rebuilt.add(name.as_attribute_name(), Slice(start + offset + name.byte_size()));
  }
  rebuilt.close();
  size_ = compound.start;
  std::memcpy(grow(rebuilt.size_), rebuilt.bytes_.get(), rebuilt.size_);
}

Buffer Builder::take() {
  Buffer result(slice());
  clear();
  return result;
}

}  // namespace workerdb::value

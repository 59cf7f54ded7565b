#include "value/slice.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace workerdb::value {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little endian and read in place");

// A compact array's or object's length: 7 bits a byte, lowest first, read forwards or backwards.
uint64_t load_variable(const uint8_t* at, int step) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7, at += step) {
    value |= uint64_t(*at & 0x7f) << shift;
    if ((*at & 0x80) == 0) break;
  }
  return value;
}

size_t variable_size(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) value >>= 7, ++size;
  return size;
}

bool is_compact(uint8_t head) { return head == 0x13 || head == 0x14; }

}  // namespace

#define N Type::kNone
#define A Type::kArray
#define O Type::kObject
#define B Type::kBool
#define I Type::kNumber
#define S Type::kString
#define S16 S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S
#define I16 I, I, I, I, I, I, I, I, I, I, I, I, I, I, I, I
#define N16 N, N, N, N, N, N, N, N, N, N, N, N, N, N, N, N
const Type Slice::kTypes[256] = {
    N,   A,   A,   A,   A,   A,   A,   A,   A,           A, O, O, O, O, O, N,  // 0x00
    N,   N,   N,   A,   O,   N,   N,   N,   Type::kNull, B, B, I, N, N, N, N,  // 0x10
    I16, I16,                                                                  // 0x20, 0x30
    S16, S16, S16, S16, S16, S16, S16, S16,                                    // 0x40 - 0xb0
    N16, N16, N16, N16,                                                        // 0xc0 - 0xf0
};
#undef N
#undef A
#undef O
#undef B
#undef I
#undef S
#undef S16
#undef I16
#undef N16

bool Slice::is_int64() const {
  uint8_t h = head();
  return (h >= 0x20 && h <= 0x2e) || (h >= 0x30 && h <= 0x3f) || (h == 0x2f && start_[8] < 0x80);
}

uint64_t Slice::load_odd(const uint8_t* from, unsigned width) {
  uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) value |= uint64_t(from[i]) << (8 * i);
  return value;
}

bool Slice::is_large_unsigned() const { return head() == 0x2f && start_[8] >= 0x80; }

uint64_t Slice::as_uint64() const {
  return head() >= 0x28 && head() <= 0x2f ? load(start_ + 1, head() - 0x27) : uint64_t(as_int64());
}

int64_t Slice::as_int64() const {
  uint8_t h = head();
  if (h >= 0x30 && h <= 0x39) return h - 0x30;
  if (h >= 0x3a && h <= 0x3f) return int64_t(h) - 0x40;
  if (h >= 0x20 && h <= 0x27) {
    unsigned unused_bits = 64 - 8 * (h - 0x1f);
    return int64_t(load(start_ + 1, h - 0x1f) << unused_bits) >> unused_bits;
  }
  ASSERT(h >= 0x28 && h <= 0x2f);
  return int64_t(load(start_ + 1, h - 0x27));
}

double Slice::as_double() const {
  if (head() == 0x1b) {
    double value;
    std::memcpy(&value, start_ + 1, 8);
    return value;
  }
  return is_large_unsigned() ? double(as_uint64()) : double(as_int64());
}

size_t Slice::byte_size() const {
  uint8_t h = head();
  if (h >= 0x40) return h < 0xbf ? size_t(h - 0x40) + 1 : h == 0xbf ? 9 + size_t(load(start_ + 1, 8)) : 1;
  if (h >= 0x30) return 1;
  if (h >= 0x28) return h - 0x27 + 1;
  if (h >= 0x20) return h - 0x1f + 1;
  if (h == 0x1b) return 9;
  if (h >= 0x02 && h <= 0x05) return load(start_ + 1, 1u << (h - 0x02));
  if (h >= 0x06 && h <= 0x09) return load(start_ + 1, 1u << (h - 0x06));
  if (h >= 0x0b && h <= 0x0e) return load(start_ + 1, 1u << (h - 0x0b));
  if (is_compact(h)) return load_variable(start_ + 1, 1);
  return 1;
}

Slice::Layout Slice::layout() const {
  uint8_t h = head();
  unsigned width = 1u << (h <= 0x05 ? h - 0x02 : h <= 0x09 ? h - 0x06 : h - 0x0b);
  Layout result{width, size_t(load(start_ + 1, width)), 0, 0, 0};
  if (h <= 0x05) {
    result.first = 1 + width;
    // A writer may leave zero bytes up to the place where a wider length would have ended.
    while (result.first < 9 && start_[result.first] == 0) ++result.first;
    result.count = (result.byte_size - result.first) / Slice(start_ + result.first).byte_size();
    return result;
  }
  if (width == 8) {
    result.count = load(start_ + result.byte_size - 8, 8);
    result.first = 9;
    result.table = result.byte_size - 8 - 8 * result.count;
  } else {
    result.count = load(start_ + 1 + width, width);
    result.first = 1 + 2 * width;
    while (result.first < 9 && start_[result.first] == 0) ++result.first;
    result.table = result.byte_size - width * result.count;
  }
  return result;
}

size_t Slice::size() const {
  uint8_t h = head();
  if (h == 0x01 || h == 0x0a) return 0;
  if (is_compact(h)) return load_variable(start_ + byte_size() - 1, -1);
  if (type() != Type::kArray && type() != Type::kObject) return 0;
  return layout().count;
}

Slice Slice::at(size_t position) const {
  uint8_t h = head();
  if (is_compact(h)) {
    ArrayIterator item(*this);
    for (; position > 0; --position) item.next();
    return item.value();
  }
  Layout place = layout();
  ASSERT(position < place.count);
  if (h <= 0x05) return Slice(start_ + place.first + position * Slice(start_ + place.first).byte_size());
  return Slice(start_ + load(start_ + place.table + position * place.width, place.width));
}

uint8_t Slice::system_name_code(std::string_view name) {
  if (name.size() < 3 || name.size() > 5 || name[0] != '_') return 0;
  for (uint8_t code = 1; code <= 5; ++code) {
    if (name == kSystemNames[code]) return code;
  }
  return 0;
}

Slice Slice::get(std::string_view name) const {
  uint8_t h = head();
  if (h == 0x14) {
    for (ObjectIterator attribute(*this); attribute.valid(); attribute.next()) {
      if (attribute.name() == name) return attribute.value();
    }
    return Slice();
  }
  if (h < 0x0b || h > 0x0e) return Slice();
  Layout place = layout();
  size_t low = 0, high = place.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const uint8_t* pair = start_ + load(start_ + place.table + middle * place.width, place.width);
    Slice pair_name(pair);
    int order = pair_name.as_attribute_name().compare(name);
    if (order == 0) return Slice(pair + pair_name.byte_size());
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Slice();
}

size_t Slice::nesting(size_t at_most) const {
  if (at_most == 0 || (!is_array() && !is_object())) return 0;
  size_t deepest = 0;
  // n levels need 2n - 1 bytes at least: most values are too small to look into.
  auto look_into = [&](Slice inner) {
    if (inner.byte_size() > 2 * deepest) deepest = std::max(deepest, inner.nesting(at_most - 1));
    return deepest + 1 < at_most;
  };
  for (ArrayIterator item(*this); item.valid() && look_into(item.value()); item.next()) {
  }
  for (ObjectIterator attribute(*this); attribute.valid() && look_into(attribute.value()); attribute.next()) {
  }
  return deepest + 1;
}

ArrayIterator::ArrayIterator(Slice array) {
  uint8_t h = array.head();
  if (h == 0x13) {
    uint64_t length = load_variable(array.start() + 1, 1);
    left_ = array.size();
    at_ = array.start() + 1 + variable_size(length);
  } else if (h >= 0x02 && h <= 0x09) {
    Slice::Layout place = array.layout();
    left_ = place.count;
    at_ = array.start() + place.first;
  }
}

ObjectIterator::ObjectIterator(Slice object) {
  uint8_t h = object.head();
  if (h == 0x14) {
    uint64_t length = load_variable(object.start() + 1, 1);
    left_ = object.size();
    at_ = object.start() + 1 + variable_size(length);
  } else if (h >= 0x0b && h <= 0x0e) {
    Slice::Layout place = object.layout();
    left_ = place.count;
    at_ = object.start() + place.first;
  }
}

}  // namespace workerdb::value

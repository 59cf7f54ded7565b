#include "value/order.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "value/collation.h"

namespace workerdb::value {
namespace {

// kNone is null.
int rank(Slice value) { return value.is_none() ? int(Type::kNull) : int(value.type()); }

int sign(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

// An integer that is no double, as (is negative, magnitude in uint64 two's complement).
int compare_integers(Slice left, Slice right) {
  if (left.is_large_unsigned() || right.is_large_unsigned()) {
    if (!left.is_large_unsigned()) return -1;
    if (!right.is_large_unsigned()) return 1;
    return sign(left.as_uint64() < right.as_uint64(), left.as_uint64() > right.as_uint64());
  }
  int64_t a = left.as_int64(), b = right.as_int64();
  return sign(a<b, a> b);
}

// Exact: the double is split into an integer and a fraction where it is in the integers' range.
int compare_integer_with_double(Slice integer, double number) {
  constexpr double kTwo63 = 9223372036854775808.0, kTwo64 = 18446744073709551616.0;
  if (integer.is_large_unsigned()) {
    if (number < kTwo63) return 1;
    if (number >= kTwo64) return -1;
    auto truncated = uint64_t(number);
    return sign(integer.as_uint64() < truncated, integer.as_uint64() > truncated);
  }
  if (number >= kTwo63) return -1;
  if (number < -kTwo63) return 1;
  auto truncated = int64_t(number);
  int64_t exact = integer.as_int64();
  if (exact != truncated) return exact < truncated ? -1 : 1;
  double fraction = number - double(truncated);
  return sign(fraction > 0, fraction < 0);
}

int compare_numbers(Slice left, Slice right) {
  if (left.is_double()) {
    if (right.is_double()) return sign(left.as_double() < right.as_double(), left.as_double() > right.as_double());
    return -compare_integer_with_double(right, left.as_double());
  }
  if (right.is_double()) return compare_integer_with_double(left, right.as_double());
  return compare_integers(left, right);
}

int compare_arrays(Slice left, Slice right) {
  ArrayIterator a(left), b(right);
  while (a.valid() || b.valid()) {
    int order = compare(a.valid() ? a.value() : Slice(), b.valid() ? b.value() : Slice());
    if (order != 0) return order;
    if (a.valid()) a.next();
    if (b.valid()) b.next();
  }
  return 0;
}

std::vector<std::string_view> sorted_names(Slice left, Slice right) {
  std::vector<std::string_view> names;
  names.reserve(left.size() + right.size());
  for (ObjectIterator attribute(left); attribute.valid(); attribute.next()) names.push_back(attribute.name());
  for (ObjectIterator attribute(right); attribute.valid(); attribute.next()) names.push_back(attribute.name());
  std::sort(names.begin(), names.end(),
            [](std::string_view a, std::string_view b) { return compare_strings(a, b) < 0; });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

int compare_objects(Slice left, Slice right) {
  for (std::string_view name : sorted_names(left, right)) {
    if (int order = compare(left.get(name), right.get(name)); order != 0) return order;
  }
  return 0;
}

uint64_t mix(uint64_t value, uint64_t seed) { return XXH3_64bits_withSeed(&value, sizeof value, seed); }

// A number hashes by its value: integral doubles as the integer that they equal.
uint64_t hash_number(Slice value) {
  constexpr double kTwo63 = 9223372036854775808.0, kTwo64 = 18446744073709551616.0;
  if (!value.is_double()) {
    return value.is_large_unsigned() ? mix(value.as_uint64(), 5) : mix(uint64_t(value.as_int64()), 4);
  }
  double number = value.as_double();
  if (std::trunc(number) == number && number >= -kTwo63 && number < kTwo64) {
    return number < kTwo63 ? mix(uint64_t(int64_t(number)), 4) : mix(uint64_t(number), 5);
  }
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return mix(bits, 6);
}

}  // namespace

int compare(Slice left, Slice right) {
  int left_rank = rank(left), right_rank = rank(right);
  if (left_rank != right_rank) return left_rank < right_rank ? -1 : 1;
  switch (left.type()) {
    case Type::kNone:
    case Type::kNull: return 0;
    case Type::kBool: return int(left.is_true()) - int(right.is_true());
    case Type::kNumber: return compare_numbers(left, right);
    case Type::kString: return compare_strings(left.as_string(), right.as_string());
    case Type::kArray: return compare_arrays(left, right);
    case Type::kObject: return compare_objects(left, right);
  }
  return 0;
}

bool equal(Slice left, Slice right) {
  if (left.is_string() && right.is_string()) return left.as_string() == right.as_string();
  return compare(left, right) == 0;
}

uint64_t hash(Slice value) {
  switch (value.type()) {
    case Type::kNone:
    case Type::kNull: return 0x9e3779b97f4a7c15;
    case Type::kBool: return mix(value.is_true(), 1);
    case Type::kNumber: return hash_number(value);
    case Type::kString: {
      std::string_view text = value.as_string();
      return XXH3_64bits_withSeed(text.data(), text.size(), 2);
    }
    case Type::kArray: {
      // Trailing nulls equal missing items, so they must not count.
      uint64_t result = 7, until_last = 7;
      for (ArrayIterator item(value); item.valid(); item.next()) {
        result = mix(hash(item.value()), result);
        if (!item.value().is_null()) until_last = result;
      }
      return until_last;
    }
    case Type::kObject: {
      uint64_t sum = 8;
      for (ObjectIterator attribute(value); attribute.valid(); attribute.next()) {
        if (attribute.value().is_null()) continue;
        std::string_view name = attribute.name();
        sum += mix(hash(attribute.value()), XXH3_64bits_withSeed(name.data(), name.size(), 3));
      }
      return sum;
    }
  }
  return 0;
}

bool is_truthy(Slice value) {
  switch (value.type()) {
    case Type::kNone:
    case Type::kNull: return false;
    case Type::kBool: return value.is_true();
    case Type::kNumber: return value.is_double() ? value.as_double() != 0 : value.as_uint64() != 0;
    case Type::kString: return value.head() != 0x40 && !value.as_string().empty();
    case Type::kArray:
    case Type::kObject: return true;
  }
  return false;
}

}  // namespace workerdb::value

#pragma once
// The value format: VelocyPack, as its public specification describes it
// (https://github.com/arangodb/velocypack/blob/main/VelocyPack.md). Documents are stored, queried and sent in it.
//
//   head byte   meaning                         what follows
//   0x00        none: no value at all           -
//   0x01        []                              -
//   0x02-0x05   array, items of equal size      byte length (1,2,4,8 bytes), items
//   0x06-0x09   array with index table          byte length, count, items, offsets
//   0x0a        {}                              -
//   0x0b-0x0e   object, offsets sorted by name  byte length, count, name/value pairs, offsets
//   0x13, 0x14  compact array, compact object   read, never written
//   0x18-0x1a   null, false, true               -
//   0x1b        double                          8 bytes, little endian
//   0x20-0x27   signed integer                  1-8 bytes
//   0x28-0x2f   unsigned integer                1-8 bytes
//   0x30-0x3f   0..9, -6..-1                    -
//   0x40-0xbe   string of 0-126 bytes           the bytes
//   0xbf        long string                     8 bytes length, the bytes
//
// Example: {"a":1} is 0b 07 01 41 61 31 03 (object, 7 bytes, 1 pair; string "a"; 1; the pair stands at offset 3).
// The names _key, _rev, _id, _from and _to are written as the small integers 1 to 5 (0x31-0x35).
#include <cstdint>
#include <cstring>
#include <string_view>

namespace workerdb::value {

// AQL's types, in AQL's order. kNone sorts and compares as null: a missing attribute equals null.
enum class Type : uint8_t { kNone, kNull, kBool, kNumber, kString, kArray, kObject };

// A borrowed view of one value: eight bytes, copied freely. It lives as long as the bytes that it points into: the
// Builder or Buffer that owns them (until its next change), the Arena of a query's batch, or a document
// that a transaction returned. Bytes come from Builder or pass validate() first; a Slice checks nothing.
class Slice {
 public:
  Slice() : start_(kNoneByte) {}
  explicit Slice(const uint8_t* start) : start_(start) {}

  static Slice null() { return Slice(kNullByte); }
  static Slice boolean(bool value) { return Slice(value ? kTrueByte : kFalseByte); }
  static Slice empty_array() { return Slice(kEmptyArrayByte); }
  static Slice empty_object() { return Slice(kEmptyObjectByte); }
  static Slice empty_string() { return Slice(kEmptyStringByte); }

  const uint8_t* start() const { return start_; }
  uint8_t head() const { return *start_; }
  Type type() const { return kTypes[head()]; }

  bool is_none() const { return head() == 0x00; }
  // True for null and for a missing value.
  bool is_null() const { return head() == 0x18 || head() == 0x00; }
  bool is_bool() const { return head() == 0x19 || head() == 0x1a; }
  bool is_true() const { return head() == 0x1a; }
  bool is_number() const { return type() == Type::kNumber; }
  bool is_double() const { return head() == 0x1b; }
  // An integer that int64 can hold (an unsigned one above 2^63-1 is none).
  bool is_int64() const;
  bool is_string() const { return head() >= 0x40 && head() <= 0xbf; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_object() const { return type() == Type::kObject; }

  // Each accessor demands the type that it names; ask first.
  int64_t as_int64() const;
  // Any number, rounded to the nearest double.
  double as_double() const;
  std::string_view as_string() const {
    if (head() != 0xbf) return {reinterpret_cast<const char*>(start_ + 1), size_t(head() - 0x40)};
    return {reinterpret_cast<const char*>(start_ + 9), size_t(load(start_ + 1, 8))};
  }
  // An unsigned integer above 2^63-1 is the one number that is neither int64 nor double.
  bool is_large_unsigned() const;
  uint64_t as_uint64() const;

  // Bytes of the whole value, head included.
  size_t byte_size() const;
  std::string_view bytes() const { return {reinterpret_cast<const char*>(start_), byte_size()}; }

  // Array: number of items. Object: number of attributes. O(1).
  size_t size() const;
  // Array: the item at a position below size(). Walk long arrays with ArrayIterator.
  Slice at(size_t position) const;
  // Object: the attribute's value, none where it is missing or this is no object. O(log n).
  Slice get(std::string_view name) const;

  // How many arrays and objects stand inside one another, counted up to `at_most`: 0 for a number, 1 for [1].
  // Recurses no deeper than that, so it is safe for any value.
  size_t nesting(size_t at_most) const;

  // The name of an attribute, given the slice that stands for it.
  std::string_view as_attribute_name() const {
    return head() >= 0x31 && head() <= 0x35 ? kSystemNames[head() - 0x30] : as_string();
  }

  // The number that stands for a system attribute's name, or 0.
  static uint8_t system_name_code(std::string_view name);

  // Little endian machines only, checked in slice.cc. A copy of a fixed length is one instruction, of any length a
  // call.
  template <typename Integer>
  static Integer load_fixed(const uint8_t* from) {
    Integer value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static uint64_t load(const uint8_t* from, unsigned width) {
    switch (width) {
      case 1: return *from;
      case 2: return load_fixed<uint16_t>(from);
      case 4: return load_fixed<uint32_t>(from);
      case 8: return load_fixed<uint64_t>(from);
      default: return load_odd(from, width);
    }
  }

 private:
  friend class ArrayIterator;
  friend class ObjectIterator;
  // Layout of an array or object that is neither empty nor compact.
  struct Layout {
    unsigned width;  // bytes of a length, count or offset
    size_t byte_size;
    size_t count;
    size_t first;  // offset of the first item
    size_t table;  // offset of the index table, 0 if there is none
  };
  Layout layout() const;
  static uint64_t load_odd(const uint8_t* from, unsigned width);

  static const Type kTypes[256];
  static constexpr std::string_view kSystemNames[6] = {"", "_key", "_rev", "_id", "_from", "_to"};
  static constexpr uint8_t kNoneByte[] = {0x00}, kNullByte[] = {0x18}, kFalseByte[] = {0x19}, kTrueByte[] = {0x1a};
  static constexpr uint8_t kEmptyArrayByte[] = {0x01}, kEmptyObjectByte[] = {0x0a}, kEmptyStringByte[] = {0x40};

  const uint8_t* start_;
};

// for (ArrayIterator item(array); item.valid(); item.next()) use(item.value());
// Anything but an array has no items.
class ArrayIterator {
 public:
  explicit ArrayIterator(Slice array);
  bool valid() const { return left_ > 0; }
  Slice value() const { return Slice(at_); }
  void next() {
    if (--left_ > 0) at_ += Slice(at_).byte_size();
  }
  // Items that are left, the current one included.
  size_t left() const { return left_; }

 private:
  const uint8_t* at_ = nullptr;
  size_t left_ = 0;
};

// Walks an object's attributes in the order in which they were written.
class ObjectIterator {
 public:
  explicit ObjectIterator(Slice object);
  bool valid() const { return left_ > 0; }
  std::string_view name() const { return Slice(at_).as_attribute_name(); }
  Slice name_slice() const { return Slice(at_); }
  Slice value() const { return Slice(at_ + Slice(at_).byte_size()); }
  void next() {
    if (--left_ > 0) {
      at_ += Slice(at_).byte_size();
      at_ += Slice(at_).byte_size();
    }
  }

 private:
  const uint8_t* at_ = nullptr;
  size_t left_ = 0;
};

}  // namespace workerdb::value

#pragma once
// Writes values in the format of slice.h.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "value/slice.h"

namespace workerdb::value {

// An owned value: the bytes of exactly one Slice.
class Buffer {
 public:
  Buffer() : bytes_(1, '\0') {}
  explicit Buffer(Slice copied) : bytes_(copied.bytes()) {}
  explicit Buffer(std::string bytes) : bytes_(std::move(bytes)) {}

  Slice slice() const { return Slice(reinterpret_cast<const uint8_t*>(bytes_.data())); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Builds one value, front to back. Reused by clear(), it keeps its memory. Not for two threads at once.
//   Builder builder;
//   builder.open_object();
//   builder.add("name", "Approval Workflow");
//   builder.key("tags"); builder.open_array(); builder.string("a"); builder.close();
//   builder.close();
// Attributes keep the order in which they are added; of two with one name the last wins. A value
// may be as large as memory: AQL repeats large values easily, so that a wrapped offset would be in a user's hands.
class Builder {
 public:
  Builder() = default;

  void null() { push(0x18); }
  void boolean(bool value) { push(value ? 0x1a : 0x19); }
  void integer(int64_t value);
  void unsigned_integer(uint64_t value);
  // NaN and infinities, which AQL does not have, become null.
  void number(double value);
  void string(std::string_view value);
  // A copy of the value; none is written as null.
  void slice(Slice value);
  void open_array() { open(false); }
  void open_object() { open(true); }
  // Inside an object: the name of the attribute whose value comes next.
  void key(std::string_view name);
  void close();

  void add(std::string_view name, Slice value) { key(name), slice(value); }
  void add(std::string_view name, std::string_view value) { key(name), string(value); }
  void add(std::string_view name, const char* value) { key(name), string(value); }
  void add(std::string_view name, const std::string& value) { key(name), string(value); }
  void add(std::string_view name, bool value) { key(name), boolean(value); }
  void add(std::string_view name, double value) { key(name), number(value); }
  void add(std::string_view name, int value) { key(name), integer(value); }
  void add(std::string_view name, long value) { key(name), integer(value); }
  void add(std::string_view name, long long value) { key(name), integer(value); }
  void add(std::string_view name, unsigned value) { key(name), integer(value); }
  void add(std::string_view name, unsigned long value) { key(name), unsigned_integer(value); }
  void add(std::string_view name, unsigned long long value) { key(name), unsigned_integer(value); }

  // Forgets the value, keeps the memory.
  void clear() {
    size_ = 0;
    open_.clear();
    offsets_.clear();
  }
  bool is_open() const { return !open_.empty(); }
  bool is_empty() const { return size_ == 0; }
  size_t byte_size() const { return size_; }
  // The finished value, borrowed until the next change.
  Slice slice() const { return size_ == 0 ? Slice() : Slice(bytes_.get()); }
  Buffer take();

 private:
  struct Open {
    size_t start;         // of the compound's head in bytes_
    size_t first_offset;  // of its items in offsets_
    bool is_object;
  };

  void open(bool is_object);
  void close_array(const Open& compound);
  void close_object(const Open& compound);
  void remove_duplicates(const Open& compound, std::vector<size_t> sorted);
  // Writes head, length and count in front of the items and moves them down to them; width is 1, 2, 4 or 8.
  void finish(const Open& compound, uint8_t head_base, unsigned width, bool with_count, bool with_table);
  void reserve(size_t more);
  // Called before a value or name is written, so that the compound around it knows where it stands.
  void mark();
  uint8_t* grow(size_t more) {
    if (size_ + more > capacity_) reserve(more);
    uint8_t* at = bytes_.get() + size_;
    size_ += more;
    return at;
  }
  void push(uint8_t byte) {
    mark();
    *grow(1) = byte;
  }
  void append_string(std::string_view value);

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0, capacity_ = 0;
  std::vector<Open> open_;
  std::vector<size_t> offsets_;  // of items, or of names in objects, relative to their compound's start
  bool after_key_ = false;
};

}  // namespace workerdb::value

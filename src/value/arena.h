#pragma once
// Bump allocation for the values of one batch of a query: everything in it dies at once.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "value/slice.h"

namespace workerdb::value {

// Is told of every block that an arena takes and gives back, in bytes. Implemented by a query's memory budget;
// must be callable from the thread that uses the arena.
class MemoryObserver {
 public:
  virtual ~MemoryObserver() = default;
  virtual void grew(size_t bytes) = 0;
  virtual void shrank(size_t bytes) = 0;
};

// Slices made here live until the arena is destroyed or reset. Not for two threads at once.
class Arena {
 public:
  explicit Arena(MemoryObserver* observer = nullptr) : observer_(observer) {}
  ~Arena() { release(0); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  uint8_t* allocate(size_t bytes) {
    if (size_t(end_ - at_) < bytes) add_block(bytes);
    uint8_t* result = at_;
    at_ += bytes;
    return result;
  }

  Slice copy(Slice value) {
    size_t size = value.byte_size();
    if (size == 1) return intern(value);
    return copy_bytes({reinterpret_cast<const char*>(value.start()), size});
  }
  // `bytes` is one encoded value.
  Slice copy_bytes(std::string_view bytes) {
    uint8_t* at = allocate(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return Slice(at);
  }
  Slice integer(int64_t value);
  // NaN and infinities give null.
  Slice number(double value);
  Slice string(std::string_view value);

  // Bytes taken from the system.
  size_t reserved() const { return reserved_; }
  // Forgets all values but keeps the first block for reuse.
  void reset();

 private:
  void add_block(size_t at_least);
  void release(size_t keep);
  // One-byte values need no memory of their own.
  static Slice intern(Slice value);

  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    size_t size;
  };
  MemoryObserver* observer_;
  uint8_t *at_ = nullptr, *end_ = nullptr;
  std::vector<Block> blocks_;
  size_t reserved_ = 0;
};

}  // namespace workerdb::value

#pragma once
// What a connection has received and not parsed yet.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace workerdb::net {

class InputBuffer {
 public:
  std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  // Moves nothing, so a read may be under way into space() meanwhile.
  void consume(size_t bytes) { begin_ += bytes; }
  // Before a read: at least one free byte; everything unread stays.
  void make_space() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (capacity_ - end_ > capacity_ / 4) return;
    if (begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    } else if (end_ == capacity_) {
      const size_t grown = std::max(kFirstInputBytes, 2 * capacity_);
      auto data = std::make_unique_for_overwrite<char[]>(grown);
      if (end_ > 0) std::memcpy(data.get(), data_.get(), end_);
      data_ = std::move(data);
      capacity_ = grown;
    }
  }
  char* space() { return data_.get() + end_; }
  size_t space_bytes() const { return capacity_ - end_; }
  void received(size_t bytes) { end_ += bytes; }
  void discard() { begin_ = end_; }

 private:
  static constexpr size_t kFirstInputBytes = 8 * 1024;

  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace workerdb::net

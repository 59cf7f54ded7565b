#include "value/arena.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace workerdb::value {
namespace {

constexpr size_t kFirstBlock = 4096, kLargestBlock = 1 << 20;

struct OneByteValues {
  uint8_t bytes[256];
  constexpr OneByteValues() : bytes() {
    for (int i = 0; i < 256; ++i) bytes[i] = uint8_t(i);
  }
};
constexpr OneByteValues kOneByteValues;

}  // namespace

Slice Arena::intern(Slice value) { return Slice(kOneByteValues.bytes + value.head()); }

void Arena::add_block(size_t at_least) {
  size_t next = blocks_.empty() ? kFirstBlock : std::min(blocks_.back().size * 2, kLargestBlock);
  size_t size = std::max(next, at_least);
  if (observer_ != nullptr) observer_->grew(size);
  blocks_.push_back({std::make_unique_for_overwrite<uint8_t[]>(size), size});
  reserved_ += size;
  at_ = blocks_.back().bytes.get();
  end_ = at_ + size;
}

void Arena::release(size_t keep) {
  while (blocks_.size() > keep) {
    if (observer_ != nullptr) observer_->shrank(blocks_.back().size);
    reserved_ -= blocks_.back().size;
    blocks_.pop_back();
  }
}

void Arena::reset() {
  release(1);
  at_ = blocks_.empty() ? nullptr : blocks_[0].bytes.get();
  end_ = blocks_.empty() ? nullptr : at_ + blocks_[0].size;
}

Slice Arena::integer(int64_t value) {
  if (value >= 0 && value <= 9) return Slice(kOneByteValues.bytes + 0x30 + value);
  if (value < 0 && value >= -6) return Slice(kOneByteValues.bytes + 0x40 + value);
  uint64_t magnitude = value < 0 ? ~uint64_t(value) : uint64_t(value);
  unsigned width = (std::bit_width(magnitude) + 8) / 8;
  uint8_t* at = allocate(1 + width);
  *at = uint8_t(0x1f + width);
  std::memcpy(at + 1, &value, width);
  return Slice(at);
}

Slice Arena::number(double value) {
  if (!std::isfinite(value)) return Slice::null();
  uint8_t* at = allocate(9);
  *at = 0x1b;
  std::memcpy(at + 1, &value, 8);
  return Slice(at);
}

Slice Arena::string(std::string_view value) {
  if (value.size() <= 126) {
    uint8_t* at = allocate(1 + value.size());
    *at = uint8_t(0x40 + value.size());
    if (!value.empty()) std::memcpy(at + 1, value.data(), value.size());
    return Slice(at);
  }
  uint8_t* at = allocate(9 + value.size());
  *at = 0xbf;
  uint64_t length = value.size();
  std::memcpy(at + 1, &length, 8);
  std::memcpy(at + 9, value.data(), value.size());
  return Slice(at);
}

}  // namespace workerdb::value

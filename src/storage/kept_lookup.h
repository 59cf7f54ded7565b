#pragma once
// The entries that one lookup in an index found (a value for each of its fields), as the document cache keeps them: for
// each entry the length of the _key (1 byte), the _key, the length of the details (2 bytes), the details
// (index_entries.h). The key in the cache is what all these entries begin with, so that a writer, who knows his
// entries, knows which lookups he ends.
#include <cstring>
#include <string>
#include <string_view>

#include "storage/schema.h"
#include "storage/transaction.h"

namespace workerdb::storage {

class KeptLookup {
 public:
  // Longer ones are not kept.
  static constexpr size_t kLongest = 8 << 10;

  // The part of an entry's key that a lookup for it begins with. Another document's entry for the same values has the
  // same one.
  static std::string_view prefix_of(std::string_view entry_key, bool is_unique) {
    if (is_unique || entry_key.empty()) return entry_key;
    size_t behind = size_t(static_cast<unsigned char>(entry_key.back())) + 1;
    return behind > entry_key.size() ? entry_key : entry_key.substr(0, entry_key.size() - behind);
  }
  // Whether a range is one that can be kept: it begins with its lower bound, and no other range does.
  static bool is_possible(const Index& index, const IndexBounds& bounds, Direction direction) {
    if (direction != Direction::kForward || bounds.lower || bounds.upper) return false;
    if (index.type == IndexType::kEdge) return bounds.equal.size() == 1;
    return index.type == IndexType::kPersistent && bounds.equal.size() == index.fields.size();
  }

  // What is to be kept, entry by entry.
  void begin() {
    bytes_.clear();
    is_too_long_ = false;
  }
  void add(std::string_view key, std::string_view details) {
    if (is_too_long_ || bytes_.size() + key.size() + details.size() + 3 > kLongest) {
      is_too_long_ = true;
      return;
    }
    bytes_ += char(key.size());
    bytes_ += key;
    bytes_ += char(details.size() & 0xff), bytes_ += char(details.size() >> 8);
    bytes_ += details;
  }
  bool is_too_long() const { return is_too_long_; }

  // What was kept. The views are valid until the bytes change.
  std::string& bytes() { return bytes_; }
  void rewind() { at_ = 0; }
  bool next(std::string_view& key, std::string_view& details) {
    if (at_ == bytes_.size()) return false;
    auto byte = [this](size_t at) { return size_t(static_cast<unsigned char>(bytes_[at])); };
    std::string_view all = bytes_;
    key = all.substr(at_ + 1, byte(at_));
    at_ += 1 + key.size();
    details = all.substr(at_ + 2, byte(at_) | byte(at_ + 1) << 8);
    at_ += 2 + details.size();
    return true;
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
  bool is_too_long_ = false;
};

}  // namespace workerdb::storage

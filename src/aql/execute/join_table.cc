#include "aql/execute/join_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>

#include "value/order.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

// ---- making it -----------------------------------------------------------------------------------------

JoinTablePart::~JoinTablePart() { forget_rows(); }

void JoinTablePart::forget_rows() {
  cells_ = {};
  hashes_ = {};
  recent_ = {};
  if (observer_ != nullptr) observer_->shrank(charged_bytes_);
  charged_bytes_ = 0;
}

void JoinTablePart::charge(size_t bytes) {
  charged_bytes_ += bytes;
  if (observer_ != nullptr) observer_->grew(bytes);
}

void JoinTablePart::add(Slice key, std::span<const Slice> values) {
  size_t before = cells_.capacity() * sizeof(Slice) + hashes_.capacity() * sizeof(uint64_t);
  cells_.push_back(arena_.copy(key.is_none() ? Slice::null() : key));
  hashes_.push_back(value::hash(cells_.back()));
  for (Slice value : values) cells_.push_back(copy_value(value.is_none() ? Slice::null() : value));
  size_t grown = cells_.capacity() * sizeof(Slice) + hashes_.capacity() * sizeof(uint64_t) - before;
  if (grown > 0) charge(grown);
}

Slice JoinTablePart::copy_value(Slice value) {
  constexpr size_t kRecent = 1024, kTries = 4096;
  // No longer where values hardly repeat.
  bool may_repeat = copied_ < kTries || shared_ > copied_;
  size_t size = value.byte_size();
  if (size == 1 || !may_repeat) return arena_.copy(value);
  if (recent_.empty()) {
    recent_.resize(kRecent);
    charge(kRecent * sizeof(Slice));
  }
  Slice& recent = recent_[value::hash(value) % kRecent];
  // Equal bytes, not equal values: 1 and 1.0 are not the same to who prints them.
  if (recent.head() == value.head() && recent.bytes() == value.bytes()) {
    ++shared_;
    return recent;
  }
  ++copied_;
  return recent = arena_.copy(value);
}

JoinTable::JoinTable(size_t width, value::MemoryObserver* observer, std::vector<std::unique_ptr<JoinTablePart>> parts)
    : width_(width), observer_(observer), parts_(std::move(parts)) {
  size_t rows = 0;
  for (const auto& part : parts_) rows += part->rows();
  charged_bytes_ = rows * (sizeof(Slice) * (width_ + 1) + sizeof(uint64_t) + sizeof(uint32_t));
  mask_ = std::bit_ceil(std::max<size_t>(16, rows * 2)) - 1;
  charged_bytes_ += (mask_ + 1) * sizeof(Slot);
  if (observer_ != nullptr) observer_->grew(charged_bytes_);
  std::vector<uint64_t> hashes;
  hashes.reserve(rows);
  cells_.reserve(rows * (width_ + 1));
  for (const auto& part : parts_) {
    cells_.insert(cells_.end(), part->cells_.begin(), part->cells_.end());
    hashes.insert(hashes.end(), part->hashes_.begin(), part->hashes_.end());
    part->forget_rows();
  }
  add_to_slots(hashes);
}

JoinTable::~JoinTable() {
  if (observer_ != nullptr) observer_->shrank(charged_bytes_);
}

void JoinTable::add_to_slots(std::span<const uint64_t> hashes) {
  constexpr size_t kAhead = 16;
  slots_.assign(mask_ + 1, Slot{0, kNone});
  next_.assign(hashes.size(), kNone);
  // From the last to the first, so that the rows of a key run forward.
  for (size_t row = hashes.size(); row-- > 0;) {
    if (row >= kAhead) __builtin_prefetch(&slots_[hashes[row - kAhead] & mask_]);
    uint32_t tag = tag_of(hashes[row]);
    size_t at = hashes[row] & mask_;
    while (slots_[at].row != kNone) {
      if (slots_[at].tag == tag && value::equal(key(slots_[at].row), key(uint32_t(row)))) break;
      at = (at + 1) & mask_;
    }
    next_[row] = slots_[at].row;
    slots_[at] = {tag, uint32_t(row)};
  }
}

// ---- reading it ----------------------------------------------------------------------------------------

// Slot, row and key of a row stand far apart, and a large table is in no cache: all that the keys of a block will need
// of one kind is asked for before the first of it is used.
void JoinTable::find(std::span<const Slice> keys, uint32_t* rows) const {
  constexpr size_t kBlock = 64;
  std::array<uint64_t, kBlock> hashes;
  std::array<size_t, kBlock> at;
  while (!keys.empty()) {
    size_t count = std::min(kBlock, keys.size());
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = value::hash(keys[i]);
      at[i] = hashes[i] & mask_;
      __builtin_prefetch(&slots_[at[i]]);
    }
    for (size_t i = 0; i < count; ++i) {
      while (slots_[at[i]].row != kNone && slots_[at[i]].tag != tag_of(hashes[i])) at[i] = (at[i] + 1) & mask_;
      uint32_t row = slots_[at[i]].row;
      if (row == kNone) continue;
      __builtin_prefetch(&key(row));
      __builtin_prefetch(&next_[row]);
    }
    for (size_t i = 0; i < count; ++i) {
      uint32_t row = slots_[at[i]].row;
      if (row != kNone) __builtin_prefetch(key(row).start());
    }
    for (size_t i = 0; i < count; ++i) rows[i] = find_from(at[i], tag_of(hashes[i]), keys[i]);
    keys = keys.subspan(count);
    rows += count;
  }
}

uint32_t JoinTable::find_from(size_t slot, uint32_t tag, Slice wanted) const {
  if (wanted.is_none()) wanted = Slice::null();
  for (; slots_[slot].row != kNone; slot = (slot + 1) & mask_) {
    uint32_t row = slots_[slot].row;
    if (slots_[slot].tag == tag && value::equal(key(row), wanted)) return row;
  }
  return kNone;
}

// ---- sharing it ----------------------------------------------------------------------------------------

Result<std::shared_ptr<const JoinTable>> JoinTables::get(uint32_t node_id, const Source& source) {
  std::unique_lock lock(mutex_);
  auto [found, is_first] = tables_.try_emplace(node_id);
  Entry& entry = found->second;
  if (entry.is_made) return entry.table;
  if (is_first) TRY(split(entry, source, lock));
  wait(lock, source, [&entry] { return entry.is_split || entry.is_made; });
  if (!entry.is_split) return entry.table;
  TRY(read_parts(entry, source, lock));
  wait(lock, source, [&entry] { return entry.is_made; });
  return entry.table;
}

Result<> JoinTables::split(Entry& entry, const Source& source, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  auto borders = source.split();
  lock.lock();
  if (borders) {
    entry.borders = *std::move(borders);
    entry.parts.resize(entry.borders.size() + 1);
    entry.is_split = true;
  } else {
    entry.is_made = true;
  }
  changed_.notify_all();
  if (!borders) return std::move(borders).error();
  return {};
}

Result<> JoinTables::read_parts(Entry& entry, const Source& source, std::unique_lock<std::mutex>& lock) {
  ++entry.at_work;
  Result<> result;
  while (result && !entry.has_failed && entry.next_part < entry.parts.size()) {
    size_t which = entry.next_part++;
    lock.unlock();
    std::string_view lower = which > 0 ? std::string_view(entry.borders[which - 1]) : std::string_view();
    std::string_view upper = which < entry.borders.size() ? std::string_view(entry.borders[which]) : std::string_view();
    auto part = source.read(lower, upper);
    lock.lock();
    if (part && *part != nullptr) {
      entry.parts[which] = *std::move(part);
      continue;
    }
    entry.has_failed = true;
    if (!part) result = std::move(part).error();
  }
  // Who is done last makes the table of the parts.
  if (--entry.at_work > 0 || entry.is_being_made) return result;
  entry.is_being_made = true;
  std::shared_ptr<const JoinTable> table;
  auto parts = std::move(entry.parts);
  entry.parts.clear();
  bool has_failed = entry.has_failed;
  lock.unlock();
  if (!has_failed) table = std::make_shared<JoinTable>(source.width, &observer_, std::move(parts));
  parts.clear();
  lock.lock();
  entry.table = std::move(table);
  entry.is_made = true;
  changed_.notify_all();
  return result;
}

void JoinTables::wait(std::unique_lock<std::mutex>& lock, const Source& source, const std::function<bool()>& is_over) {
  constexpr auto kPatience = std::chrono::milliseconds(10);
  while (!is_over() && !source.should_stop()) changed_.wait_for(lock, kPatience);
}

}  // namespace workerdb::aql::execute

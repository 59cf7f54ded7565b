#include "aql/execute/batch.h"

#include <algorithm>
#include <new>

namespace workerdb::aql::execute {

std::shared_ptr<value::Arena> ArenaPool::take() {
  constexpr size_t kKept = 16;
  for (auto& arena : arenas_) {
    if (arena.use_count() > 1) continue;
    arena->reset();
    return arena;
  }
  auto arena = std::make_shared<value::Arena>(observer_);
  if (arenas_.size() < kKept) arenas_.push_back(arena);
  return arena;
}

Batch::Batch(size_t register_count, size_t capacity, ArenaPool& pool)
    : pool_(pool), capacity_(capacity), columns_(register_count, nullptr) {}

Batch::~Batch() {
  for (value::Slice* column : columns_) ::operator delete(column);
  if (pool_.observer() != nullptr) pool_.observer()->shrank(column_bytes_);
}

value::Slice* Batch::make_column(Register which) {
  size_t bytes = capacity_ * sizeof(value::Slice);
  columns_[which] = static_cast<value::Slice*>(::operator new(bytes));
  column_bytes_ += bytes;
  if (pool_.observer() != nullptr) pool_.observer()->grew(bytes);
  return columns_[which];
}

void Batch::own_arena() {
  arenas_.push_back(pool_.take());
  own_ = arenas_.back().get();
}

void Batch::share_arenas(const Batch& other) {
  for (const auto& arena : other.arenas_) {
    if (std::find(arenas_.begin(), arenas_.end(), arena) == arenas_.end()) arenas_.push_back(arena);
  }
}

void Batch::clear() {
  rows_ = 0;
  arenas_.clear();
  own_ = nullptr;
}

void Batch::keep(std::span<const uint8_t> marks, std::span<const Register> registers) {
  size_t kept = 0;
  for (size_t row = 0; row < rows_; ++row) kept += marks[row] != 0;
  if (kept == rows_) return;
  for (Register which : registers) {
    value::Slice* values = column(which);
    size_t to = 0;
    for (size_t row = 0; row < rows_; ++row) {
      if (marks[row] != 0) values[to++] = values[row];
    }
  }
  rows_ = kept;
}

void Batch::drop_front(size_t count, std::span<const Register> registers) {
  for (Register which : registers) {
    value::Slice* values = column(which);
    std::copy(values + count, values + rows_, values);
  }
  rows_ -= count;
}

}  // namespace workerdb::aql::execute

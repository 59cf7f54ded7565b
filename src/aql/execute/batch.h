#pragma once
// Rows on their way from one operator to the next: columns of Slices, and the arenas that the Slices point into.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "value/arena.h"
#include "value/slice.h"

namespace workerdb::aql::execute {

// Which column holds a variable. Numbered over the whole query, subqueries included.
using Register = uint16_t;
constexpr Register kNoRegister = UINT16_MAX;
constexpr size_t kMaxRegisters = 1000;
constexpr size_t kMaxBatchRows = 1000;
// A batch whose values take more ends early, so that large documents do not fill the memory.
constexpr size_t kBatchBytes = size_t(4) << 20;

// Arenas that are used again when the last batch lets go of them. For one thread.
class ArenaPool {
 public:
  explicit ArenaPool(value::MemoryObserver* observer) : observer_(observer) {}
  std::shared_ptr<value::Arena> take();
  value::MemoryObserver* observer() const { return observer_; }

 private:
  value::MemoryObserver* observer_;
  std::vector<std::shared_ptr<value::Arena>> arenas_;
};

// Columns exist from the first time that they are asked for and are not initialised: who reads a register knows that
// an operator in front of it wrote all rows of it. Values live as long as the batch, or one that shares its arenas,
// is not cleared.
class Batch {
 public:
  Batch(size_t register_count, size_t capacity, ArenaPool& pool);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  size_t rows() const { return rows_; }
  void set_rows(size_t rows) { rows_ = rows; }
  size_t capacity() const { return capacity_; }
  value::Slice* column(Register which) {
    value::Slice* result = columns_[which];
    return result != nullptr ? result : make_column(which);
  }
  value::Slice* const* columns() const { return columns_.data(); }
  value::Slice at(Register which, size_t row) const { return columns_[which][row]; }

  // Where values of this batch are made.
  value::Arena& arena() {
    if (own_ == nullptr) own_arena();
    return *own_;
  }
  size_t arena_bytes() const { return own_ == nullptr ? 0 : own_->reserved(); }
  // Keeps the values of another batch alive as long as this one's.
  void share_arenas(const Batch& other);
  // Forgets rows and values; columns stay.
  void clear();

  // Copies one row's registers (8 bytes each); the values must be kept alive with share_arenas().
  void copy_row(const Batch& from, size_t from_row, size_t to_row, std::span<const Register> registers) {
    for (Register which : registers) column(which)[to_row] = from.columns_[which][from_row];
  }
  // Keeps only the rows whose mark is set, in order, in these registers.
  void keep(std::span<const uint8_t> marks, std::span<const Register> registers);
  // Forgets the first `count` rows.
  void drop_front(size_t count, std::span<const Register> registers);

 private:
  value::Slice* make_column(Register which);
  void own_arena();

  ArenaPool& pool_;
  size_t rows_ = 0;
  const size_t capacity_;
  std::vector<value::Slice*> columns_;
  std::vector<std::shared_ptr<value::Arena>> arenas_;
  value::Arena* own_ = nullptr;
  size_t column_bytes_ = 0;
};

}  // namespace workerdb::aql::execute

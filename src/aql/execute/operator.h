#pragma once
// An operator takes batches from the one in front of it and gives batches to the one behind.
#include <memory>

#include "aql/execute/batch.h"
#include "aql/execute/runtime.h"
#include "base/result.h"

namespace workerdb::aql::execute {

class Operator {
 public:
  Operator(Runtime& runtime, std::unique_ptr<Operator> input) : runtime_(runtime), input_(std::move(input)) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // Fills a cleared batch with at least one row and returns true, or returns false at the end (and from then on).
  // `wanted` (1 or more) is a hint: more rows than that may never be asked for.
  virtual base::Result<bool> next(Batch& to, size_t wanted) = 0;
  // Back to the beginning, for the next outer row of a subquery.
  virtual void reset() {
    if (input_ != nullptr) input_->reset();
  }
  // The row of the plan around a subquery; null where there is none.
  struct OuterRow {
    const Batch* batch = nullptr;
    size_t row = 0;
  };
  virtual OuterRow outer_row() const { return input_->outer_row(); }

 protected:
  Operator& input() { return *input_; }

  Runtime& runtime_;

 private:
  std::unique_ptr<Operator> input_;
};

// The rows of an operator one after the other, for operators that give many rows for one.
class InputRows {
 public:
  InputRows(Runtime& runtime, Operator& source)
      : source_(source), batch_(runtime.register_count, runtime.options.batch_rows, runtime.arenas) {}

  // To the next row; false at the end. Values of the row before may be gone afterwards.
  base::Result<bool> advance(size_t wanted) {
    if (++row_ < batch_.rows()) return true;
    if (at_end_) return false;
    // Few rows at first, since few may do; more and more when it goes on.
    pull_ = std::min(batch_.capacity(), std::max(wanted, pull_ * 2));
    batch_.clear();
    row_ = 0;
    at_end_ = !TRY(source_.next(batch_, pull_));
    return !at_end_;
  }
  Batch& batch() { return batch_; }
  size_t row() const { return row_; }
  void reset() {
    batch_.clear();
    row_ = 0;
    at_end_ = false;
  }

 private:
  Operator& source_;
  Batch batch_;
  size_t row_ = 0, pull_ = 0;
  bool at_end_ = false;
};

// Batches for operators that keep rows. Where few rows of a batch are left (a filter dropped the others), they are
// copied together, so that the memory of the dropped ones goes.
class DenseBatches {
 public:
  // `needed`: the registers that the reader will look at; it outlives this object.
  DenseBatches(Runtime& runtime, Operator& source, const std::vector<Register>& needed)
      : runtime_(runtime), source_(source), needed_(needed) {}

  // Null at the end.
  base::Result<std::unique_ptr<Batch>> next();
  void reset() {
    pulled_ = nullptr;
    sparse_ = nullptr;
    at_end_ = false;
  }

 private:
  std::unique_ptr<Batch> make() const {
    return std::make_unique<Batch>(runtime_.register_count, runtime_.options.batch_rows, runtime_.arenas);
  }
  bool is_sparse(const Batch& batch) const { return batch.rows() < batch.capacity() / 4; }
  bool has_room() const { return sparse_->rows() < sparse_->capacity() && sparse_->arena_bytes() < kBatchBytes; }
  void append_to_sparse();

  Runtime& runtime_;
  Operator& source_;
  const std::vector<Register>& needed_;
  std::unique_ptr<Batch> pulled_, sparse_;  // what was read last, and rows that were copied together before it
  size_t next_pulled_ = 0;                  // the first row of pulled_ that was not copied
  bool at_end_ = false;
};

// Every row of an operator, kept: for operators that need them all before they give one.
class KeptRows {
 public:
  KeptRows(Runtime& runtime, Operator& source, const std::vector<Register>& needed)
      : runtime_(runtime), source_(runtime, source, needed) {}
  base::Result<> read_all();
  size_t batch_count() const { return batches_.size(); }
  Batch& batch(size_t which) { return *batches_[which]; }
  size_t rows() const { return rows_; }
  void clear() {
    batches_.clear();
    source_.reset();
    rows_ = 0;
  }

 private:
  Runtime& runtime_;
  DenseBatches source_;
  std::vector<std::unique_ptr<Batch>> batches_;
  size_t rows_ = 0;
};

}  // namespace workerdb::aql::execute

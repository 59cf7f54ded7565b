#include "aql/execute/operator.h"

#include <utility>

namespace workerdb::aql::execute {

base::Result<std::unique_ptr<Batch>> DenseBatches::next() {
  while (true) {
    if (pulled_ != nullptr && pulled_->rows() > 0 && is_sparse(*pulled_)) {
      append_to_sparse();
      if (next_pulled_ < pulled_->rows()) return std::exchange(sparse_, nullptr);
      pulled_->clear();
    } else if (pulled_ != nullptr && pulled_->rows() > 0) {
      // Rows that came before go first.
      if (sparse_ != nullptr) return std::exchange(sparse_, nullptr);
      return std::exchange(pulled_, nullptr);
    }
    if (at_end_) return std::exchange(sparse_, nullptr);
    if (pulled_ == nullptr) pulled_ = make();
    next_pulled_ = 0;
    at_end_ = !TRY(source_.next(*pulled_, pulled_->capacity()));
    TRY(runtime_.check());
  }
}

void DenseBatches::append_to_sparse() {
  if (sparse_ == nullptr) sparse_ = make();
  for (; next_pulled_ < pulled_->rows() && has_room(); ++next_pulled_) {
    size_t row = sparse_->rows();
    for (Register which : needed_) {
      sparse_->column(which)[row] = sparse_->arena().copy(pulled_->at(which, next_pulled_));
    }
    sparse_->set_rows(row + 1);
  }
}

base::Result<> KeptRows::read_all() {
  while (auto batch = TRY(source_.next())) {
    rows_ += batch->rows();
    batches_.push_back(std::move(batch));
    TRY(runtime_.check());
  }
  return {};
}

}  // namespace workerdb::aql::execute

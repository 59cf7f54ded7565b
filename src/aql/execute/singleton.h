#pragma once
// The first operator of every chain: one row without values or, in a subquery, with those of the outer row.
#include "aql/execute/operator.h"

namespace workerdb::aql::execute {

class Singleton : public Operator {
 public:
  Singleton(Runtime& runtime, const std::vector<Register>& outer_registers)
      : Operator(runtime, nullptr), outer_registers_(outer_registers) {}

  void set_outer(const Batch* outer, size_t row) {
    outer_ = outer;
    outer_row_ = row;
  }
  base::Result<bool> next(Batch& to, size_t) override {
    if (is_done_) return false;
    is_done_ = true;
    if (outer_ != nullptr) {
      to.share_arenas(*outer_);
      to.copy_row(*outer_, outer_row_, 0, outer_registers_);
    }
    to.set_rows(1);
    return true;
  }
  void reset() override { is_done_ = false; }
  OuterRow outer_row() const override { return {outer_, outer_row_}; }

 private:
  const std::vector<Register>& outer_registers_;
  const Batch* outer_ = nullptr;
  size_t outer_row_ = 0;
  bool is_done_ = false;
};

}  // namespace workerdb::aql::execute

// FILTER: keeps the rows of a batch whose condition holds, in place.
#include <algorithm>
#include <array>

#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct FilterStep : Step {
  bool is_row_by_row() const override { return true; }
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  EvaluatorPtr condition;
};

class Filter : public Operator {
 public:
  Filter(Runtime& runtime, std::unique_ptr<Operator> source, const FilterStep& step)
      : Operator(runtime, std::move(source)), step_(step), garbage_(&runtime.interrupt) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t pull = std::min(wanted, to.capacity());
    while (TRY(input().next(to, pull))) {
      TRY(apply(to));
      TRY(runtime_.check());
      if (to.rows() > 0) return true;
      to.clear();
      pull = std::min(to.capacity(), pull * 2);
    }
    return false;
  }

 private:
  Result<> apply(Batch& batch) {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(batch);
    garbage_.reset();
    ArenaScope scope(evaluation, garbage_);
    size_t kept = 0;
    for (size_t row = 0; row < batch.rows(); ++row) {
      evaluation.set_row(row);
      bool passes = step_.condition->is_true(evaluation);
      marks_[row] = passes;
      kept += passes;
      // What a condition makes on its way is no part of the row.
      if (garbage_.reserved() > kBatchBytes) garbage_.reset();
      if (runtime_.interrupt.tick()) return runtime_.check();
    }
    runtime_.statistics.filtered += batch.rows() - kept;
    batch.keep(marks_, step_.live);
    return {};
  }

  const FilterStep& step_;
  value::Arena garbage_;
  std::array<uint8_t, kMaxBatchRows> marks_;
};

Result<std::unique_ptr<Operator>> FilterStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<Filter>(runtime, std::move(input), *this);
}

}  // namespace

StepResult compile_step(const plan::Filter& node, NodeContext& context) {
  auto step = std::make_unique<FilterStep>();
  step->condition = TRY(compile_expression(*node.condition, context.registers));
  return step;
}

}  // namespace workerdb::aql::execute

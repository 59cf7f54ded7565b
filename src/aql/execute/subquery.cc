// A subquery: its plan runs once for each row, or once for all where it reads nothing of the row, and its rows become
// one array.
#include <algorithm>

#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct SubqueryStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::unique_ptr<CompiledPlan> plan;
  EvaluatorPtr condition;  // may be null
  Register variable = kNoRegister;
  bool is_constant = false;
  uint64_t needed_rows = 0;
};

class Subquery : public Operator {
 public:
  Subquery(Runtime& runtime, std::unique_ptr<Operator> source, const SubqueryStep& step,
           std::unique_ptr<Pipeline> pipeline)
      : Operator(runtime, std::move(source)),
        step_(step),
        pipeline_(std::move(pipeline)),
        batch_(runtime.register_count, runtime.options.batch_rows, runtime.arenas),
        charge_(runtime.interrupt) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!TRY(input().next(to, std::min(wanted, pull_)))) return false;
    Slice* results = to.column(step_.variable);
    for (size_t row = 0; row < to.rows(); ++row) {
      if (runtime_.interrupt.tick()) TRY(runtime_.check());
      if (!is_wanted(to, row)) {
        results[row] = Slice::null();
        continue;
      }
      if (step_.is_constant && !constant_.is_none()) {
        results[row] = constant_;
        continue;
      }
      TRY(run(to, row));
      if (step_.is_constant) constant_ = runtime_.constants.copy(array_.slice());
      results[row] = step_.is_constant ? constant_ : to.arena().copy(array_.slice());
      give_back();
    }
    // Few rows at a time where their arrays are large.
    if (to.arena_bytes() > kBatchBytes) pull_ = std::max<size_t>(1, pull_ / 4);
    if (to.arena_bytes() < kBatchBytes / 8) pull_ = std::min(kMaxBatchRows, pull_ * 2);
    TRY(runtime_.check());
    return true;
  }

 private:
  bool is_wanted(Batch& to, size_t row) {
    if (step_.condition == nullptr) return true;
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(to);
    evaluation.set_row(row);
    ArenaScope scope(evaluation, to.arena());
    return step_.condition->is_true(evaluation);
  }

  Result<> run(Batch& outer, size_t row) {
    pipeline_->start(&outer, row);
    array_.clear();
    array_.open_array();
    members_ = 0;
    uint64_t left = step_.needed_rows == 0 ? UINT64_MAX : step_.needed_rows;
    batch_.clear();
    while (left > 0 && TRY(pipeline_->next(batch_, std::min<uint64_t>(left, batch_.capacity())))) {
      size_t rows = std::min<uint64_t>(left, batch_.rows());
      left -= rows;
      members_ += rows;
      if (pipeline_->result() != kNoRegister) {
        const Slice* values = batch_.column(pipeline_->result());
        for (size_t i = 0; i < rows; ++i) array_.slice(values[i]);
      }
      charge();
      TRY(runtime_.check());
      TRY(check_size());
      batch_.clear();
    }
    array_.close();
    return {};
  }

  // The array counts while it grows, with the place of each member that its builder notes.
  void charge() {
    size_t held = array_.byte_size() + members_ * sizeof(size_t);
    if (held > charge_.bytes()) charge_.add(held - charge_.bytes());
  }
  // The builder keeps its memory for the next row's array, unless it is much.
  void give_back() {
    if (charge_.bytes() < kBatchBytes) return;
    array_ = value::Builder();
    charge_.clear();
  }

  Result<> check_size() const {
    size_t limit = runtime_.options.memory_limit_bytes;
    if (array_.byte_size() < kLargestValueBytes && (limit == 0 || array_.byte_size() < limit)) return {};
    return base::Error(base::ErrorCode::kResourceLimit, "query would use more memory than allowed");
  }

  const SubqueryStep& step_;
  std::unique_ptr<Pipeline> pipeline_;
  Batch batch_;
  value::Builder array_;
  uint64_t members_ = 0;  // of array_
  MemoryCharge charge_;   // what array_ takes
  Slice constant_;
  size_t pull_ = 16;
};

Result<std::unique_ptr<Operator>> SubqueryStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto pipeline = TRY(Pipeline::make(*plan, runtime));
  return std::make_unique<Subquery>(runtime, std::move(input), *this, std::move(pipeline));
}

}  // namespace

StepResult compile_step(const plan::Subquery& node, NodeContext& context) {
  auto step = std::make_unique<SubqueryStep>();
  RegisterAllocation& registers = context.registers;
  step->variable = registers.of(node.variable);
  registers.written(step->variable);
  std::vector<Register> behind = registers.live();
  step->plan = TRY(compile_plan(*node.plan, registers, false));
  registers.set_live(std::move(behind));
  for (Register which : step->plan->outer) registers.read(which);
  if (node.condition != nullptr) step->condition = TRY(compile_expression(*node.condition, registers));
  step->is_constant = node.is_constant && step->plan->outer.empty() && !step->plan->modifies;
  // Writes run to their end whatever is read of their rows.
  step->needed_rows = step->plan->modifies ? 0 : node.needed_rows;
  return step;
}

}  // namespace workerdb::aql::execute

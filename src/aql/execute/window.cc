// WINDOW: aggregates over the rows around each row, by their number or by the distance of a value (a number, or a
// time in milliseconds with durations as distances).
#include <algorithm>
#include <cmath>
#include <limits>

#include "aql/execute/steps.h"
#include "aql/functions/conversion.h"
#include "value/order.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct WindowStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  struct Aggregation {
    Register variable;
    const functions::Aggregate* aggregate;
    EvaluatorPtr argument;  // may be null
  };
  EvaluatorPtr range_value;           // null: rows are counted
  EvaluatorPtr preceding, following;  // may be null: 0
  std::vector<Aggregation> aggregations;
  std::vector<Register> needed;  // carried, and what the expressions read
};

// How far a window reaches in one direction.
struct Reach {
  double distance = 0;
  Slice duration;  // a string, instead
};

class Window : public Operator {
 public:
  Window(Runtime& runtime, std::unique_ptr<Operator> source, const WindowStep& step)
      : Operator(runtime, std::move(source)),
        step_(step),
        kept_(runtime, input(), step.needed),
        values_(&runtime.interrupt),
        charge_(runtime.interrupt) {
    for (const auto& aggregation : step.aggregations) states_.push_back(aggregation.aggregate->make(runtime.functions));
  }

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!has_read_) {
      has_read_ = true;
      TRY(read());
    }
    size_t target = std::min(wanted, to.capacity());
    while (next_ < rows_.size() && to.rows() < target) {
      TRY(write(to));
      ++next_;
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    kept_.clear();
    rows_.clear();
    values_.reset();
    charge_.clear();
    first_ = last_ = next_ = 0;
    has_read_ = false;
  }

 private:
  struct Row {
    uint32_t batch, row;
    bool has_value;  // a number, where the window goes by values
    double value;
    size_t arguments;  // in arguments_
  };

  Result<> read() {
    TRY(kept_.read_all());
    arguments_.clear();
    charge_.add(kept_.rows() * (sizeof(Row) + step_.aggregations.size() * sizeof(Slice)));
    Evaluation& evaluation = runtime_.evaluation;
    ArenaScope scope(evaluation, values_);
    for (size_t number = 0; number < kept_.batch_count(); ++number) {
      Batch& batch = kept_.batch(number);
      evaluation.set_batch(batch);
      for (size_t row = 0; row < batch.rows(); ++row) {
        evaluation.set_row(row);
        add_row(uint32_t(number), uint32_t(row));
        if (runtime_.interrupt.tick()) TRY(runtime_.check());
      }
      TRY(runtime_.check());
    }
    if (!rows_.empty()) {
      preceding_ = TRY(reach(step_.preceding));
      following_ = TRY(reach(step_.following));
    }
    if (step_.range_value == nullptr) return {};
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& left, const Row& right) {
      return left.has_value != right.has_value ? !left.has_value : left.value < right.value;
    });
    return {};
  }

  void add_row(uint32_t batch, uint32_t row) {
    Evaluation& evaluation = runtime_.evaluation;
    Row made{batch, row, true, 0, arguments_.size()};
    if (step_.range_value != nullptr) {
      Slice value = step_.range_value->evaluate(evaluation);
      made.has_value = value.is_number();
      if (made.has_value) {
        made.value = value.as_double();
      } else {
        runtime_.functions.warn(base::ErrorCode::kQueryInvalidArithmeticValue);
      }
    }
    for (const auto& aggregation : step_.aggregations) {
      arguments_.push_back(aggregation.argument == nullptr ? Slice::null()
                                                           : aggregation.argument->evaluate(evaluation));
    }
    rows_.push_back(made);
  }

  // Constants, whatever the evaluation's row is.
  Result<Reach> reach(const EvaluatorPtr& evaluator) {
    if (evaluator == nullptr) return Reach{};
    Slice value = evaluator->evaluate(runtime_.evaluation);
    if (value.is_number() && value.as_double() >= 0) return Reach{value.as_double(), {}};
    if (value.is_string() && value.as_string() == "unbounded") return Reach{kInfinity, {}};
    if (value.is_string() && step_.range_value != nullptr) return Reach{0, value};
    return base::Error(base::ErrorCode::kBadParameter,
                       "WINDOW bounds must be numbers of at least 0, \"unbounded\" or, with a value, durations");
  }

  // The value at the window's edge.
  double edge(const Reach& reach, double from, bool forward) {
    if (reach.duration.is_none()) return forward ? from + reach.distance : from - reach.distance;
    const functions::Function* shift = functions::find_function(forward ? "DATE_ADD" : "DATE_SUBTRACT");
    const functions::Function* stamp = functions::find_function("DATE_TIMESTAMP");
    if (shift == nullptr || stamp == nullptr) return from;
    value::Arena scratch;
    ArenaScope scope(runtime_.evaluation, scratch);
    Slice shifted[] = {scratch.number(from), reach.duration};
    Slice date = shift->implementation(runtime_.functions, {shifted, 2});
    Slice time = stamp->implementation(runtime_.functions, {&date, 1});
    return time.is_number() ? time.as_double() : from;
  }

  // The rows [first, last) of the window around a row.
  std::pair<size_t, size_t> bounds(size_t at) {
    if (step_.range_value == nullptr) {
      size_t first = preceding_.distance >= double(at) ? 0 : at - size_t(preceding_.distance);
      size_t behind = rows_.size() - at - 1;
      size_t last = following_.distance >= double(behind) ? rows_.size() : at + size_t(following_.distance) + 1;
      return {first, last};
    }
    if (!rows_[at].has_value) return {at, at};
    double low = edge(preceding_, rows_[at].value, false), high = edge(following_, rows_[at].value, true);
    size_t first = std::max(first_, first_valued());
    while (first < rows_.size() && rows_[first].value < low) ++first;
    size_t last = std::max(last_, first);
    while (last < rows_.size() && rows_[last].value <= high) ++last;
    return {first, last};
  }
  size_t first_valued() const {
    auto at = std::partition_point(rows_.begin(), rows_.end(), [](const Row& row) { return !row.has_value; });
    return size_t(at - rows_.begin());
  }

  Result<> write(Batch& to) {
    auto [first, last] = bounds(next_);
    // A window that only grew goes on with its states; any other begins anew.
    if (first != first_ || last < last_ || next_ == 0) {
      for (auto& state : states_) state->reset();
      last_ = first;
    }
    for (size_t i = last_; i < last; ++i) {
      for (size_t which = 0; which < states_.size(); ++which)
        states_[which]->add(arguments_[rows_[i].arguments + which]);
      if (runtime_.interrupt.tick()) return runtime_.check();
    }
    first_ = first;
    last_ = last;
    const Row& row = rows_[next_];
    size_t target = to.rows();
    Batch& from = kept_.batch(row.batch);
    to.share_arenas(from);
    to.copy_row(from, row.row, target, step_.carried);
    ArenaScope scope(runtime_.evaluation, to.arena());
    for (size_t which = 0; which < states_.size(); ++which) {
      to.column(step_.aggregations[which].variable)[target] = states_[which]->result(runtime_.functions);
    }
    to.set_rows(target + 1);
    return {};
  }

  const WindowStep& step_;
  KeptRows kept_;
  value::Arena values_;
  MemoryCharge charge_;
  std::vector<std::unique_ptr<functions::Aggregator>> states_;
  std::vector<Row> rows_;
  std::vector<Slice> arguments_;
  Reach preceding_, following_;
  size_t first_ = 0, last_ = 0;  // the rows that the states hold
  size_t next_ = 0;
  bool has_read_ = false;
};

Result<std::unique_ptr<Operator>> WindowStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<Window>(runtime, std::move(input), *this);
}

}  // namespace

StepResult compile_step(const plan::Window& node, NodeContext& context) {
  auto step = std::make_unique<WindowStep>();
  RegisterAllocation& registers = context.registers;
  for (const auto& aggregation : node.aggregations) {
    Register variable = registers.of(aggregation.variable);
    registers.written(variable);
    step->aggregations.push_back({variable, aggregation.aggregate, nullptr});
  }
  step->carried = registers.live();
  for (size_t i = 0; i < node.aggregations.size(); ++i) {
    if (node.aggregations[i].argument == nullptr) continue;
    step->aggregations[i].argument = TRY(compile_expression(*node.aggregations[i].argument, registers));
  }
  if (node.range_value != nullptr) step->range_value = TRY(compile_expression(*node.range_value, registers));
  if (node.preceding != nullptr) step->preceding = TRY(compile_expression(*node.preceding, registers));
  if (node.following != nullptr) step->following = TRY(compile_expression(*node.following, registers));
  step->needed = registers.live();
  return step;
}

}  // namespace workerdb::aql::execute

// FOR over an array or a range. A range is walked without being built.
#include <algorithm>

#include "aql/execute/steps.h"
#include "aql/functions/conversion.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct EnumerateListStep : Step {
  bool is_row_by_row() const override { return true; }
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  EvaluatorPtr list;
  EvaluatorPtr low, high;  // of a range, instead of the list
  Register variable = kNoRegister;
  EvaluatorPtr object;  // instead of the list: its attributes' names and values
  Register pair_value = kNoRegister;
};

class EnumerateList : public Operator {
 public:
  EnumerateList(Runtime& runtime, std::unique_ptr<Operator> source, const EnumerateListStep& step)
      : Operator(runtime, std::move(source)), step_(step), outer_(runtime, input()), item_(Slice()) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t target = std::min(wanted, to.capacity());
    Slice* values = to.column(step_.variable);
    Slice* pair_values = step_.pair_value != kNoRegister ? to.column(step_.pair_value) : nullptr;
    if (is_inside()) to.share_arenas(outer_.batch());
    while (to.rows() < target) {
      if (!is_inside()) {
        if (!TRY(outer_.advance(1))) break;
        TRY(enter());
        to.share_arenas(outer_.batch());
        TRY(runtime_.check());
        continue;
      }
      size_t row = to.rows();
      to.copy_row(outer_.batch(), outer_.row(), row, step_.carried);
      values[row] = take(to);
      if (pair_values != nullptr) pair_values[row] = taken_value_;
      to.set_rows(row + 1);
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    integers_left_ = 0;
    item_ = value::ArrayIterator(Slice());
    attribute_ = value::ObjectIterator(Slice());
  }

 private:
  bool is_inside() const { return integers_left_ > 0 || item_.valid() || attribute_.valid(); }

  Result<> enter() {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(outer_.batch());
    evaluation.set_row(outer_.row());
    ArenaScope scope(evaluation, outer_.batch().arena());
    if (step_.low != nullptr) {
      integer_ = functions::to_integer(step_.low->evaluate(evaluation));
      int64_t high = functions::to_integer(step_.high->evaluate(evaluation));
      direction_ = integer_ <= high ? 1 : -1;
      uint64_t distance = direction_ > 0 ? uint64_t(high) - uint64_t(integer_) : uint64_t(integer_) - uint64_t(high);
      integers_left_ = distance == UINT64_MAX ? distance : distance + 1;
      return {};
    }
    if (step_.object != nullptr) {
      Slice object = step_.object->evaluate(evaluation);
      if (object.is_object()) {
        attribute_ = value::ObjectIterator(object);
        return {};
      }
    }
    Slice list = step_.list->evaluate(evaluation);  // what is no object has no entries, and a warning
    if (!list.is_array()) {
      TRY(runtime_.check());
      return base::Error(base::ErrorCode::kQueryArrayExpected, "collection or array expected as operand to FOR loop");
    }
    item_ = value::ArrayIterator(list);
    return {};
  }

  Slice take(Batch& to) {
    if (integers_left_ > 0) {
      Slice value = to.arena().integer(integer_);
      if (--integers_left_ > 0) integer_ += direction_;
      return value;
    }
    if (attribute_.valid()) {
      Slice name = to.arena().string(attribute_.name());
      taken_value_ = attribute_.value();
      attribute_.next();
      return name;
    }
    Slice value = item_.value();
    item_.next();
    return value;
  }

  const EnumerateListStep& step_;
  InputRows outer_;
  value::ArrayIterator item_;
  value::ObjectIterator attribute_ = value::ObjectIterator(Slice());
  Slice taken_value_;
  int64_t integer_ = 0, direction_ = 1;
  uint64_t integers_left_ = 0;
};

Result<std::unique_ptr<Operator>> EnumerateListStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<EnumerateList>(runtime, std::move(input), *this);
}

}  // namespace

StepResult compile_step(const plan::EnumerateList& node, NodeContext& context) {
  auto step = std::make_unique<EnumerateListStep>();
  step->variable = context.registers.of(node.variable);
  context.registers.written(step->variable);
  if (node.pair_value) {
    step->pair_value = context.registers.of(*node.pair_value);
    context.registers.written(step->pair_value);
  }
  step->carried = context.registers.live();
  if (const auto* range = node.list->get_if<syntax::Range>()) {
    step->low = TRY(compile_expression(*range->low, context.registers));
    step->high = TRY(compile_expression(*range->high, context.registers));
  } else {
    step->list = TRY(compile_expression(*node.list, context.registers));
    if (node.pair_value) {
      const auto& object = *node.list->get_if<syntax::FunctionCall>()->arguments[0];
      step->object = TRY(compile_expression(object, context.registers));
    }
  }
  return step;
}

}  // namespace workerdb::aql::execute

// LET, and the expression of RETURN: one more column for each batch, in place.
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct CalculationStep : Step {
  bool is_row_by_row() const override { return true; }
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  EvaluatorPtr expression;
  Register variable = kNoRegister;
};

class Calculation : public Operator {
 public:
  Calculation(Runtime& runtime, std::unique_ptr<Operator> source, const CalculationStep& step)
      : Operator(runtime, std::move(source)), step_(step) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!TRY(input().next(to, wanted))) return false;
    Evaluation& evaluation = runtime_.evaluation;
    value::Slice* results = to.column(step_.variable);
    evaluation.set_batch(to);
    ArenaScope scope(evaluation, to.arena());
    for (size_t row = 0; row < to.rows(); ++row) {
      evaluation.set_row(row);
      results[row] = step_.expression->evaluate(evaluation);
      if (runtime_.interrupt.tick()) break;
    }
    TRY(runtime_.check());
    return true;
  }

 private:
  const CalculationStep& step_;
};

Result<std::unique_ptr<Operator>> CalculationStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<Calculation>(runtime, std::move(input), *this);
}

StepResult compile(const syntax::Expression& expression, Register variable, NodeContext& context) {
  auto step = std::make_unique<CalculationStep>();
  step->variable = variable;
  context.registers.written(variable);
  step->expression = TRY(compile_expression(expression, context.registers));
  return step;
}

}  // namespace

StepResult compile_step(const plan::Calculation& node, NodeContext& context) {
  return compile(*node.expression, context.registers.of(node.variable), context);
}

// The result's register is live behind every plan that returns.
StepResult compile_step(const plan::Return& node, NodeContext& context) {
  return compile(*node.expression, context.registers.live().front(), context);
}

}  // namespace workerdb::aql::execute

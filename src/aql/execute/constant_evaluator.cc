#include "aql/execute/constant_evaluator.h"

#include "aql/execute/expression_compiler.h"

namespace workerdb::aql::execute {

std::optional<value::Buffer> ProgramEvaluator::evaluate(const syntax::Expression& expression) {
  constexpr size_t kFoldingMemory = size_t(4) << 20;
  RegisterAllocation registers;
  auto compiled = compile_expression(expression, registers);
  if (!compiled || registers.count() > 0) return std::nullopt;
  Interrupt interrupt(kFoldingMemory, 0);
  value::Arena arena(&interrupt);
  functions::Context context;
  context.set_arena(&arena);
  context.stop_ = interrupt.flag();
  context.largest_value_bytes = semantics::kMaxFoldedBytes;
  Evaluation evaluation(context, interrupt, registers.local_count());
  value::Slice value = (*compiled)->evaluate(evaluation);
  if (!interrupt.check() || context.failed() || context.warning_count() > 0) return std::nullopt;
  if (value.byte_size() > semantics::kMaxFoldedBytes) return std::nullopt;
  return value::Buffer(value.is_none() ? value::Slice::null() : value);
}

}  // namespace workerdb::aql::execute

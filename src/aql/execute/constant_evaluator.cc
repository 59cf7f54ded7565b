#include "aql/execute/constant_evaluator.h"

#include <algorithm>

#include "aql/execute/expression_compiler.h"
#include "aql/plan/walk.h"
#include "base/time.h"

namespace workerdb::aql::execute {
namespace {

constexpr size_t kFoldingMemory = size_t(4) << 20;

// Operators on constants alone; functions may take time or read.
bool needs_nothing(const syntax::Expression& expression) {
  using namespace syntax;
  if (expression.is_constant()) return true;
  if (const auto* unary = expression.get_if<Unary>()) return needs_nothing(*unary->operand);
  if (const auto* binary = expression.get_if<Binary>()) {
    return needs_nothing(*binary->left) && needs_nothing(*binary->right);
  }
  const auto* call = expression.get_if<FunctionCall>();
  return call != nullptr && plan::is_deterministic(expression) &&
         std::ranges::all_of(call->arguments, [](const auto& argument) { return needs_nothing(*argument); });
}

}  // namespace

std::optional<value::Buffer> ProgramEvaluator::evaluate(const syntax::Expression& expression) {
  if (remaining_ns_ <= 0) return std::nullopt;
  RegisterAllocation registers;
  auto compiled = compile_expression(expression, registers);
  if (!compiled || registers.count() > 0) return std::nullopt;
  const int64_t start_ns = base::steady_time_ns();
  Interrupt interrupt(kFoldingMemory, start_ns + remaining_ns_);
  value::Arena arena(&interrupt);
  functions::Context context;
  context.set_arena(&arena);
  context.stop_ = interrupt.flag();
  context.deadline_ns = start_ns + remaining_ns_;
  context.largest_value_bytes = semantics::kMaxFoldedBytes;
  Evaluation evaluation(context, interrupt, registers.local_count());
  value::Slice value = (*compiled)->evaluate(evaluation);
  remaining_ns_ -= base::steady_time_ns() - start_ns;
  if (!interrupt.check() || context.failed() || context.warning_count() > 0) return std::nullopt;
  if (value.byte_size() > semantics::kMaxFoldedBytes) return std::nullopt;
  return value::Buffer(value.is_none() ? value::Slice::null() : value);
}

std::optional<std::vector<functions::Warning>> ProgramEvaluator::warnings_of(const syntax::Expression& expression) {
  if (remaining_ns_ <= 0 || !needs_nothing(expression)) return std::nullopt;
  RegisterAllocation registers;
  auto compiled = compile_expression(expression, registers);
  if (!compiled || registers.count() > 0) return std::nullopt;
  const int64_t start_ns = base::steady_time_ns();
  Interrupt interrupt(kFoldingMemory, start_ns + remaining_ns_);
  value::Arena arena(&interrupt);
  functions::Context context;
  context.set_arena(&arena);
  context.stop_ = interrupt.flag();
  context.deadline_ns = start_ns + remaining_ns_;
  context.largest_value_bytes = semantics::kMaxFoldedBytes;
  Evaluation evaluation(context, interrupt, registers.local_count());
  (void)(*compiled)->evaluate(evaluation);
  remaining_ns_ -= base::steady_time_ns() - start_ns;
  return context.warnings();
}

}  // namespace workerdb::aql::execute

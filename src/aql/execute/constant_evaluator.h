#pragma once
// Folds constants with the very code that evaluates expressions in a query.
#include <cstdint>

#include "aql/semantics/analyze.h"

namespace workerdb::aql::execute {

// For one thread and one query. What cannot be folded in a moment is left to the query's run, which can be ended.
class ProgramEvaluator : public semantics::ConstantEvaluator {
 public:
  std::optional<value::Buffer> evaluate(const syntax::Expression& expression) override;
  // What evaluating it warns of. None for an expression that needs variables or documents.
  std::optional<std::vector<functions::Warning>> warnings_of(const syntax::Expression& expression);

 private:
  int64_t remaining_ns_ = 100'000'000;  // for all that the query folds
};

}  // namespace workerdb::aql::execute

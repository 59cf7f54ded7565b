#pragma once
// Folds constants with the very code that evaluates expressions in a query.
#include "aql/semantics/analyze.h"

namespace workerdb::aql::execute {

// For one thread.
class ProgramEvaluator : public semantics::ConstantEvaluator {
 public:
  std::optional<value::Buffer> evaluate(const syntax::Expression& expression) override;
  // What evaluating it warns of. None for an expression that needs variables or documents.
  std::optional<std::vector<functions::Warning>> warnings_of(const syntax::Expression& expression);
};

}  // namespace workerdb::aql::execute

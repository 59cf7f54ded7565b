#pragma once
// Folds constants with the very code that evaluates expressions in a query.
#include "aql/semantics/analyze.h"

namespace workerdb::aql::execute {

// For one thread.
class ProgramEvaluator : public semantics::ConstantEvaluator {
 public:
  std::optional<value::Buffer> evaluate(const syntax::Expression& expression) override;
};

}  // namespace workerdb::aql::execute

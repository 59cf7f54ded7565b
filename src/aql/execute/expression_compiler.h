#pragma once
// From an expression of the plan to an Evaluator.
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "aql/execute/evaluation.h"
#include "aql/syntax/expression.h"
#include "base/result.h"

namespace workerdb::aql::execute {

// Gives variables their registers and remembers which of them are read: a plan is compiled from its last node to its
// first, so that `live` always holds what the nodes behind need.
class RegisterAllocation {
 public:
  // The variable's register, from now on.
  Register of(syntax::VariableId variable);
  // One that stands for no variable.
  Register make() { return Register(count_++); }
  size_t count() const { return count_; }

  void read(Register which);
  void written(Register which);
  bool is_live(Register which) const;
  const std::vector<Register>& live() const { return live_; }
  void set_live(std::vector<Register> live) { live_ = std::move(live); }

  // Variables of inline expressions live beside the registers, in the evaluation.
  size_t enter_local(syntax::VariableId variable);
  void leave_local(syntax::VariableId variable);
  const size_t* find_local(syntax::VariableId variable) const;
  size_t local_count() const { return local_count_; }

  // Whether bind parameters are read when the program runs; otherwise they are the constants that the plan holds.
  bool keeps_parameters() const { return keeps_parameters_; }
  void keep_parameters() { keeps_parameters_ = true; }

 private:
  bool keeps_parameters_ = false;
  std::unordered_map<syntax::VariableId, Register> registers_;
  std::unordered_map<syntax::VariableId, size_t> locals_;
  std::vector<Register> live_;
  size_t count_ = 0, locals_in_use_ = 0, local_count_ = 0;
};

// Errors: kInternal for nodes that semantics should have replaced (bind parameters, unresolved names).
base::Result<EvaluatorPtr> compile_expression(const syntax::Expression& expression, RegisterAllocation& registers);

}  // namespace workerdb::aql::execute

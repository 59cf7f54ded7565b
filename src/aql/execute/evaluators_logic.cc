// Logical operators and the choice between two expressions. Only the side that is needed is evaluated.
#include "aql/execute/evaluators.h"

namespace workerdb::aql::execute {
namespace {

using value::Slice;

class Not : public Evaluator {
 public:
  explicit Not(EvaluatorPtr operand) : operand_(std::move(operand)) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override { return !operand_->is_true(evaluation); }

 private:
  const EvaluatorPtr operand_;
};

// `a && b` gives a where a is false, else b; `a || b` gives a where a is true, else b.
template <bool kStopsAt>
class Junction : public Evaluator {
 public:
  Junction(EvaluatorPtr left, EvaluatorPtr right) : left_(std::move(left)), right_(std::move(right)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    Slice left = left_->evaluate(evaluation);
    return value::is_truthy(left) == kStopsAt ? left : right_->evaluate(evaluation);
  }
  bool is_true(Evaluation& evaluation) const override {
    return left_->is_true(evaluation) == kStopsAt ? kStopsAt : right_->is_true(evaluation);
  }

 private:
  const EvaluatorPtr left_, right_;
};

class Ternary : public Evaluator {
 public:
  Ternary(EvaluatorPtr condition, EvaluatorPtr when_true, EvaluatorPtr when_false)
      : condition_(std::move(condition)), when_true_(std::move(when_true)), when_false_(std::move(when_false)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    return (condition_->is_true(evaluation) ? when_true_ : when_false_)->evaluate(evaluation);
  }
  bool is_true(Evaluation& evaluation) const override {
    return (condition_->is_true(evaluation) ? when_true_ : when_false_)->is_true(evaluation);
  }

 private:
  const EvaluatorPtr condition_, when_true_, when_false_;
};

}  // namespace

EvaluatorPtr make_not(EvaluatorPtr operand) { return std::make_unique<Not>(std::move(operand)); }
EvaluatorPtr make_and(EvaluatorPtr left, EvaluatorPtr right) {
  return std::make_unique<Junction<false>>(std::move(left), std::move(right));
}
EvaluatorPtr make_or(EvaluatorPtr left, EvaluatorPtr right) {
  return std::make_unique<Junction<true>>(std::move(left), std::move(right));
}
EvaluatorPtr make_ternary(EvaluatorPtr condition, EvaluatorPtr when_true, EvaluatorPtr when_false) {
  // `a ?: b` is `a || b`: the condition is evaluated once.
  if (when_true == nullptr) return make_or(std::move(condition), std::move(when_false));
  return std::make_unique<Ternary>(std::move(condition), std::move(when_true), std::move(when_false));
}

}  // namespace workerdb::aql::execute

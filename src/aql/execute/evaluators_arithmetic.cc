// Arithmetic, with the integers and doubles that it mostly meets kept out of the general casts.
#include "aql/execute/evaluators.h"
#include "aql/functions/conversion.h"

namespace workerdb::aql::execute {
namespace {

using syntax::BinaryOperator;
using value::Slice;

template <BinaryOperator kOperator>
bool integer_result(int64_t left, int64_t right, int64_t& result) {
  if constexpr (kOperator == BinaryOperator::kAdd) return !__builtin_add_overflow(left, right, &result);
  if constexpr (kOperator == BinaryOperator::kSubtract) return !__builtin_sub_overflow(left, right, &result);
  if constexpr (kOperator == BinaryOperator::kMultiply) return !__builtin_mul_overflow(left, right, &result);
  return false;
}

template <BinaryOperator kOperator>
Slice general(functions::Context& context, Slice left, Slice right) {
  if constexpr (kOperator == BinaryOperator::kAdd) return functions::add(context, left, right);
  if constexpr (kOperator == BinaryOperator::kSubtract) return functions::subtract(context, left, right);
  if constexpr (kOperator == BinaryOperator::kMultiply) return functions::multiply(context, left, right);
  if constexpr (kOperator == BinaryOperator::kDivide) return functions::divide(context, left, right);
  return functions::modulo(context, left, right);
}

template <BinaryOperator kOperator>
class Arithmetic : public Evaluator {
 public:
  Arithmetic(EvaluatorPtr left, EvaluatorPtr right) : left_(std::move(left)), right_(std::move(right)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    Slice left = left_->evaluate(evaluation);
    Slice right = right_->evaluate(evaluation);
    int64_t result;
    if (left.is_int64() && right.is_int64() && integer_result<kOperator>(left.as_int64(), right.as_int64(), result)) {
      return evaluation.arena().integer(result);
    }
    return general<kOperator>(evaluation.functions, left, right);
  }

 private:
  const EvaluatorPtr left_, right_;
};

class Sign : public Evaluator {
 public:
  Sign(bool negates, EvaluatorPtr operand) : negates_(negates), operand_(std::move(operand)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    Slice operand = operand_->evaluate(evaluation);
    return negates_ ? functions::negate(evaluation.functions, operand)
                    : functions::unary_plus(evaluation.functions, operand);
  }

 private:
  const bool negates_;
  const EvaluatorPtr operand_;
};

class RangeValue : public Evaluator {
 public:
  RangeValue(EvaluatorPtr low, EvaluatorPtr high) : low_(std::move(low)), high_(std::move(high)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    int64_t low = functions::to_integer(low_->evaluate(evaluation));
    return functions::make_range(evaluation.functions, low, functions::to_integer(high_->evaluate(evaluation)));
  }

 private:
  const EvaluatorPtr low_, high_;
};

template <BinaryOperator kOperator>
EvaluatorPtr make(EvaluatorPtr left, EvaluatorPtr right) {
  return std::make_unique<Arithmetic<kOperator>>(std::move(left), std::move(right));
}

}  // namespace

EvaluatorPtr make_arithmetic(BinaryOperator op, EvaluatorPtr left, EvaluatorPtr right) {
  switch (op) {
    case BinaryOperator::kAdd: return make<BinaryOperator::kAdd>(std::move(left), std::move(right));
    case BinaryOperator::kSubtract: return make<BinaryOperator::kSubtract>(std::move(left), std::move(right));
    case BinaryOperator::kMultiply: return make<BinaryOperator::kMultiply>(std::move(left), std::move(right));
    case BinaryOperator::kDivide: return make<BinaryOperator::kDivide>(std::move(left), std::move(right));
    default: return make<BinaryOperator::kModulo>(std::move(left), std::move(right));
  }
}

EvaluatorPtr make_sign(bool negates, EvaluatorPtr operand) {
  return std::make_unique<Sign>(negates, std::move(operand));
}

EvaluatorPtr make_range_value(EvaluatorPtr low, EvaluatorPtr high) {
  return std::make_unique<RangeValue>(std::move(low), std::move(high));
}

}  // namespace workerdb::aql::execute

// Comparisons. Equality is by bytes for strings, order by collation (value/order.h).
#include <cstring>
#include <unordered_set>

#include "aql/execute/evaluators.h"
#include "aql/functions/conversion.h"
#include "aql/functions/matcher.h"

namespace workerdb::aql::execute {
namespace {

using syntax::BinaryOperator;
using value::Slice;

// The two cases that most filters are made of, without a call.
inline bool same(Slice left, Slice right) {
  if (left.is_string() && right.is_string()) return left.as_string() == right.as_string();
  return value::equal(left, right);
}

template <BinaryOperator kOperator>
bool holds(Slice left, Slice right) {
  if constexpr (kOperator == BinaryOperator::kEqual) return same(left, right);
  if constexpr (kOperator == BinaryOperator::kNotEqual) return !same(left, right);
  int order = value::compare(left, right);
  if constexpr (kOperator == BinaryOperator::kLess) return order < 0;
  if constexpr (kOperator == BinaryOperator::kLessEqual) return order <= 0;
  if constexpr (kOperator == BinaryOperator::kGreater) return order > 0;
  return order >= 0;
}

template <BinaryOperator kOperator>
class Comparison : public Evaluator {
 public:
  Comparison(EvaluatorPtr left, EvaluatorPtr right) : left_(std::move(left)), right_(std::move(right)) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    Slice left = left_->evaluate(evaluation);
    return holds<kOperator>(left, right_->evaluate(evaluation));
  }

 private:
  const EvaluatorPtr left_, right_;
};

// The right side does not depend on the row.
template <BinaryOperator kOperator>
class ComparisonWithConstant : public Evaluator {
 public:
  ComparisonWithConstant(EvaluatorPtr left, EvaluatorPtr right)
      : left_(std::move(left)), right_(std::move(right)), constant_(right_->constant()) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    return holds<kOperator>(left_->evaluate(evaluation), constant_);
  }

 private:
  const EvaluatorPtr left_, right_;
  const Slice constant_;
};

template <BinaryOperator kOperator>
EvaluatorPtr make_ordered(EvaluatorPtr left, EvaluatorPtr right) {
  if (!right->constant().is_none()) {
    return std::make_unique<ComparisonWithConstant<kOperator>>(std::move(left), std::move(right));
  }
  return std::make_unique<Comparison<kOperator>>(std::move(left), std::move(right));
}

bool contains(Evaluation& evaluation, Slice array, Slice searched) {
  for (value::ArrayIterator item(array); item.valid(); item.next()) {
    if (same(item.value(), searched)) return true;
    if (evaluation.interrupt.tick()) return false;
  }
  return false;
}

class In : public Evaluator {
 public:
  In(EvaluatorPtr value, EvaluatorPtr array, bool negated)
      : value_(std::move(value)), array_(std::move(array)), negated_(negated) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    Slice searched = value_->evaluate(evaluation);
    return contains(evaluation, array_->evaluate(evaluation), searched) != negated_;
  }

 private:
  const EvaluatorPtr value_, array_;
  const bool negated_;
};

// A list in order is searched by halves.
class InSorted : public Evaluator {
 public:
  InSorted(EvaluatorPtr value, EvaluatorPtr list, bool negated)
      : value_(std::move(value)), list_(std::move(list)), negated_(negated) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    Slice searched = value_->evaluate(evaluation), list = list_->evaluate(evaluation);
    if (searched.is_none()) searched = Slice::null();
    size_t low = 0, high = list.is_array() ? list.size() : 0;
    while (low < high) {
      size_t middle = low + (high - low) / 2;
      int order = value::compare(list.at(middle), searched);
      if (order == 0) return !negated_;
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return negated_;
  }

 private:
  const EvaluatorPtr value_, list_;
  const bool negated_;
};

struct HashOfSlice {
  size_t operator()(Slice value) const { return value::hash(value); }
};
struct EqualSlices {
  bool operator()(Slice left, Slice right) const { return same(left, right); }
};

// A constant list that is long enough for a hash to be the shorter way.
class InConstant : public Evaluator {
 public:
  static constexpr size_t kWorthHashing = 8;
  InConstant(EvaluatorPtr value, EvaluatorPtr array, bool negated)
      : value_(std::move(value)), array_(std::move(array)), negated_(negated) {
    for (value::ArrayIterator item(array_->constant()); item.valid(); item.next()) members_.insert(item.value());
  }
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    return members_.contains(value_->evaluate(evaluation)) != negated_;
  }

 private:
  const EvaluatorPtr value_, array_;
  const bool negated_;
  std::unordered_set<Slice, HashOfSlice, EqualSlices> members_;
};

// A list that a bind parameter gives.
class InParameter : public Evaluator {
 public:
  InParameter(EvaluatorPtr value, size_t list, bool negated)
      : value_(std::move(value)), list_(list), negated_(negated) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    return evaluation.parameter_contains(list_, value_->evaluate(evaluation)) != negated_;
  }

 private:
  const EvaluatorPtr value_;
  const size_t list_;
  const bool negated_;
};

class InRange : public Evaluator {
 public:
  InRange(EvaluatorPtr value, EvaluatorPtr low, EvaluatorPtr high, bool negated)
      : value_(std::move(value)), low_(std::move(low)), high_(std::move(high)), negated_(negated) {}
  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }
  bool is_true(Evaluation& evaluation) const override {
    Slice searched = value_->evaluate(evaluation);
    int64_t low = functions::to_integer(low_->evaluate(evaluation));
    int64_t high = functions::to_integer(high_->evaluate(evaluation));
    return is_inside(searched, std::min(low, high), std::max(low, high)) != negated_;
  }

 private:
  static bool is_inside(Slice value, int64_t low, int64_t high) {
    if (!value.is_number() || value.is_large_unsigned()) return false;
    int64_t integer = functions::to_integer(value);
    if (value.is_double() && double(integer) != value.as_double()) return false;
    return low <= integer && integer <= high;
  }

  const EvaluatorPtr value_, low_, high_;
  const bool negated_;
};

template <bool kNegated>
Slice like(Evaluation& evaluation, Slice text, Slice pattern) {
  Slice result = functions::like_operator(evaluation.functions, text, pattern);
  return kNegated ? Slice::boolean(!value::is_truthy(result)) : result;
}

template <bool kNegated>
Slice match(Evaluation& evaluation, Slice text, Slice pattern) {
  Slice result = functions::regex_operator(evaluation.functions, text, pattern);
  return kNegated && !result.is_null() ? Slice::boolean(!result.is_true()) : result;
}

template <BinaryOperator kOperator>
Slice compare_as(Evaluation&, Slice left, Slice right) {
  return Slice::boolean(holds<kOperator>(left, right));
}

template <bool kNegated>
Slice member_of(Evaluation& evaluation, Slice left, Slice right) {
  return Slice::boolean(contains(evaluation, right, left) != kNegated);
}

class Matching : public Evaluator {
 public:
  Matching(Compare compare, EvaluatorPtr left, EvaluatorPtr right)
      : compare_(compare), left_(std::move(left)), right_(std::move(right)) {}
  Slice evaluate(Evaluation& evaluation) const override {
    Slice left = left_->evaluate(evaluation);
    return compare_(evaluation, left, right_->evaluate(evaluation));
  }

 private:
  const Compare compare_;
  const EvaluatorPtr left_, right_;
};

EvaluatorPtr make_in(EvaluatorPtr value, EvaluatorPtr array, bool negated) {
  Slice constant = array->constant();
  if (constant.is_array() && constant.size() >= InConstant::kWorthHashing) {
    return std::make_unique<InConstant>(std::move(value), std::move(array), negated);
  }
  if (auto list = array->parameter()) return std::make_unique<InParameter>(std::move(value), *list, negated);
  return std::make_unique<In>(std::move(value), std::move(array), negated);
}

}  // namespace

EvaluatorPtr make_in_sorted(EvaluatorPtr value, EvaluatorPtr list, bool negated) {
  return std::make_unique<InSorted>(std::move(value), std::move(list), negated);
}

EvaluatorPtr make_comparison(BinaryOperator op, EvaluatorPtr left, EvaluatorPtr right) {
  switch (op) {
    case BinaryOperator::kEqual: return make_ordered<BinaryOperator::kEqual>(std::move(left), std::move(right));
    case BinaryOperator::kNotEqual: return make_ordered<BinaryOperator::kNotEqual>(std::move(left), std::move(right));
    case BinaryOperator::kLess: return make_ordered<BinaryOperator::kLess>(std::move(left), std::move(right));
    case BinaryOperator::kLessEqual: return make_ordered<BinaryOperator::kLessEqual>(std::move(left), std::move(right));
    case BinaryOperator::kGreater: return make_ordered<BinaryOperator::kGreater>(std::move(left), std::move(right));
    case BinaryOperator::kGreaterEqual:
      return make_ordered<BinaryOperator::kGreaterEqual>(std::move(left), std::move(right));
    case BinaryOperator::kIn: return make_in(std::move(left), std::move(right), false);
    case BinaryOperator::kNotIn: return make_in(std::move(left), std::move(right), true);
    default: return std::make_unique<Matching>(comparison(op), std::move(left), std::move(right));
  }
}

EvaluatorPtr make_in_range(EvaluatorPtr value, EvaluatorPtr low, EvaluatorPtr high, bool negated) {
  return std::make_unique<InRange>(std::move(value), std::move(low), std::move(high), negated);
}

Compare comparison(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kEqual: return compare_as<BinaryOperator::kEqual>;
    case BinaryOperator::kNotEqual: return compare_as<BinaryOperator::kNotEqual>;
    case BinaryOperator::kLess: return compare_as<BinaryOperator::kLess>;
    case BinaryOperator::kLessEqual: return compare_as<BinaryOperator::kLessEqual>;
    case BinaryOperator::kGreater: return compare_as<BinaryOperator::kGreater>;
    case BinaryOperator::kGreaterEqual: return compare_as<BinaryOperator::kGreaterEqual>;
    case BinaryOperator::kIn: return member_of<false>;
    case BinaryOperator::kNotIn: return member_of<true>;
    case BinaryOperator::kLike: return like<false>;
    case BinaryOperator::kNotLike: return like<true>;
    case BinaryOperator::kMatch: return match<false>;
    case BinaryOperator::kNotMatch: return match<true>;
    default: return nullptr;
  }
}

}  // namespace workerdb::aql::execute

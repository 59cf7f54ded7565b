// What works on the members of an array: [*], [?] and the array variants of comparisons.
#include "aql/execute/evaluators.h"
#include "aql/functions/conversion.h"

namespace workerdb::aql::execute {
namespace {

using syntax::Quantifier;
using value::ArrayIterator;
using value::Slice;

// array[** FILTER … LIMIT … RETURN …]; anything but an array gives [].
class Expansion : public Evaluator {
 public:
  explicit Expansion(ExpansionParts parts) : parts_(std::move(parts)) {}

  Slice evaluate(Evaluation& evaluation) const override {
    Evaluation::Scratch scratch(evaluation);
    append(evaluation, *scratch);
    return scratch.finish();
  }

  void append(Evaluation& evaluation, value::Builder& to) const override {
    Slice array = parts_.array->evaluate(evaluation);
    Window window;
    if (parts_.offset != nullptr) window.skip = bound(*parts_.offset, evaluation);
    if (parts_.count != nullptr) window.left = bound(*parts_.count, evaluation);
    Slice outer = evaluation.local(parts_.element);
    to.open_array();
    if (array.is_array()) walk(evaluation, array, parts_.levels, window, to);
    to.close();
    evaluation.set_local(parts_.element, outer);
  }

 private:
  struct Window {
    uint64_t skip = 0, left = UINT64_MAX;
  };

  static uint64_t bound(const Evaluator& evaluator, Evaluation& evaluation) {
    return uint64_t(std::max<int64_t>(0, functions::to_integer(evaluator.evaluate(evaluation))));
  }

  // Members that are arrays are walked instead of taken as long as levels are left to flatten.
  void walk(Evaluation& evaluation, Slice array, uint32_t levels, Window& window, value::Builder& to) const {
    for (ArrayIterator item(array); item.valid() && window.left > 0; item.next()) {
      if (evaluation.interrupt.tick()) return;
      if (levels > 1 && item.value().is_array()) {
        walk(evaluation, item.value(), levels - 1, window, to);
      } else {
        take(evaluation, item.value(), window, to);
      }
    }
  }

  void take(Evaluation& evaluation, Slice member, Window& window, value::Builder& to) const {
    evaluation.set_local(parts_.element, member);
    if (parts_.filter != nullptr && !parts_.filter->is_true(evaluation)) return;
    if (window.skip > 0) {
      --window.skip;
      return;
    }
    --window.left;
    if (parts_.projection != nullptr) {
      parts_.projection->append(evaluation, to);
    } else {
      to.slice(member);
    }
  }

  const ExpansionParts parts_;
};

struct Bounds {
  uint64_t low, high;
};

// How many members must match.
Bounds bounds_of(Quantifier quantifier, uint64_t size, int64_t low, int64_t high) {
  auto at_least_zero = [](int64_t value) { return uint64_t(std::max<int64_t>(0, value)); };
  switch (quantifier) {
    case Quantifier::kAll: return {size, size};
    case Quantifier::kAny: return {1, UINT64_MAX};
    case Quantifier::kNone: return {0, 0};
    case Quantifier::kAtLeast: return {at_least_zero(low), UINT64_MAX};
    case Quantifier::kExactly: return low < 0 ? Bounds{1, 0} : Bounds{uint64_t(low), uint64_t(low)};
    case Quantifier::kBetween: return {at_least_zero(low), high < 0 ? 0 : uint64_t(high)};
  }
  return {1, 0};
}

class QuestionMark : public Evaluator {
 public:
  explicit QuestionMark(QuestionMarkParts parts) : parts_(std::move(parts)) {}

  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }

  bool is_true(Evaluation& evaluation) const override {
    Slice array = parts_.array->evaluate(evaluation);
    // What is no array has no members, as with [*]; ALL compares with its LENGTH() (the table in operators.md).
    uint64_t length = array.is_array() ? array.size() : has_length(array);
    if (!array.is_array()) array = Slice::empty_array();
    Bounds bounds =
        bounds_of(parts_.quantifier, length, integer(parts_.low, evaluation), integer(parts_.high, evaluation));
    if (parts_.filter == nullptr) return bounds.low <= array.size() && array.size() <= bounds.high;
    Slice outer = evaluation.local(parts_.element);
    uint64_t matches = 0;
    for (ArrayIterator item(array); item.valid() && !is_decided(bounds, matches); item.next()) {
      if (evaluation.interrupt.tick()) break;
      evaluation.set_local(parts_.element, item.value());
      matches += parts_.filter->is_true(evaluation);
    }
    evaluation.set_local(parts_.element, outer);
    return bounds.low <= matches && matches <= bounds.high;
  }

 private:
  static bool has_length(Slice value) {
    if (value.is_string()) return !value.as_string().empty();
    if (value.is_object()) return value.size() > 0;
    return value.is_number() || value.is_true();
  }
  static bool is_decided(const Bounds& bounds, uint64_t matches) {
    return matches > bounds.high || (matches >= bounds.low && bounds.high == UINT64_MAX);
  }
  static int64_t integer(const EvaluatorPtr& evaluator, Evaluation& evaluation) {
    return evaluator == nullptr ? 0 : functions::to_integer(evaluator->evaluate(evaluation));
  }

  const QuestionMarkParts parts_;
};

class ArrayComparison : public Evaluator {
 public:
  ArrayComparison(Quantifier quantifier, EvaluatorPtr at_least, Compare compare, EvaluatorPtr left, EvaluatorPtr right)
      : quantifier_(quantifier),
        at_least_(std::move(at_least)),
        compare_(compare),
        left_(std::move(left)),
        right_(std::move(right)) {}

  Slice evaluate(Evaluation& evaluation) const override { return Slice::boolean(is_true(evaluation)); }

  // Anything but an array on the left side compares as false.
  bool is_true(Evaluation& evaluation) const override {
    Slice left = left_->evaluate(evaluation);
    Slice right = right_->evaluate(evaluation);
    if (!left.is_array()) return false;
    int64_t at_least = at_least_ == nullptr ? 0 : functions::to_integer(at_least_->evaluate(evaluation));
    Bounds bounds = bounds_of(quantifier_, left.size(), at_least, 0);
    uint64_t matches = 0;
    for (ArrayIterator item(left); item.valid() && matches <= bounds.high; item.next()) {
      if (bounds.high == UINT64_MAX && matches >= bounds.low) break;
      if (evaluation.interrupt.tick()) return false;
      matches += value::is_truthy(compare_(evaluation, item.value(), right));
    }
    return bounds.low <= matches && matches <= bounds.high;
  }

 private:
  const Quantifier quantifier_;
  const EvaluatorPtr at_least_;
  const Compare compare_;
  const EvaluatorPtr left_, right_;
};

}  // namespace

EvaluatorPtr make_expansion(ExpansionParts parts) { return std::make_unique<Expansion>(std::move(parts)); }
EvaluatorPtr make_question_mark(QuestionMarkParts parts) { return std::make_unique<QuestionMark>(std::move(parts)); }
EvaluatorPtr make_array_comparison(Quantifier quantifier, EvaluatorPtr at_least, syntax::BinaryOperator op,
                                   EvaluatorPtr left, EvaluatorPtr right) {
  return std::make_unique<ArrayComparison>(quantifier, std::move(at_least), comparison(op), std::move(left),
                                           std::move(right));
}

}  // namespace workerdb::aql::execute

// Array and object literals, and function calls.
#include <algorithm>
#include <array>

#include "aql/execute/evaluators.h"
#include "aql/functions/conversion.h"

namespace workerdb::aql::execute {
namespace {

using value::Slice;

// Nested literals are written into one another: only the outermost makes a value of its own.
class Literal : public Evaluator {
 public:
  Slice evaluate(Evaluation& evaluation) const final {
    Evaluation::Scratch scratch(evaluation);
    append(evaluation, *scratch);
    return scratch.finish();
  }
  bool is_true(Evaluation& evaluation) const final {
    evaluate(evaluation);  // for its warnings
    return true;
  }
};

class Array : public Literal {
 public:
  explicit Array(std::vector<EvaluatorPtr> items) : items_(std::move(items)) {}
  void append(Evaluation& evaluation, value::Builder& to) const override {
    to.open_array();
    for (const EvaluatorPtr& item : items_) item->append(evaluation, to);
    to.close();
  }

 private:
  const std::vector<EvaluatorPtr> items_;
};

class Object : public Literal {
 public:
  explicit Object(std::vector<AttributeEvaluator> attributes) : attributes_(std::move(attributes)) {}
  void append(Evaluation& evaluation, value::Builder& to) const override {
    to.open_object();
    for (const AttributeEvaluator& attribute : attributes_) {
      if (attribute.computed_name == nullptr) {
        to.key(attribute.name);
      } else {
        to.key(functions::Text(attribute.computed_name->evaluate(evaluation)).view());
      }
      attribute.value->append(evaluation, to);
    }
    to.close();
  }

 private:
  const std::vector<AttributeEvaluator> attributes_;
};

class Call : public Evaluator {
 public:
  Call(const functions::Function& function, std::vector<EvaluatorPtr> arguments)
      : implementation_(function.implementation), arguments_(std::move(arguments)) {}

  Slice evaluate(Evaluation& evaluation) const override {
    constexpr size_t kOnStack = 8;
    if (arguments_.size() > kOnStack) return call_with_many(evaluation);
    std::array<Slice, kOnStack> values;
    for (size_t i = 0; i < arguments_.size(); ++i) values[i] = arguments_[i]->evaluate(evaluation);
    return implementation_(evaluation.functions, {values.data(), arguments_.size()});
  }

 private:
  Slice call_with_many(Evaluation& evaluation) const {
    std::vector<Slice> values;
    values.reserve(arguments_.size());
    for (const EvaluatorPtr& argument : arguments_) values.push_back(argument->evaluate(evaluation));
    return implementation_(evaluation.functions, values);
  }

  const functions::Implementation implementation_;
  const std::vector<EvaluatorPtr> arguments_;
};

}  // namespace

EvaluatorPtr make_array(std::vector<EvaluatorPtr> items) { return std::make_unique<Array>(std::move(items)); }
EvaluatorPtr make_object(std::vector<AttributeEvaluator> attributes) {
  return std::make_unique<Object>(std::move(attributes));
}
EvaluatorPtr make_call(const functions::Function& function, std::vector<EvaluatorPtr> arguments) {
  return std::make_unique<Call>(function, std::move(arguments));
}

}  // namespace workerdb::aql::execute

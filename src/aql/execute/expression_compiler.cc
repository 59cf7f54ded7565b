#include "aql/execute/expression_compiler.h"

#include <algorithm>

#include "aql/execute/evaluators.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using syntax::BinaryOperator;
using syntax::Expression;
using syntax::ExpressionPtr;

class Compiler {
 public:
  explicit Compiler(RegisterAllocation& registers) : registers_(registers) {}

  Result<EvaluatorPtr> compile(const Expression& expression) {
    return std::visit([this](const auto& node) -> Result<EvaluatorPtr> { return make(node); }, expression.node);
  }
  // Null for null.
  Result<EvaluatorPtr> compile_optional(const ExpressionPtr& expression) {
    if (expression == nullptr) return EvaluatorPtr();
    return compile(*expression);
  }

 private:
  static base::Error unexpected(const char* what) {
    return base::Error(base::ErrorCode::kInternal, std::string("a plan must not hold ") + what);
  }

  Result<EvaluatorPtr> make(const syntax::Constant& node) {
    if (node.parameter != 0 && registers_.keeps_parameters()) return make_parameter_read(node.parameter - 1);
    return make_constant(node.value);
  }
  Result<EvaluatorPtr> make(const syntax::Parameter&) { return unexpected("bind parameters"); }
  Result<EvaluatorPtr> make(const syntax::CollectionParameter&) { return unexpected("collection parameters"); }
  Result<EvaluatorPtr> make(const syntax::ParameterAccess&) { return unexpected("attribute parameters"); }
  Result<EvaluatorPtr> make(const syntax::Subquery&) { return unexpected("subqueries inside of expressions"); }

  Result<EvaluatorPtr> make(const syntax::Reference& node) {
    if (node.variable == syntax::kUnresolved) return unexpected("unresolved variables");
    if (const size_t* local = registers_.find_local(node.variable)) return make_local_read(*local);
    Register which = registers_.of(node.variable);
    registers_.read(which);
    return make_register_read(which);
  }

  // As an argument it arrives as its name.
  Result<EvaluatorPtr> make(const syntax::CollectionReference& node) {
    value::Builder builder;
    builder.string(node.name);
    return make_constant(builder.take());
  }

  Result<EvaluatorPtr> make(const syntax::AttributeAccess& node) {
    return make_attribute_access(TRY(compile(*node.object)), node.name);
  }

  Result<EvaluatorPtr> make(const syntax::IndexedAccess& node) {
    auto object = TRY(compile(*node.object));
    return make_indexed_access(std::move(object), TRY(compile(*node.index)));
  }

  Result<EvaluatorPtr> make(const syntax::Expansion& node) {
    ExpansionParts parts;
    parts.array = TRY(compile(*node.array));
    parts.levels = node.levels;
    parts.offset = TRY(compile_optional(node.offset));
    parts.count = TRY(compile_optional(node.count));
    parts.element = registers_.enter_local(node.element);
    parts.filter = TRY(compile_optional(node.filter));
    parts.projection = TRY(compile_optional(node.projection));
    registers_.leave_local(node.element);
    return make_expansion(std::move(parts));
  }

  Result<EvaluatorPtr> make(const syntax::QuestionMark& node) {
    QuestionMarkParts parts;
    parts.array = TRY(compile(*node.array));
    parts.quantifier = node.quantifier;
    parts.low = TRY(compile_optional(node.low));
    parts.high = TRY(compile_optional(node.high));
    parts.element = registers_.enter_local(node.element);
    parts.filter = TRY(compile_optional(node.filter));
    registers_.leave_local(node.element);
    return make_question_mark(std::move(parts));
  }

  Result<EvaluatorPtr> make(const syntax::Unary& node) {
    auto operand = TRY(compile(*node.operand));
    if (node.op == syntax::UnaryOperator::kNot) return make_not(std::move(operand));
    return make_sign(node.op == syntax::UnaryOperator::kMinus, std::move(operand));
  }

  Result<EvaluatorPtr> make(const syntax::Binary& node) {
    bool is_in = node.op == BinaryOperator::kIn || node.op == BinaryOperator::kNotIn;
    auto left = TRY(compile(*node.left));
    if (const auto* range = node.right->get_if<syntax::Range>(); is_in && range != nullptr) {
      auto low = TRY(compile(*range->low));
      return make_in_range(std::move(left), std::move(low), TRY(compile(*range->high)),
                           node.op == BinaryOperator::kNotIn);
    }
    auto right = TRY(compile(*node.right));
    if (is_in && node.is_sorted)
      return make_in_sorted(std::move(left), std::move(right), node.op == BinaryOperator::kNotIn);
    switch (node.op) {
      case BinaryOperator::kAnd: return make_and(std::move(left), std::move(right));
      case BinaryOperator::kOr: return make_or(std::move(left), std::move(right));
      case BinaryOperator::kAdd:
      case BinaryOperator::kSubtract:
      case BinaryOperator::kMultiply:
      case BinaryOperator::kDivide:
      case BinaryOperator::kModulo: return make_arithmetic(node.op, std::move(left), std::move(right));
      default: return make_comparison(node.op, std::move(left), std::move(right));
    }
  }

  Result<EvaluatorPtr> make(const syntax::ArrayComparison& node) {
    if (comparison(node.op) == nullptr) return unexpected("an array variant of this operator");
    auto at_least = TRY(compile_optional(node.at_least));
    auto left = TRY(compile(*node.left));
    return make_array_comparison(node.quantifier, std::move(at_least), node.op, std::move(left),
                                 TRY(compile(*node.right)));
  }

  Result<EvaluatorPtr> make(const syntax::Ternary& node) {
    auto condition = TRY(compile(*node.condition));
    auto when_true = TRY(compile_optional(node.when_true));
    return make_ternary(std::move(condition), std::move(when_true), TRY(compile(*node.when_false)));
  }

  Result<EvaluatorPtr> make(const syntax::Range& node) {
    auto low = TRY(compile(*node.low));
    return make_range_value(std::move(low), TRY(compile(*node.high)));
  }

  Result<EvaluatorPtr> make(const syntax::ArrayLiteral& node) {
    std::vector<EvaluatorPtr> items;
    for (const ExpressionPtr& item : node.items) items.push_back(TRY(compile(*item)));
    return make_array(std::move(items));
  }

  Result<EvaluatorPtr> make(const syntax::ObjectLiteral& node) {
    std::vector<AttributeEvaluator> attributes;
    for (const auto& attribute : node.attributes) {
      auto name = TRY(compile_optional(attribute.computed_name));
      attributes.push_back({attribute.name, std::move(name), TRY(compile(*attribute.value))});
    }
    return make_object(std::move(attributes));
  }

  Result<EvaluatorPtr> make(const syntax::FunctionCall& node) {
    const functions::Function* function = node.function;
    if (function == nullptr || function->implementation == nullptr) {
      return base::Error(base::ErrorCode::kQueryFunctionNameUnknown, "usage of unknown function '" + node.name + "()'");
    }
    // The length of a collection is the number of its documents, not that of its name.
    bool of_collection = !node.arguments.empty() && node.arguments[0]->get_if<syntax::CollectionReference>() != nullptr;
    if (of_collection && (function->name == "LENGTH" || function->name == "COUNT")) {
      function = functions::find_function("COLLECTION_COUNT");
    }
    std::vector<EvaluatorPtr> arguments;
    for (const ExpressionPtr& argument : node.arguments) arguments.push_back(TRY(compile(*argument)));
    return make_call(*function, std::move(arguments));
  }

  RegisterAllocation& registers_;
};

}  // namespace

Register RegisterAllocation::of(syntax::VariableId variable) {
  auto [at, is_new] = registers_.try_emplace(variable, Register(count_));
  if (is_new) ++count_;
  return at->second;
}

void RegisterAllocation::read(Register which) {
  if (!is_live(which)) live_.push_back(which);
}
void RegisterAllocation::written(Register which) { std::erase(live_, which); }
bool RegisterAllocation::is_live(Register which) const { return std::ranges::find(live_, which) != live_.end(); }

size_t RegisterAllocation::enter_local(syntax::VariableId variable) {
  size_t which = locals_in_use_++;
  local_count_ = std::max(local_count_, locals_in_use_);
  locals_[variable] = which;
  return which;
}
void RegisterAllocation::leave_local(syntax::VariableId variable) {
  if (locals_.erase(variable) > 0) --locals_in_use_;
}
const size_t* RegisterAllocation::find_local(syntax::VariableId variable) const {
  auto at = locals_.find(variable);
  return at == locals_.end() ? nullptr : &at->second;
}

Result<EvaluatorPtr> compile_expression(const Expression& expression, RegisterAllocation& registers) {
  return Compiler(registers).compile(expression);
}

}  // namespace workerdb::aql::execute

// From the expression to the condition's shape.
#include "aql/execute/search_condition.h"

#include <fmt/format.h>

#include <algorithm>

#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"

namespace workerdb::aql::execute {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using namespace syntax;  // NOLINT: every name here is one of its nodes
using Kind = SearchCondition::Kind;

constexpr std::string_view kPathFunctions[] = {"EXISTS",      "IN_RANGE", "LEVENSHTEIN_MATCH", "LIKE",
                                               "NGRAM_MATCH", "PHRASE",   "STARTS_WITH"};
constexpr std::string_view kGeoFunctions[] = {"GEO_CONTAINS", "GEO_INTERSECTS", "GEO_IN_RANGE"};

BinaryOperator turned(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kLess: return BinaryOperator::kGreater;
    case BinaryOperator::kLessEqual: return BinaryOperator::kGreaterEqual;
    case BinaryOperator::kGreater: return BinaryOperator::kLess;
    case BinaryOperator::kGreaterEqual: return BinaryOperator::kLessEqual;
    default: return op;
  }
}

bool compares(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kEqual:
    case BinaryOperator::kNotEqual:
    case BinaryOperator::kLess:
    case BinaryOperator::kLessEqual:
    case BinaryOperator::kGreater:
    case BinaryOperator::kGreaterEqual:
    case BinaryOperator::kIn:
    case BinaryOperator::kNotIn:
    case BinaryOperator::kLike:
    case BinaryOperator::kNotLike: return true;
    default: return false;
  }
}

class Compiler {
 public:
  Compiler(VariableId document, RegisterAllocation& registers) : document_(document), registers_(registers) {}

  Result<SearchCondition> compile(const Expression& expression) {
    SearchCondition result;
    if (!uses_document(expression)) {
      result.operands.push_back(TRY(compile_expression(expression, registers_)));
      return result;
    }
    if (const auto* unary = expression.get_if<Unary>(); unary != nullptr && unary->op == UnaryOperator::kNot) {
      result.kind = Kind::kNot;
      result.children.push_back(TRY(compile(*unary->operand)));
      return result;
    }
    if (const auto* binary = expression.get_if<Binary>()) return compile(expression, *binary);
    if (const auto* array = expression.get_if<ArrayComparison>()) return compile(expression, *array);
    if (const auto* call = expression.get_if<FunctionCall>()) return compile(expression, *call);
    return unsupported(expression);
  }

 private:
  static Error unsupported(const Expression& expression) {
    return Error(ErrorCode::kBadParameter,
                 fmt::format("SEARCH cannot ask '{}', at position {}:{}", to_string(expression),
                             expression.position.line, expression.position.column));
  }
  bool uses_document(const Expression& expression) const { return plan::uses_variable(expression, document_); }

  bool is_path(const Expression& expression) const {
    if (const auto* access = expression.get_if<AttributeAccess>())
      return is_path(*access->object) || is_document(*access->object);
    if (const auto* access = expression.get_if<IndexedAccess>()) {
      return !uses_document(*access->index) && (is_path(*access->object) || is_document(*access->object));
    }
    return false;
  }
  bool is_document(const Expression& expression) const { return plan::is_reference_to(expression, document_); }

  Result<> add_path(const Expression& expression, std::vector<SearchStep>& to) {
    if (is_document(expression)) return {};
    if (const auto* access = expression.get_if<AttributeAccess>()) {
      TRY(add_path(*access->object, to));
      to.push_back({access->name, nullptr});
      return {};
    }
    const auto* access = expression.get_if<IndexedAccess>();
    TRY(add_path(*access->object, to));
    to.push_back({{}, TRY(compile_expression(*access->index, registers_))});
    return {};
  }

  Result<SearchCondition> compile(const Expression& expression, const Binary& binary) {
    SearchCondition result;
    if (binary.op == BinaryOperator::kAnd || binary.op == BinaryOperator::kOr) {
      result.kind = binary.op == BinaryOperator::kAnd ? Kind::kAnd : Kind::kOr;
      result.children.push_back(TRY(compile(*binary.left)));
      result.children.push_back(TRY(compile(*binary.right)));
      return result;
    }
    if (!compares(binary.op)) return unsupported(expression);
    if (!uses_document(*binary.right)) return compare(expression, *binary.left, binary.op, *binary.right);
    if (uses_document(*binary.left)) return unsupported(expression);
    switch (binary.op) {
      case BinaryOperator::kIn: return compare(expression, *binary.right, BinaryOperator::kEqual, *binary.left);
      case BinaryOperator::kNotIn: return compare(expression, *binary.right, BinaryOperator::kNotEqual, *binary.left);
      case BinaryOperator::kLike:
      case BinaryOperator::kNotLike: return unsupported(expression);
      default: return compare(expression, *binary.right, turned(binary.op), *binary.left);
    }
  }

  Result<SearchCondition> compare(const Expression& whole, const Expression& left, BinaryOperator op,
                                  const Expression& right) {
    SearchCondition result;
    const auto* call = left.get_if<FunctionCall>();
    if (call != nullptr && call->name == "GEO_DISTANCE" && call->arguments.size() == 2 && op != BinaryOperator::kIn &&
        op != BinaryOperator::kNotIn && op != BinaryOperator::kLike && op != BinaryOperator::kNotLike) {
      result.kind = Kind::kDistance;
      result.op = op;
      TRY(add_geo_arguments(whole, *call, result));
      result.operands.push_back(TRY(compile_expression(right, registers_)));
      return result;
    }
    if (!is_path(left)) return unsupported(whole);
    if (op == BinaryOperator::kNotIn || op == BinaryOperator::kNotLike || op == BinaryOperator::kNotEqual) {
      BinaryOperator inner = op == BinaryOperator::kNotIn     ? BinaryOperator::kIn
                             : op == BinaryOperator::kNotLike ? BinaryOperator::kLike
                                                              : BinaryOperator::kEqual;
      result.kind = Kind::kNot;
      result.children.push_back(TRY(compare(whole, left, inner, right)));
      return result;
    }
    result.kind = Kind::kCompare;
    result.op = op;
    TRY(add_path(left, result.path));
    const auto* range = right.get_if<Range>();
    if (op == BinaryOperator::kIn && range != nullptr) {
      result.kind = Kind::kInBounds;
      result.operands.push_back(TRY(compile_expression(*range->low, registers_)));
      result.operands.push_back(TRY(compile_expression(*range->high, registers_)));
      return result;
    }
    result.operands.push_back(TRY(compile_expression(right, registers_)));
    return result;
  }

  Result<SearchCondition> compile(const Expression& expression, const ArrayComparison& array) {
    SearchCondition result;
    if (uses_document(*array.left) || !is_path(*array.right) || !compares(array.op) ||
        array.op == BinaryOperator::kLike || array.op == BinaryOperator::kNotLike) {
      return unsupported(expression);
    }
    result.kind = Kind::kArray;
    result.quantifier = array.quantifier;
    result.op = array.op == BinaryOperator::kIn      ? BinaryOperator::kEqual
                : array.op == BinaryOperator::kNotIn ? BinaryOperator::kNotEqual
                                                     : turned(array.op);
    TRY(add_path(*array.right, result.path));
    result.operands.push_back(TRY(compile_expression(*array.left, registers_)));
    if (array.at_least) result.operands.push_back(TRY(compile_expression(*array.at_least, registers_)));
    return result;
  }

  Result<> add_geo_arguments(const Expression& whole, const FunctionCall& call, SearchCondition& to) {
    bool first = is_path(*call.arguments[0]), second = is_path(*call.arguments[1]);
    const Expression& path = *call.arguments[first ? 0 : 1];
    const Expression& other = *call.arguments[first ? 1 : 0];
    if (first == second || uses_document(other)) return unsupported(whole);
    to.path_is_second = second;
    TRY(add_path(path, to.path));
    to.operands.push_back(TRY(compile_expression(other, registers_)));
    return {};
  }

  Result<> add_operands(const Expression& whole, const FunctionCall& call, size_t first, SearchCondition& to) {
    for (size_t i = first; i < call.arguments.size(); ++i) {
      if (uses_document(*call.arguments[i])) return unsupported(whole);
      to.operands.push_back(TRY(compile_expression(*call.arguments[i], registers_)));
    }
    return {};
  }

  Result<SearchCondition> compile(const Expression& expression, const FunctionCall& call) {
    SearchCondition result;
    result.kind = Kind::kFunction;
    result.function = call.name;
    if (call.name == "ANALYZER" || call.name == "BOOST") {
      result.children.push_back(TRY(compile(*call.arguments[0])));
      TRY(add_operands(expression, call, 1, result));
    } else if (call.name == "MIN_MATCH") {
      for (size_t i = 0; i + 1 < call.arguments.size(); ++i)
        result.children.push_back(TRY(compile(*call.arguments[i])));
      TRY(add_operands(expression, call, call.arguments.size() - 1, result));
    } else if (std::ranges::find(kPathFunctions, call.name) != std::end(kPathFunctions)) {
      if (!is_path(*call.arguments[0])) return unsupported(expression);
      TRY(add_path(*call.arguments[0], result.path));
      TRY(add_operands(expression, call, 1, result));
    } else if (std::ranges::find(kGeoFunctions, call.name) != std::end(kGeoFunctions)) {
      TRY(add_geo_arguments(expression, call, result));
      TRY(add_operands(expression, call, 2, result));
    } else {
      return unsupported(expression);
    }
    return result;
  }

  VariableId document_;
  RegisterAllocation& registers_;
};

}  // namespace

Result<SearchCondition> compile_search(const Expression& condition, VariableId document,
                                       RegisterAllocation& registers) {
  return Compiler(document, registers).compile(condition);
}

}  // namespace workerdb::aql::execute

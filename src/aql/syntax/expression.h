#pragma once
// Expressions as plain data. The parser makes them, semantics resolves names and folds constants in place, the plan
// carries them, execution compiles them. Dispatch with std::visit: a node that nobody handles does not compile.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "value/builder.h"

namespace workerdb::aql::functions {
struct Function;
}

namespace workerdb::aql::syntax {

// Where a token starts: byte offset from 0, line and column from 1 (columns count bytes).
struct Position {
  uint32_t offset = 0, line = 1, column = 1;
};

// A variable of a query. The parser leaves kUnresolved; semantics numbers every declaration of the whole query,
// subqueries included, so that an id says which one is meant without a scope.
using VariableId = uint32_t;
constexpr VariableId kUnresolved = UINT32_MAX;

struct Expression;
struct Query;  // statement.h
using ExpressionPtr = std::unique_ptr<Expression>;

struct Constant {
  value::Buffer value;
  // A bind parameter's value: its number in AnalyzedQuery::parameters plus one; 0 for what the text says. A cached plan
  // runs again with another value of the same kind, so whoever decides by the value, or makes another constant of it,
  // does not hand the number on.
  uint32_t parameter = 0;
};
// @name and @@name; both are gone after semantics.
struct Parameter {
  std::string name;
};
struct CollectionParameter {
  std::string name;
};
struct Reference {
  std::string name;
  VariableId variable = kUnresolved;
};
// A collection as a value: only as the argument of functions that take one (LENGTH, COLLECTION_COUNT, DOCUMENT …).
struct CollectionReference {
  std::string name;
};
struct AttributeAccess {  // object.name, object["name"]
  ExpressionPtr object;
  std::string name;
};
struct ParameterAccess {  // object.@name: a string or an array of strings; gone after semantics
  ExpressionPtr object;
  std::string parameter;
};
struct IndexedAccess {  // object[index]: by position, or by name where the index is a string
  ExpressionPtr object, index;
};
// array[* FILTER f LIMIT o, c RETURN r].rest, [**] with levels 2 and so on. `element` is CURRENT and numbered like
// any variable; the accesses behind the brackets are part of `projection`, which starts from a Reference to it.
struct Expansion {
  ExpressionPtr array;
  uint32_t levels = 1;
  VariableId element = kUnresolved;
  ExpressionPtr filter, offset, count, projection;  // each may be null
};
enum class Quantifier : uint8_t { kAll, kAny, kNone, kAtLeast, kExactly, kBetween };
// array[? quantifier FILTER f]
struct QuestionMark {
  ExpressionPtr array;
  Quantifier quantifier = Quantifier::kAny;
  ExpressionPtr low, high;  // kAtLeast and kExactly: low; kBetween: both
  VariableId element = kUnresolved;
  ExpressionPtr filter;  // null: any member counts
};
enum class UnaryOperator : uint8_t { kNot, kPlus, kMinus };
struct Unary {
  UnaryOperator op;
  ExpressionPtr operand;
};
enum class BinaryOperator : uint8_t {
  kAnd,
  kOr,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
  kLike,
  kNotLike,
  kMatch,
  kNotMatch,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
};
struct Binary {
  BinaryOperator op;
  ExpressionPtr left, right;
  bool is_sorted = false;  // IN: the list is in order, and holds nothing twice
};
// left ALL|ANY|NONE|AT LEAST (n) op right
struct ArrayComparison {
  Quantifier quantifier;
  ExpressionPtr at_least;
  BinaryOperator op;
  ExpressionPtr left, right;
};
struct Ternary {  // when_true null: condition ?: when_false
  ExpressionPtr condition, when_true, when_false;
};
struct Range {
  ExpressionPtr low, high;
};
struct ArrayLiteral {
  std::vector<ExpressionPtr> items;
};
struct ObjectLiteral {
  struct Attribute {
    std::string name;
    ExpressionPtr computed_name;  // instead of name, where not null
    ExpressionPtr value;
  };
  std::vector<Attribute> attributes;
};
struct FunctionCall {
  std::string name;  // upper case
  std::vector<ExpressionPtr> arguments;
  const functions::Function* function = nullptr;  // set by semantics
};
// ( FOR … RETURN … ) inside an expression. Building the plan pulls it out into a node of its own and leaves a
// Reference, except under the lazy sides of ?:, && and ||, where the plan keeps the laziness with a condition.
struct Subquery {
  explicit Subquery(std::unique_ptr<Query> query);  // defined where Query is complete
  Subquery(Subquery&&) noexcept;
  Subquery& operator=(Subquery&&) noexcept;
  ~Subquery();

  std::unique_ptr<Query> query;
};

struct Expression {
  using Node = std::variant<Constant, Parameter, CollectionParameter, Reference, CollectionReference, AttributeAccess,
                            ParameterAccess, IndexedAccess, Expansion, QuestionMark, Unary, Binary, ArrayComparison,
                            Ternary, Range, ArrayLiteral, ObjectLiteral, FunctionCall, Subquery>;
  Node node;
  Position position;

  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&node);
  }
  template <typename T>
  T* get_if() {
    return std::get_if<T>(&node);
  }
  bool is_constant() const { return std::holds_alternative<Constant>(node); }
};

template <typename T>
ExpressionPtr make_expression(T node, Position position = {}) {
  return std::make_unique<Expression>(Expression{std::move(node), position});
}

// A deep copy; Subquery nodes included.
ExpressionPtr clone(const Expression& expression);

}  // namespace workerdb::aql::syntax

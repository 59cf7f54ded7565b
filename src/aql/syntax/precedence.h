#pragma once
// How tightly operators bind, from the documentation's table ("Operator precedence"): a greater level binds tighter.
// The parser climbs it, the printer sets parentheses by it.
#include "aql/syntax/expression.h"

namespace workerdb::aql::syntax {

enum Level {
  kTernaryLevel = 0,
  kOrLevel,
  kAndLevel,
  kQuantifierLevel,
  kEqualityLevel,
  kInLevel,
  kRelationLevel,
  kRangeLevel,
  kAdditionLevel,
  kMultiplicationLevel,
  kUnaryLevel,
  kAccessLevel,
  kPrimaryLevel
};

constexpr int level_of(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kOr: return kOrLevel;
    case BinaryOperator::kAnd: return kAndLevel;
    case BinaryOperator::kEqual:
    case BinaryOperator::kNotEqual:
    case BinaryOperator::kLike:
    case BinaryOperator::kNotLike:
    case BinaryOperator::kMatch:
    case BinaryOperator::kNotMatch: return kEqualityLevel;
    case BinaryOperator::kIn:
    case BinaryOperator::kNotIn: return kInLevel;
    case BinaryOperator::kLess:
    case BinaryOperator::kLessEqual:
    case BinaryOperator::kGreater:
    case BinaryOperator::kGreaterEqual: return kRelationLevel;
    case BinaryOperator::kAdd:
    case BinaryOperator::kSubtract: return kAdditionLevel;
    default: return kMultiplicationLevel;
  }
}

}  // namespace workerdb::aql::syntax

#pragma once
// Makes the evaluators of each kind of expression; called by expression_compiler.cc alone. All take over evaluators
// that are not null unless a comment says so.
#include <string>
#include <vector>

#include "aql/execute/evaluation.h"
#include "aql/functions/registry.h"
#include "aql/syntax/expression.h"

namespace workerdb::aql::execute {

// evaluators_access.cc
EvaluatorPtr make_constant(value::Buffer value);
EvaluatorPtr make_parameter_read(size_t which);
EvaluatorPtr make_register_read(Register which);
EvaluatorPtr make_local_read(size_t which);
// An attribute of whatever `object` gives; chains on a register become one step.
EvaluatorPtr make_attribute_access(EvaluatorPtr object, std::string name);
EvaluatorPtr make_indexed_access(EvaluatorPtr object, EvaluatorPtr index);

// evaluators_logic.cc
EvaluatorPtr make_not(EvaluatorPtr operand);
EvaluatorPtr make_and(EvaluatorPtr left, EvaluatorPtr right);
EvaluatorPtr make_or(EvaluatorPtr left, EvaluatorPtr right);
// `when_true` may be null: the condition's own value.
EvaluatorPtr make_ternary(EvaluatorPtr condition, EvaluatorPtr when_true, EvaluatorPtr when_false);

// evaluators_comparison.cc: ==, !=, <, <=, >, >=, IN, NOT IN, LIKE, NOT LIKE, =~, !~
// value IN list, of a list that comes sorted.
EvaluatorPtr make_in_sorted(EvaluatorPtr value, EvaluatorPtr list, bool negated);
EvaluatorPtr make_comparison(syntax::BinaryOperator op, EvaluatorPtr left, EvaluatorPtr right);
// `value IN low..high` without the array.
EvaluatorPtr make_in_range(EvaluatorPtr value, EvaluatorPtr low, EvaluatorPtr high, bool negated);
// The comparison itself, as array comparisons need it.
using Compare = value::Slice (*)(Evaluation& evaluation, value::Slice left, value::Slice right);
Compare comparison(syntax::BinaryOperator op);

// evaluators_arithmetic.cc: + - * / % and the unary ones; ranges as values
EvaluatorPtr make_arithmetic(syntax::BinaryOperator op, EvaluatorPtr left, EvaluatorPtr right);
EvaluatorPtr make_sign(bool negates, EvaluatorPtr operand);
EvaluatorPtr make_range_value(EvaluatorPtr low, EvaluatorPtr high);

// evaluators_compound.cc: literals and calls
EvaluatorPtr make_array(std::vector<EvaluatorPtr> items);
struct AttributeEvaluator {
  std::string name;
  EvaluatorPtr computed_name;  // instead of name, where not null
  EvaluatorPtr value;
};
EvaluatorPtr make_object(std::vector<AttributeEvaluator> attributes);
EvaluatorPtr make_call(const functions::Function& function, std::vector<EvaluatorPtr> arguments);

// evaluators_arrays.cc
struct ExpansionParts {
  EvaluatorPtr array;
  uint32_t levels;
  size_t element;                                  // the local that holds CURRENT
  EvaluatorPtr filter, offset, count, projection;  // each may be null
};
EvaluatorPtr make_expansion(ExpansionParts parts);
struct QuestionMarkParts {
  EvaluatorPtr array;
  syntax::Quantifier quantifier;
  EvaluatorPtr low, high;  // may be null
  size_t element;
  EvaluatorPtr filter;  // may be null
};
EvaluatorPtr make_question_mark(QuestionMarkParts parts);
EvaluatorPtr make_array_comparison(syntax::Quantifier quantifier, EvaluatorPtr at_least, syntax::BinaryOperator op,
                                   EvaluatorPtr left, EvaluatorPtr right);

}  // namespace workerdb::aql::execute

#pragma once
// A SEARCH condition, compiled once: its shape, and evaluators for the values that it compares with. For each outer row
// the values are computed and a filter is made of both. Source: the 3.12 documentation, "SEARCH operation in AQL" and
// "ArangoSearch functions in AQL".
#include <string>
#include <vector>

#include "aql/execute/expression_compiler.h"
#include "aql/execute/search_run.h"
#include "search/analyzers.h"

namespace workerdb::aql::execute {

// An attribute's name, or an evaluator that gives a position or a name.
struct SearchStep {
  std::string name;
  EvaluatorPtr computed;  // instead of name, where not null
};

struct SearchCondition {
  enum class Kind : uint8_t {
    kConstant,  // operands[0], whatever it is
    kAnd,
    kOr,
    kNot,
    kCompare,   // path op operands[0]
    kInBounds,  // path IN operands[0]..operands[1]
    kArray,     // operands[0] quantifier op path; AT LEAST: operands[1]
    kDistance,  // GEO_DISTANCE(path, operands[0]) op operands[1]
    kFunction,  // function(path or children, operands…)
  };
  Kind kind = Kind::kConstant;
  syntax::BinaryOperator op = syntax::BinaryOperator::kEqual;
  syntax::Quantifier quantifier = syntax::Quantifier::kAny;
  std::string function;
  bool path_is_second = false;  // GEO_CONTAINS(operands[0], path)
  std::vector<SearchStep> path;
  std::vector<SearchCondition> children;
  std::vector<EvaluatorPtr> operands;
};

// kBadParameter for what SEARCH cannot ask, with its text.
base::Result<SearchCondition> compile_search(const syntax::Expression& condition, syntax::VariableId document,
                                             RegisterAllocation& registers);

// The evaluation stands at the outer row. kBadParameter for values of wrong types and unknown analyzers.
base::Result<SearchFilterPtr> make_filter(const SearchCondition& condition, SearchRun& run,
                                          search::Analyzers& analyzers);

}  // namespace workerdb::aql::execute

#pragma once
// FILTER conditions as an index sees them: comparisons of a document's attributes with values that are known
// before the document is. Internal to this folder.
#include <optional>
#include <string>
#include <vector>

#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

// document.path op value. With `expanded` the attribute is an array, and a member of it (or what member_path
// leads to inside of it) is compared; then op is kEqual.
struct Comparison {
  std::vector<std::string> path;
  bool expanded = false;
  std::vector<std::string> member_path;
  syntax::BinaryOperator op;  // kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn
  const Expression* value;    // borrowed
};

// Comparisons are turned around where the attribute stands on the right. None for anything else, and where
// the value reads a variable of `unknown` or differs from call to call. `unknown` must hold the loop
// variable.
std::optional<Comparison> as_comparison(const Expression& condition, VariableId loop_variable,
                                        const std::vector<VariableId>& unknown);

// Conditions that all hold, as alternatives of conditions that all hold: a && (b || c) → a && b || a && c.
// ORs that would make too many alternatives stay whole.
using Conjunction = std::vector<const Expression*>;
std::vector<Conjunction> alternatives(const std::vector<const Expression*>& conditions);

// Conditions of the filters behind the scan at `position` that hold for every document that goes on from
// there.
std::vector<const Expression*> conditions_behind(const Plan& chain, size_t position);

}  // namespace workerdb::aql::optimize

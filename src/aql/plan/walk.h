#pragma once
// Visits what hangs on expressions and nodes, for everyone who collects, replaces or prints.
#include <functional>

#include "aql/plan/node.h"

namespace workerdb::aql::plan {

// The direct operands of an expression that are there. A Subquery has none.
void for_each_operand(syntax::Expression& expression, const std::function<void(ExpressionPtr&)>& visit);
void for_each_operand(const syntax::Expression& expression,
                      const std::function<void(const syntax::Expression&)>& visit);
// The expressions of a node that are there; not those of its subplan.
void for_each_expression(Node& node, const std::function<void(ExpressionPtr&)>& visit);
void for_each_expression(const Node& node, const std::function<void(const syntax::Expression&)>& visit);
// The subplan of a Subquery or an Upsert, or null.
Plan* subplan(Node& node);
const Plan* subplan(const Node& node);
// Calls visit for the plan itself and every plan inside, from the inside out.
void for_each_plan(Plan& plan, const std::function<void(Plan&)>& visit);

ExpressionPtr make_reference(const std::string& name, VariableId variable);
bool is_reference_to(const syntax::Expression& expression, VariableId variable);
bool uses_variable(const syntax::Expression& expression, VariableId variable);
bool uses_variable(const Node& node, VariableId variable);
// Structural equality, positions aside; a bind parameter equals itself alone.
bool same_expression(const syntax::Expression& left, const syntax::Expression& right);
// No function in it may give another result the second time, and none reads documents.
bool is_deterministic(const syntax::Expression& expression);
bool is_deterministic(const Plan& plan);
// Evaluation cannot warn or fail, and costs little: constants, references, attribute accesses, comparisons …
bool is_simple(const syntax::Expression& expression);
// variable.a.b.c: the path; none for anything else.
std::optional<std::vector<std::string>> attribute_path(const syntax::Expression& expression, VariableId variable);
// Replaces every reference to a variable by a copy of `replacement`, subplans included.
void replace_variable(ExpressionPtr& expression, VariableId variable, const syntax::Expression& replacement);
void replace_variable(Node& node, VariableId variable, const syntax::Expression& replacement);

bool is_modification(const Node& node);
// The scan's output of an EnumerateCollection or IndexScan, or null.
ScanOutput* scan_output(Node& node);
const ScanOutput* scan_output(const Node& node);
// Whether the plan, or a subplan of it, changes documents.
bool has_modification(const Plan& plan);

}  // namespace workerdb::aql::plan

#pragma once
// What may change places with what. Internal to this folder.
#include <vector>

#include "aql/optimize/context.h"

namespace workerdb::aql::optimize {

// A condition that does not read what the node sets may as well be asked in front of it.
bool lets_filters_pass(const Node& node);
// A traversal or a path search.
bool walks_graph(const Node& node);
// Gives one row for each row that comes in, and writes nothing.
bool keeps_rows(const Node& node);
bool is_loop(const Node& node);
// The variables that the nodes from `position` on set: those that are not there in front of it.
std::vector<VariableId> set_from(const Plan& chain, size_t position);
bool uses_any(const Expression& expression, const std::vector<VariableId>& variables);
bool uses_any(const Node& node, const std::vector<VariableId>& variables);
// Whether a node from `position` on, or one in its subplans, reads the variable.
bool is_used_from(const Plan& chain, size_t position, VariableId variable);
// At most one row arrives at the position (for each start of the chain).
bool has_single_row(const Plan& chain, size_t position);
void move_node(Plan& chain, size_t from, size_t to);

// a && b && c → its parts, borrowed.
void split_conjunction(const Expression& condition, std::vector<const Expression*>& to);
// The same, taken apart.
void take_conjunction(ExpressionPtr condition, std::vector<ExpressionPtr>& to);
// Null for nothing.
ExpressionPtr join_conjunction(std::vector<ExpressionPtr> parts);
ExpressionPtr make_constant(value::Slice value);
// Calls visit for the expression and everything below it.
void for_each_below(const Expression& expression, const std::function<void(const Expression&)>& visit);
// Every expression of the node and of its subplans' nodes (not what is below those expressions).
void for_each_expression_within(Node& node, const std::function<void(ExpressionPtr&)>& visit);
void for_each_expression_within(const Node& node, const std::function<void(const Expression&)>& visit);

}  // namespace workerdb::aql::optimize

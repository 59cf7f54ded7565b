#include "aql/optimize/nodes.h"

#include <algorithm>

namespace workerdb::aql::optimize {

using syntax::Binary;
using syntax::BinaryOperator;

bool lets_filters_pass(const Node& node) {
  if (const auto* sort = node.get_if<plan::Sort>()) return sort->limit == 0;
  if (const auto* scan = node.get_if<plan::IndexScan>()) return scan->limit == 0;
  if (const auto* subquery = node.get_if<plan::Subquery>()) return !plan::has_modification(*subquery->plan);
  return node.get_if<plan::Filter>() || node.get_if<plan::Calculation>() || node.get_if<plan::EnumerateCollection>() ||
         node.get_if<plan::EnumerateList>() || node.get_if<plan::EnumerateView>() || walks_graph(node);
}

bool walks_graph(const Node& node) {
  return node.get_if<plan::Traversal>() || node.get_if<plan::ShortestPath>() || node.get_if<plan::EnumeratePaths>();
}

bool keeps_rows(const Node& node) {
  const auto* subquery = node.get_if<plan::Subquery>();
  return node.get_if<plan::Calculation>() || node.get_if<plan::Materialize>() ||
         (subquery != nullptr && !plan::has_modification(*subquery->plan));
}

bool is_loop(const Node& node) {
  return plan::scan_output(node) != nullptr || node.get_if<plan::EnumerateList>() ||
         node.get_if<plan::EnumerateView>() || walks_graph(node);
}

std::vector<VariableId> set_from(const Plan& chain, size_t position) {
  std::vector<VariableId> result;
  for (; position < chain.nodes.size(); ++position) {
    for (VariableId variable : plan::set_variables(*chain.nodes[position])) result.push_back(variable);
    // A scan that gives no document still has its variable, for the filter inside of it.
    if (const auto* output = plan::scan_output(*chain.nodes[position])) result.push_back(output->variable);
  }
  return result;
}

bool uses_any(const Expression& expression, const std::vector<VariableId>& variables) {
  std::vector<VariableId> used;
  plan::collect_used_variables(expression, used);
  return std::ranges::any_of(used,
                             [&](VariableId one) { return std::ranges::find(variables, one) != variables.end(); });
}

bool uses_any(const Node& node, const std::vector<VariableId>& variables) {
  std::vector<VariableId> used;
  plan::collect_used_variables(node, used);
  return std::ranges::any_of(used,
                             [&](VariableId one) { return std::ranges::find(variables, one) != variables.end(); });
}

bool is_used_from(const Plan& chain, size_t position, VariableId variable) {
  for (; position < chain.nodes.size(); ++position) {
    if (plan::uses_variable(*chain.nodes[position], variable)) return true;
  }
  return false;
}

bool has_single_row(const Plan& chain, size_t position) {
  for (size_t i = 0; i < position; ++i) {
    const Node& node = *chain.nodes[i];
    const auto* collect = node.get_if<plan::Collect>();
    bool is_one = node.get_if<plan::Singleton>() || node.get_if<plan::Filter>() || node.get_if<plan::Sort>() ||
                  node.get_if<plan::Limit>() || node.get_if<plan::Calculation>() || node.get_if<plan::Subquery>() ||
                  plan::is_modification(node) || (collect != nullptr && collect->groups.empty());
    if (!is_one && !(collect != nullptr && has_single_row(chain, i))) {
      // Rows that many loops gave may still become one by a COLLECT without groups behind them.
      bool is_gathered = false;
      for (size_t behind = i + 1; behind < position; ++behind) {
        const auto* gathers = chain.nodes[behind]->get_if<plan::Collect>();
        if (gathers != nullptr && gathers->groups.empty()) is_gathered = true, i = behind;
      }
      if (!is_gathered) return false;
    }
  }
  return true;
}

void move_node(Plan& chain, size_t from, size_t to) {
  auto begin = chain.nodes.begin();
  if (from < to) {
    std::rotate(begin + ptrdiff_t(from), begin + ptrdiff_t(from) + 1, begin + ptrdiff_t(to) + 1);
  } else {
    std::rotate(begin + ptrdiff_t(to), begin + ptrdiff_t(from), begin + ptrdiff_t(from) + 1);
  }
}

void split_conjunction(const Expression& condition, std::vector<const Expression*>& to) {
  const Binary* binary = condition.get_if<Binary>();
  if (binary == nullptr || binary->op != BinaryOperator::kAnd) {
    to.push_back(&condition);
    return;
  }
  split_conjunction(*binary->left, to);
  split_conjunction(*binary->right, to);
}

void take_conjunction(ExpressionPtr condition, std::vector<ExpressionPtr>& to) {
  Binary* binary = condition->get_if<Binary>();
  if (binary == nullptr || binary->op != BinaryOperator::kAnd) {
    to.push_back(std::move(condition));
    return;
  }
  ExpressionPtr left = std::move(binary->left), right = std::move(binary->right);
  take_conjunction(std::move(left), to);
  take_conjunction(std::move(right), to);
}

ExpressionPtr join_conjunction(std::vector<ExpressionPtr> parts) {
  ExpressionPtr result;
  for (ExpressionPtr& part : parts) {
    result = result == nullptr
                 ? std::move(part)
                 : syntax::make_expression(Binary{BinaryOperator::kAnd, std::move(result), std::move(part)});
  }
  return result;
}

ExpressionPtr make_constant(value::Slice value) {
  return syntax::make_expression(syntax::Constant{value::Buffer(value)});
}

void for_each_below(const Expression& expression, const std::function<void(const Expression&)>& visit) {
  visit(expression);
  plan::for_each_operand(expression, [&](const Expression& operand) { for_each_below(operand, visit); });
}

void for_each_expression_within(Node& node, const std::function<void(ExpressionPtr&)>& visit) {
  plan::for_each_expression(node, visit);
  Plan* inner = plan::subplan(node);
  if (inner == nullptr) return;
  for (NodePtr& inner_node : inner->nodes) for_each_expression_within(*inner_node, visit);
}

void for_each_expression_within(const Node& node, const std::function<void(const Expression&)>& visit) {
  plan::for_each_expression(node, visit);
  const Plan* inner = plan::subplan(node);
  if (inner == nullptr) return;
  for (const NodePtr& inner_node : inner->nodes) {
    for_each_expression_within(static_cast<const Node&>(*inner_node), visit);
  }
}

}  // namespace workerdb::aql::optimize

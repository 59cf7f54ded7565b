#include "aql/optimize/graph_conditions.h"

#include <algorithm>

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

using syntax::AttributeAccess;
using syntax::IndexedAccess;

namespace {

// path.vertices or path.edges: whether it is edges.
std::optional<bool> part_of(const Expression& expression, VariableId path) {
  const auto* access = expression.get_if<AttributeAccess>();
  if (access == nullptr || !plan::is_reference_to(*access->object, path)) return std::nullopt;
  if (access->name == "edges") return true;
  return access->name == "vertices" ? std::optional(false) : std::nullopt;
}

struct Position {
  bool of_edges;
  uint64_t number;
  bool operator==(const Position&) const = default;
};

// path.edges[n] with a number from 0 on.
std::optional<Position> position_of(const Expression& expression, VariableId path) {
  const auto* access = expression.get_if<IndexedAccess>();
  if (access == nullptr) return std::nullopt;
  auto of_edges = part_of(*access->object, path);
  const auto* index = access->index->get_if<syntax::Constant>();
  if (!of_edges || index == nullptr || index->parameter != 0 || !index->value.slice().is_int64()) return std::nullopt;
  int64_t number = index->value.slice().as_int64();
  return number < 0 ? std::nullopt : std::optional(Position{*of_edges, uint64_t(number)});
}

// Puts the element in place of each path.part[n]; false if the path is read in another way, or at two positions.
bool replace_positions(ExpressionPtr& expression, VariableId path, VariableId element,
                       std::optional<Position>& position) {
  if (auto found = position_of(*expression, path)) {
    if (position && *position != *found) return false;
    position = found;
    expression = plan::make_reference("#element", element);
    return true;
  }
  if (plan::is_reference_to(*expression, path)) return false;
  bool result = true;
  plan::for_each_operand(*expression, [&](ExpressionPtr& operand) {
    result = result && replace_positions(operand, path, element, position);
  });
  return result;
}

std::optional<plan::PathCondition> as_condition_at(const Expression& condition, VariableId path, VariableId element) {
  ExpressionPtr rewritten = syntax::clone(condition);
  std::optional<Position> position;
  if (!replace_positions(rewritten, path, element, position) || !position) return std::nullopt;
  return plan::PathCondition{position->of_edges, position->number, element, std::move(rewritten)};
}

// path.edges[*].a.b ALL|NONE op value
std::optional<plan::PathCondition> as_condition_on_all(const Expression& condition, VariableId path,
                                                       VariableId element) {
  const auto* comparison = condition.get_if<syntax::ArrayComparison>();
  if (comparison == nullptr) return std::nullopt;
  bool is_all = comparison->quantifier == syntax::Quantifier::kAll;
  if (!is_all && comparison->quantifier != syntax::Quantifier::kNone) return std::nullopt;
  if (plan::uses_variable(*comparison->right, path)) return std::nullopt;
  const auto* expansion = comparison->left->get_if<syntax::Expansion>();
  if (expansion == nullptr || expansion->levels != 1 || expansion->filter || expansion->offset || expansion->count) {
    return std::nullopt;
  }
  auto of_edges = part_of(*expansion->array, path);
  if (!of_edges) return std::nullopt;
  ExpressionPtr member =
      expansion->projection ? syntax::clone(*expansion->projection) : plan::make_reference("#element", element);
  plan::replace_variable(member, expansion->element, *plan::make_reference("#element", element));
  if (plan::uses_variable(*member, path)) return std::nullopt;
  ExpressionPtr each =
      syntax::make_expression(syntax::Binary{comparison->op, std::move(member), syntax::clone(*comparison->right)});
  if (!is_all) each = syntax::make_expression(syntax::Unary{syntax::UnaryOperator::kNot, std::move(each)});
  return plan::PathCondition{*of_edges, std::nullopt, element, std::move(each)};
}

}  // namespace

std::optional<plan::PathCondition> as_path_condition(const Expression& condition, const plan::Traversal& traversal,
                                                     const std::vector<VariableId>& unknown, VariableId element) {
  if (!traversal.path) return std::nullopt;
  std::vector<VariableId> others = unknown;
  others.push_back(traversal.vertex);
  if (traversal.edge) others.push_back(*traversal.edge);
  if (uses_any(condition, others) || !plan::uses_variable(condition, *traversal.path)) return std::nullopt;
  auto result = as_condition_on_all(condition, *traversal.path, element);
  if (!result) result = as_condition_at(condition, *traversal.path, element);
  if (result && plan::is_simple(*result->condition)) return result;
  return std::nullopt;
}

bool is_result_condition(const Expression& condition, const plan::Traversal& traversal,
                         const std::vector<VariableId>& unknown) {
  bool reads_result = plan::uses_variable(condition, traversal.vertex) ||
                      (traversal.edge && plan::uses_variable(condition, *traversal.edge));
  if (!reads_result || !plan::is_simple(condition)) return false;
  return !uses_any(condition, unknown) && !(traversal.path && plan::uses_variable(condition, *traversal.path));
}

bool asks(const plan::Traversal& traversal, const Expression& condition, const std::vector<VariableId>& unknown) {
  if (traversal.filter != nullptr) {
    std::vector<const Expression*> parts;
    split_conjunction(*traversal.filter, parts);
    if (std::ranges::any_of(parts, [&](const auto* part) { return plan::same_expression(*part, condition); }))
      return true;
  }
  return std::ranges::any_of(traversal.path_conditions, [&](const plan::PathCondition& known) {
    auto same = as_path_condition(condition, traversal, unknown, known.element);
    return same && same->of_edges == known.of_edges && same->position == known.position &&
           plan::same_expression(*same->condition, *known.condition);
  });
}

size_t end_of_filters(const Plan& chain, size_t position) {
  size_t end = position + 1;
  while (end < chain.nodes.size() && lets_filters_pass(*chain.nodes[end])) ++end;
  return end;
}

std::vector<VariableId> unknown_to(const Plan& chain, size_t position) {
  std::vector<VariableId> unknown = set_from(chain, position + 1);
  const auto& traversal = *chain.nodes[position]->get_if<plan::Traversal>();
  if (traversal.prune_variable) unknown.push_back(*traversal.prune_variable);
  return unknown;
}

}  // namespace workerdb::aql::optimize

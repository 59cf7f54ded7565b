// replace-entries-with-object-iteration: FOR [key, value] IN ENTRIES(object) walks the object; the pairs are not built.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// Reads the pair's parts from variables of their own; counts what is read of it otherwise.
class PairParts {
 public:
  PairParts(VariableId pair, ExpressionPtr key, ExpressionPtr value)
      : pair_(pair), parts_{std::move(key), std::move(value)} {}

  bool has_other_uses(const Expression& expression) const {
    if (part(expression)) return false;
    if (plan::is_reference_to(expression, pair_)) return true;
    bool result = false;
    plan::for_each_operand(expression, [&](const Expression& operand) { result = result || has_other_uses(operand); });
    return result;
  }
  void replace(ExpressionPtr& expression) const {
    if (auto which = part(*expression)) {
      expression = syntax::clone(*parts_[*which]);
    } else {
      plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { replace(operand); });
    }
  }

 private:
  // pair[0] and pair[1].
  std::optional<size_t> part(const Expression& expression) const {
    const auto* access = expression.get_if<syntax::IndexedAccess>();
    if (access == nullptr || !plan::is_reference_to(*access->object, pair_)) return std::nullopt;
    const auto* constant = access->index->get_if<syntax::Constant>();
    if (constant == nullptr || constant->parameter != 0 || !constant->value.slice().is_int64()) return std::nullopt;
    int64_t position = constant->value.slice().as_int64();
    return position == 0 || position == 1 ? std::optional(size_t(position)) : std::nullopt;
  }

  const VariableId pair_;
  const ExpressionPtr parts_[2];
};

bool keeps(const Node& node, VariableId variable) {
  const auto* collect = node.get_if<plan::Collect>();
  if (collect == nullptr) return false;
  for (const auto& kept : collect->kept) {
    if (kept.second == variable) return true;
  }
  return false;
}

bool iterate_object(Context& context, Plan& chain, size_t position) {
  auto& loop = *chain.nodes[position]->get_if<plan::EnumerateList>();
  const auto* call = loop.list->get_if<syntax::FunctionCall>();
  if (call == nullptr || call->name != "ENTRIES" || loop.pair_value) return false;
  VariableId key = context.make_variable(), value = context.make_variable();
  PairParts parts(loop.variable, context.reference(key), context.reference(value));
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    bool other = false;
    for_each_expression_within(static_cast<const Node&>(*chain.nodes[i]), [&](const Expression& expression) {
      other = other || parts.has_other_uses(expression);
    });
    if (other || keeps(*chain.nodes[i], loop.variable)) return false;
  }
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    for_each_expression_within(*chain.nodes[i], [&](ExpressionPtr& expression) { parts.replace(expression); });
  }
  loop.variable = key;
  loop.pair_value = value;
  return true;
}

}  // namespace

bool replace_entries_with_object_iteration(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (chain.nodes[i]->get_if<plan::EnumerateList>()) changed |= iterate_object(context, chain, i);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

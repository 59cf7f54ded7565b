// remove-unnecessary-calculations: what nobody reads is not computed; what costs as little as reading a
// variable is computed where it is read, so that other rules see what it is; and so is what is read once, in
// a later node.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

constexpr size_t kLargestCopiedConstant = 256;

bool is_cheap(const Expression& expression) {
  if (expression.get_if<syntax::Reference>()) return true;
  if (const auto* constant = expression.get_if<syntax::Constant>()) {
    return constant->value.bytes().size() <= kLargestCopiedConstant;
  }
  const auto* access = expression.get_if<syntax::AttributeAccess>();
  return access != nullptr && is_cheap(*access->object);
}

struct Uses {
  size_t count = 0;
  size_t node = 0;           // position of the last one
  bool is_repeated = false;  // stands where it would be computed several times for one row
};

void count_uses(const Expression& expression, VariableId variable, bool is_repeated, Uses& uses) {
  if (plan::is_reference_to(expression, variable)) {
    ++uses.count;
    uses.is_repeated |= is_repeated;
  }
  bool repeats = expression.get_if<syntax::Expansion>() || expression.get_if<syntax::QuestionMark>();
  plan::for_each_operand(
      expression, [&](const Expression& operand) { count_uses(operand, variable, is_repeated || repeats, uses); });
}

Uses uses_behind(const Plan& chain, size_t position, VariableId variable) {
  Uses uses;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    const Node& node = *chain.nodes[i];
    size_t before = uses.count;
    plan::for_each_expression(node,
                              [&](const Expression& expression) { count_uses(expression, variable, false, uses); });
    size_t direct = uses.count;
    for_each_expression_within(node,
                               [&](const Expression& expression) { count_uses(expression, variable, false, uses); });
    uses.count -= direct - before;  // counted twice
    if (uses.count > direct) uses.is_repeated = true;
    if (uses.count > before) uses.node = i;
  }
  return uses;
}

// The row stays one row from the calculation to where it is read.
bool may_wait(const Plan& chain, size_t position, size_t until) {
  for (size_t i = position + 1; i < until; ++i) {
    const Node& node = *chain.nodes[i];
    if (!node.get_if<plan::Filter>() && !node.get_if<plan::Limit>() && !keeps_rows(node)) return false;
  }
  const Node& reader = *chain.nodes[until];
  return reader.get_if<plan::Filter>() || reader.get_if<plan::Calculation>() || reader.get_if<plan::Return>() ||
         reader.get_if<plan::EnumerateList>();
}

bool replace(Plan& chain, size_t position) {
  const auto& calculation = *chain.nodes[position]->get_if<plan::Calculation>();
  if (!plan::is_deterministic(*calculation.expression)) return false;
  Uses uses = uses_behind(chain, position, calculation.variable);
  if (uses.count == 0) return false;
  bool is_once = uses.count == 1 && !uses.is_repeated && may_wait(chain, position, uses.node);
  if (!is_once && !is_cheap(*calculation.expression)) return false;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    plan::replace_variable(*chain.nodes[i], calculation.variable, *calculation.expression);
  }
  return true;
}

bool is_unread(const Plan& chain, size_t position) {
  const Node& node = *chain.nodes[position];
  if (const auto* calculation = node.get_if<plan::Calculation>()) {
    return plan::is_deterministic(*calculation->expression) &&
           !is_used_from(chain, position + 1, calculation->variable);
  }
  const auto* subquery = node.get_if<plan::Subquery>();
  return subquery != nullptr && plan::is_deterministic(*subquery->plan) &&
         !is_used_from(chain, position + 1, subquery->variable);
}

}  // namespace

bool remove_unnecessary_calculations(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = chain.nodes.size(); i-- > 1;) {
    if (chain.nodes[i]->get_if<plan::Calculation>()) changed |= replace(chain, i);
    if (!is_unread(chain, i)) continue;
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

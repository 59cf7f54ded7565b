// remove-collect-variables: COLLECT … INTO gathers only what is read of the groups, and nothing where nobody
// reads them.
#include <algorithm>
#include <set>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// What is read of a group's members.
struct Members {
  bool whole = false;
  std::set<std::string> names;
};

void add_reads_of_member(const Expression& expression, VariableId element, Members& to) {
  if (auto path = plan::attribute_path(expression, element)) {
    to.names.insert(path->front());
  } else if (plan::is_reference_to(expression, element)) {
    to.whole = true;
  } else {
    plan::for_each_operand(expression, [&](const Expression& operand) { add_reads_of_member(operand, element, to); });
  }
}

bool is_count_of(const Expression& expression, VariableId variable) {
  const auto* call = expression.get_if<syntax::FunctionCall>();
  return call != nullptr && (call->name == "LENGTH" || call->name == "COUNT") && call->arguments.size() == 1 &&
         plan::is_reference_to(*call->arguments[0], variable);
}

void add_reads(const Expression& expression, VariableId variable, Members& to) {
  if (is_count_of(expression, variable)) return;
  if (plan::is_reference_to(expression, variable)) {
    to.whole = true;
    return;
  }
  const auto* expansion = expression.get_if<syntax::Expansion>();
  if (expansion != nullptr && expansion->levels == 1 && plan::is_reference_to(*expansion->array, variable)) {
    if (expansion->projection == nullptr) to.whole = true;
    for (const auto* part : {&expansion->filter, &expansion->offset, &expansion->count, &expansion->projection}) {
      if (*part == nullptr) continue;
      add_reads_of_member(**part, expansion->element, to);
      add_reads(**part, variable, to);
    }
    return;
  }
  plan::for_each_operand(expression, [&](const Expression& operand) { add_reads(operand, variable, to); });
}

bool narrow(const Plan& chain, size_t position, plan::Collect& collect) {
  Members members;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    const Node& node = *chain.nodes[i];
    for_each_expression_within(node,
                               [&](const Expression& expression) { add_reads(expression, *collect.into, members); });
    const auto* behind = node.get_if<plan::Collect>();
    if (behind != nullptr) {
      members.whole |=
          std::ranges::any_of(behind->kept, [&](const auto& kept) { return kept.second == *collect.into; });
    }
  }
  if (members.whole) return false;
  return std::erase_if(collect.kept, [&](const auto& kept) { return !members.names.contains(kept.first); }) > 0;
}

}  // namespace

bool remove_collect_variables(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* collect = chain.nodes[i]->get_if<plan::Collect>();
    if (collect == nullptr) continue;
    // The group's count is not an aggregation that one may drop where it is all there is: it makes the row.
    size_t before = collect->aggregations.size();
    std::erase_if(collect->aggregations, [&](const auto& aggregation) {
      bool may_go = aggregation.argument == nullptr || plan::is_deterministic(*aggregation.argument);
      bool is_only_output = collect->groups.empty() && !collect->into && collect->aggregations.size() == 1;
      return may_go && !is_only_output && !is_used_from(chain, i + 1, aggregation.variable);
    });
    changed |= collect->aggregations.size() != before;
    if (!collect->into) continue;
    if (!is_used_from(chain, i + 1, *collect->into)) {
      collect->into.reset();
      collect->kept.clear();
      collect->into_projection.reset();
      changed = true;
    } else if (collect->into_projection == nullptr) {
      changed |= narrow(chain, i, *collect);
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

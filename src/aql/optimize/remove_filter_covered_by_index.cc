// remove-filter-covered-by-index: conditions that hold for everything the index finds are not asked again.
#include <algorithm>

#include "aql/optimize/index_match.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using syntax::Binary;
using syntax::BinaryOperator;

struct Scan {
  const plan::IndexScan& node;
  std::vector<VariableId> unknown;
};

bool holds(const Scan& scan, const plan::IndexCondition& found, const Expression& condition) {
  const Binary* binary = condition.get_if<Binary>();
  if (binary != nullptr && binary->op == BinaryOperator::kAnd) {
    return holds(scan, found, *binary->left) && holds(scan, found, *binary->right);
  }
  if (binary != nullptr && binary->op == BinaryOperator::kOr) {
    return holds(scan, found, *binary->left) || holds(scan, found, *binary->right);
  }
  auto comparison = as_comparison(condition, scan.node.output.variable, scan.unknown);
  return comparison && implies(scan.node.index_of(found), found, *comparison);
}

bool holds_always(const Scan& scan, const Expression& condition) {
  return !scan.node.conditions.empty() &&
         std::ranges::all_of(scan.node.conditions, [&](const auto& found) { return holds(scan, found, condition); });
}

// Takes the parts that hold away; true if any did.
bool reduce(const std::vector<Scan>& scans, plan::Filter& filter) {
  std::vector<const Expression*> parts;
  split_conjunction(*filter.condition, parts);
  auto is_covered = [&](const Expression& part) {
    return std::ranges::any_of(scans, [&](const Scan& scan) { return holds_always(scan, part); });
  };
  if (std::ranges::none_of(parts, [&](const Expression* part) { return is_covered(*part); })) return false;
  std::vector<ExpressionPtr> taken;
  take_conjunction(std::move(filter.condition), taken);
  std::erase_if(taken, [&](const ExpressionPtr& part) { return is_covered(*part); });
  filter.condition = join_conjunction(std::move(taken));
  return true;
}

}  // namespace

bool remove_filter_covered_by_index(Context&, Plan& chain) {
  bool changed = false;
  std::vector<Scan> scans;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    if (!lets_filters_pass(*chain.nodes[i])) scans.clear();
    if (const auto* scan = chain.nodes[i]->get_if<plan::IndexScan>()) scans.push_back({*scan, set_from(chain, i)});
    if (auto* filter = chain.nodes[i]->get_if<plan::Filter>()) changed |= reduce(scans, *filter);
  }
  std::erase_if(chain.nodes, [](const NodePtr& node) {
    const auto* filter = node->get_if<plan::Filter>();
    return filter != nullptr && filter->condition == nullptr;
  });
  return changed;
}

}  // namespace workerdb::aql::optimize

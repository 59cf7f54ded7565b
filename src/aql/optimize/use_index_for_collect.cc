// use-index-for-collect: groups whose rows an index gives one group after the other need no table, and come
// out in order, so that the SORT by them is spared.
#include "aql/optimize/index_match.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// The lookup whose rows arrive at `position`, in its order.
std::optional<size_t> lookup_before(const Plan& chain, size_t position) {
  for (size_t i = 1; i < position; ++i) {
    if (!chain.nodes[i]->get_if<plan::IndexScan>()) continue;
    if (!has_single_row(chain, i)) return std::nullopt;
    for (size_t behind = i + 1; behind < position; ++behind) {
      const Node& node = *chain.nodes[behind];
      if (node.get_if<plan::Sort>() || (!lets_filters_pass(node) && !node.get_if<plan::Limit>())) return std::nullopt;
    }
    return i;
  }
  return std::nullopt;
}

bool sorts_by_groups(const Node& node, const plan::Collect& collect) {
  const auto* sort = node.get_if<plan::Sort>();
  if (sort == nullptr || sort->keys.size() > collect.groups.size()) return false;
  for (size_t i = 0; i < sort->keys.size(); ++i) {
    if (!sort->keys[i].ascending || !plan::is_reference_to(*sort->keys[i].expression, collect.groups[i].variable))
      return false;
  }
  return true;
}

}  // namespace

bool use_index_for_collect(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* collect = chain.nodes[i]->get_if<plan::Collect>();
    if (collect == nullptr || collect->groups.empty() || collect->disables_index) continue;
    if (collect->method != plan::CollectMethod::kHash) continue;
    auto position = lookup_before(chain, i);
    if (!position) continue;
    auto& scan = *chain.nodes[*position]->get_if<plan::IndexScan>();
    if (scan.backward || scan.conditions.size() > 1) continue;
    std::vector<plan::SortKey> keys;
    for (const auto& group : collect->groups) keys.push_back({syntax::clone(*group.expression), true});
    const plan::IndexCondition* condition = scan.conditions.empty() ? nullptr : &scan.conditions[0];
    bool backward = false;
    if (!gives_order(*scan.index, condition, keys, scan.output.variable, backward)) continue;
    collect->method = plan::CollectMethod::kSorted;
    scan.keeps_order = true;
    changed = true;
    if (i + 1 < chain.nodes.size() && sorts_by_groups(*chain.nodes[i + 1], *collect)) {
      chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i) + 1);
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

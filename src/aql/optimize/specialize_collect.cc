// specialize-collect: groups are found in a table, or one after the other in rows that are sorted by them. The second
// way is shown where all plans are wanted; it wins only where an index gives the order, which use-index-for-collect
// sees.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool may_be_sorted(const Node& node) {
  const auto* collect = node.get_if<plan::Collect>();
  return collect != nullptr && !collect->groups.empty() && !collect->is_distinct_return &&
         collect->method == plan::CollectMethod::kHash;
}

bool sort_in_front(Context& context, Plan& chain, size_t position) {
  auto& collect = *chain.nodes[position]->get_if<plan::Collect>();
  plan::Sort sort;
  for (const auto& group : collect.groups) sort.keys.push_back({syntax::clone(*group.expression), true});
  collect.method = plan::CollectMethod::kSorted;
  chain.nodes.insert(chain.nodes.begin() + ptrdiff_t(position), context.make_node(std::move(sort)));
  return true;
}

}  // namespace

std::vector<Choice> specialize_collect(Context& context, Plan& chain) {
  bool collects =
      std::ranges::any_of(chain.nodes, [](const NodePtr& node) { return node->get_if<plan::Collect>() != nullptr; });
  std::vector<Choice> choices = {{[collects](Context&, Plan&) { return collects; }}};
  if (!context.settings.all_plans) return choices;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (!may_be_sorted(*chain.nodes[i])) continue;
    auto sorted = [i](Context& of_copy, Plan& copied) { return sort_in_front(of_copy, copied, i); };
    choices.push_back({sorted, false});
  }
  return choices;
}

}  // namespace workerdb::aql::optimize

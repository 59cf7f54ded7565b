// remove-filter-covered-by-traversal: what a traversal asks itself need not be asked behind it.
#include "aql/optimize/graph_conditions.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool remove_behind(Plan& chain, size_t position) {
  std::vector<VariableId> unknown = unknown_to(chain, position);
  bool changed = false;
  for (size_t i = position + 1; i < end_of_filters(chain, position); ++i) {
    auto* filter = chain.nodes[i]->get_if<plan::Filter>();
    if (filter == nullptr) continue;
    const auto& traversal = *chain.nodes[position]->get_if<plan::Traversal>();
    std::vector<ExpressionPtr> parts;
    take_conjunction(std::move(filter->condition), parts);
    changed |= std::erase_if(parts, [&](const ExpressionPtr& part) { return asks(traversal, *part, unknown); }) > 0;
    filter->condition = join_conjunction(std::move(parts));
    if (filter->condition != nullptr) continue;
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i));
    --i;
  }
  return changed;
}

}  // namespace

bool remove_filter_covered_by_traversal(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    const auto* traversal = chain.nodes[i]->get_if<plan::Traversal>();
    if (traversal == nullptr || (traversal->filter == nullptr && traversal->path_conditions.empty())) continue;
    changed |= remove_behind(chain, i);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

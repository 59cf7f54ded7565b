// fuse-filters: FILTER a FILTER b → FILTER a && b. The second is still evaluated only where the first holds.
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool fuse_filters(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size();) {
    auto* first = chain.nodes[i - 1]->get_if<plan::Filter>();
    auto* second = chain.nodes[i]->get_if<plan::Filter>();
    if (first == nullptr || second == nullptr) {
      ++i;
      continue;
    }
    first->condition = syntax::make_expression(
        syntax::Binary{syntax::BinaryOperator::kAnd, std::move(first->condition), std::move(second->condition)});
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

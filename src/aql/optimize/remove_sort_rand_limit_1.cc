// remove-sort-rand-limit-1: SORT RAND() LIMIT 1 is the first document of a scan in random order.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool is_random(const plan::Sort& sort) {
  if (sort.keys.size() != 1) return false;
  const auto* call = sort.keys[0].expression->get_if<syntax::FunctionCall>();
  return call != nullptr && call->function != nullptr && call->function->name == "RAND";
}

// Of the sort's rows one is asked for, and nothing but filters stands between the scan and the sort.
bool is_first_of(const Plan& chain, size_t scan, size_t sort) {
  const auto* limit = sort + 1 < chain.nodes.size() ? chain.nodes[sort + 1]->get_if<plan::Limit>() : nullptr;
  if (limit == nullptr || limit->offset != 0 || limit->count != 1) return false;
  for (size_t i = scan + 1; i < sort; ++i) {
    if (chain.nodes[i]->get_if<plan::Filter>() == nullptr) return false;
  }
  return has_single_row(chain, scan);
}

}  // namespace

bool remove_sort_rand_limit_1(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* scan = chain.nodes[i]->get_if<plan::EnumerateCollection>();
    if (scan == nullptr) continue;
    size_t sort = i + 1;
    while (sort < chain.nodes.size() && chain.nodes[sort]->get_if<plan::Filter>() != nullptr) ++sort;
    const auto* found = sort < chain.nodes.size() ? chain.nodes[sort]->get_if<plan::Sort>() : nullptr;
    if (found == nullptr || !is_random(*found) || !is_first_of(chain, i, sort)) continue;
    scan->random = true;
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(sort));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

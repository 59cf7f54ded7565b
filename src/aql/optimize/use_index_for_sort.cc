// use-index-for-sort: rows that an index gives in the wanted order need no SORT. A scan without conditions
// reads the whole index where that spares the sort.
#include <algorithm>

#include "aql/optimize/index_match.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool order_index_scan(plan::IndexScan& scan, const std::vector<plan::SortKey>& keys) {
  if (scan.conditions.size() > 1) return false;
  const plan::IndexCondition* condition = scan.conditions.empty() ? nullptr : &scan.conditions[0];
  if (!gives_order(*scan.index, condition, keys, scan.output.variable, scan.backward)) return false;
  scan.keeps_order = true;
  return true;
}

// A sparse index leaves documents out, so it cannot stand for the collection.
bool order_collection_scan(Node& node, const std::vector<plan::SortKey>& keys) {
  auto& scan = *node.get_if<plan::EnumerateCollection>();
  const plan::IndexInfo* best = nullptr;
  plan::IndexScan ordered;
  for (const auto& index : scan.collection->indexes) {
    bool backward = false;
    if (index->sparse || !may_use(scan.hints, *index)) continue;
    if (!gives_order(*index, nullptr, keys, scan.output.variable, backward)) continue;
    bool is_hinted = std::ranges::find(scan.hints.index_hint, index->name) != scan.hints.index_hint.end();
    if (best != nullptr && !is_hinted && best->fields.size() <= index->fields.size()) continue;
    best = index.get();
    ordered.index = index;
    ordered.backward = backward;
    if (is_hinted) break;
  }
  if (best == nullptr) return false;
  ordered.collection = scan.collection;
  ordered.keeps_order = true;
  ordered.output = std::move(scan.output);
  ordered.hints = std::move(scan.hints);
  node.kind = std::move(ordered);
  return true;
}

}  // namespace

bool use_index_for_sort(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 0; i < chain.nodes.size(); ++i) {
    Node& node = *chain.nodes[i];
    auto* lookup = node.get_if<plan::IndexScan>();
    auto* scan = node.get_if<plan::EnumerateCollection>();
    if (lookup == nullptr && (scan == nullptr || scan->random)) continue;
    auto position = sort_served_by(chain, i);
    if (!position) continue;
    const auto& keys = chain.nodes[*position]->get_if<plan::Sort>()->keys;
    if (lookup != nullptr ? !order_index_scan(*lookup, keys) : !order_collection_scan(node, keys)) continue;
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(*position));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

// remove-redundant-sorts: of two sorts behind each other the one that changes nothing.
#include <algorithm>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using Keys = std::vector<plan::SortKey>;

bool is_prefix(const Keys& prefix, const Keys& keys) {
  return prefix.size() <= keys.size() &&
         std::equal(prefix.begin(), prefix.end(), keys.begin(), [](auto& one, auto& two) {
           return one.ascending == two.ascending && plan::same_expression(*one.expression, *two.expression);
         });
}

bool is_deterministic(const plan::Sort& sort) {
  return std::ranges::all_of(sort.keys, [](const auto& key) { return plan::is_deterministic(*key.expression); });
}

// The SORT behind whose rows arrive as this one leaves them.
std::optional<size_t> next_sort(const Plan& chain, size_t position) {
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    if (chain.nodes[i]->get_if<plan::Sort>()) return i;
    if (!chain.nodes[i]->get_if<plan::Filter>() && !keeps_rows(*chain.nodes[i])) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool remove_redundant_sorts(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size();) {
    const auto* first = chain.nodes[i]->get_if<plan::Sort>();
    auto behind = first != nullptr && is_deterministic(*first) ? next_sort(chain, i) : std::nullopt;
    if (!behind || first->limit != 0) {
      ++i;
      continue;
    }
    const auto& second = *chain.nodes[*behind]->get_if<plan::Sort>();
    bool second_changes_nothing = is_prefix(second.keys, first->keys);
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(second_changes_nothing ? *behind : i));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

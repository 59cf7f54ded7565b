// interchange-adjacent-enumerations: of two loops over collections the inner one becomes the outer one where
// only then an index serves their join.
#include "aql/optimize/index_match.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool is_plain_scan(const Node& node) {
  const auto* scan = node.get_if<plan::EnumerateCollection>();
  return scan != nullptr && !scan->random && scan->output.filter == nullptr;
}

}  // namespace

bool interchange_adjacent_enumerations(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i + 1 < chain.nodes.size(); ++i) {
    if (!is_plain_scan(*chain.nodes[i]) || !is_plain_scan(*chain.nodes[i + 1])) continue;
    if (best_index(chain, i) || best_index(chain, i + 1)) continue;
    std::swap(chain.nodes[i], chain.nodes[i + 1]);
    if (best_index(chain, i + 1)) {
      changed = true;
    } else {
      std::swap(chain.nodes[i], chain.nodes[i + 1]);
    }
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

// move-filters-into-enumerate: a condition right behind a scan is asked inside of it, before the document is
// copied.
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool move_filters_into_enumerate(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i + 1 < chain.nodes.size();) {
    auto* output = plan::scan_output(*chain.nodes[i]);
    auto* filter = chain.nodes[i + 1]->get_if<plan::Filter>();
    if (output == nullptr || filter == nullptr || !plan::is_deterministic(*filter->condition)) {
      ++i;
      continue;
    }
    std::vector<ExpressionPtr> parts;
    if (output->filter != nullptr) parts.push_back(std::move(output->filter));
    parts.push_back(std::move(filter->condition));
    output->filter = join_conjunction(std::move(parts));
    chain.nodes.erase(chain.nodes.begin() + ptrdiff_t(i + 1));
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

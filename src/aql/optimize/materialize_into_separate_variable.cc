// materialize-into-separate-variable: of a document that is fetched late only the attributes that somebody reads are
// taken out of it, each into a variable of its own.
#include "aql/optimize/attributes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool materialize_into_separate_variable(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* fetch = chain.nodes[i]->get_if<plan::Materialize>();
    if (fetch == nullptr || !fetch->output.produces_document) continue;
    auto paths = paths_read_behind(chain, i, fetch->output.variable);
    if (!paths || paths->size() > fetch->max_projections) continue;
    fetch->output.produces_document = false;
    fetch->output.projections = make_projections(context, fetch->output.variable, *std::move(paths));
    for (size_t behind = i + 1; behind < chain.nodes.size(); ++behind) {
      replace_paths(context, fetch->output.variable, fetch->output.projections, *chain.nodes[behind]);
    }
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

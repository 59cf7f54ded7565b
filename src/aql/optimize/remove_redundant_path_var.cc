// remove-redundant-path-var: of a traversal's path only the parts are made that somebody reads, or none.
#include "aql/optimize/graph_contents.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

bool remove_redundant_path_var(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* traversal = chain.nodes[i]->get_if<plan::Traversal>();
    if (traversal == nullptr || !traversal->path) continue;
    plan::PathContent content = path_content(chain, i, *traversal->path);
    plan::PathContent& before = traversal->path_content;
    bool same =
        before.vertices == content.vertices && before.edges == content.edges && before.weights == content.weights;
    before = content;
    bool is_used =
        plan::uses_variable(*chain.nodes[i], *traversal->path) || is_used_from(chain, i + 1, *traversal->path);
    bool reads_own = false;  // what prune and the filter read is the node's own variable
    plan::for_each_expression(static_cast<const Node&>(*chain.nodes[i]), [&](const Expression& expression) {
      reads_own = reads_own || plan::uses_variable(expression, *traversal->path);
    });
    if (!is_used && !reads_own) traversal->path.reset(), same = false;
    changed |= !same;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

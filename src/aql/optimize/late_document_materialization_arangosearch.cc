// late-document-materialization-arangosearch: where SORT and LIMIT do with the scores of a view, only the rows that
// they leave have their documents fetched.
#include "aql/optimize/attributes.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool does_without(const Node& node, VariableId document) {
  bool is_passable =
      node.get_if<plan::Filter>() || node.get_if<plan::Sort>() || node.get_if<plan::Limit>() || keeps_rows(node);
  Paths read;
  return is_passable && collect_paths(node, document, read) && read.empty();
}

// Behind the last LIMIT that leaves out what the view gives; 0: there is none.
size_t behind_limit(const Plan& chain, size_t position, VariableId document) {
  size_t result = 0;
  bool is_sorted = false;
  for (size_t i = position + 1; i < chain.nodes.size() && does_without(*chain.nodes[i], document); ++i) {
    const auto* limit = chain.nodes[i]->get_if<plan::Limit>();
    is_sorted |= chain.nodes[i]->get_if<plan::Sort>() != nullptr;
    if (limit != nullptr && (is_sorted || limit->offset > 0)) result = i + 1;
  }
  return result;
}

}  // namespace

bool late_document_materialization_arangosearch(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* view = chain.nodes[i]->get_if<plan::EnumerateView>();
    if (view == nullptr || view->document_id) continue;
    size_t to = behind_limit(chain, i, view->variable);
    if (to == 0 || !is_used_from(chain, to, view->variable)) continue;
    view->document_id = context.make_variable();
    plan::Materialize fetch;
    fetch.document_id = *view->document_id;
    fetch.output.variable = view->variable;
    chain.nodes.insert(chain.nodes.begin() + ptrdiff_t(to), context.make_node(std::move(fetch)));
    changed = true;
  }
  return changed;
}

// Required: a view is not read without it. The node is there from the beginning.
bool handle_arangosearch_views(Context&, Plan& chain) {
  for (const NodePtr& node : chain.nodes) {
    if (node->get_if<plan::EnumerateView>()) return true;
  }
  return false;
}

}  // namespace workerdb::aql::optimize

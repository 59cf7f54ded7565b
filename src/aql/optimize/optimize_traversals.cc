// optimize-traversals: conditions on path elements end paths as soon as they do not hold; conditions on the vertex and
// the edge are asked before a path is made; what nobody reads of a result is not read from the store.
#include "aql/optimize/graph_conditions.h"
#include "aql/optimize/graph_contents.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

bool push_conditions(Context& context, Plan& chain, size_t position) {
  auto& traversal = *chain.nodes[position]->get_if<plan::Traversal>();
  std::vector<VariableId> unknown = unknown_to(chain, position);
  bool changed = false;
  std::vector<ExpressionPtr> filters;
  for (size_t i = position + 1; i < end_of_filters(chain, position); ++i) {
    const auto* filter = chain.nodes[i]->get_if<plan::Filter>();
    if (filter == nullptr) continue;
    std::vector<const Expression*> parts;
    split_conjunction(*filter->condition, parts);
    for (const Expression* part : parts) {
      if (asks(traversal, *part, unknown)) continue;
      if (is_result_condition(*part, traversal, unknown)) {
        filters.push_back(syntax::clone(*part));
        continue;
      }
      VariableId element =
          traversal.path_conditions.empty() ? context.make_variable() : traversal.path_conditions[0].element;
      auto condition = as_path_condition(*part, traversal, unknown, element);
      if (!condition) continue;
      traversal.path_conditions.push_back(std::move(*condition));
      changed = true;
    }
  }
  if (filters.empty()) return changed;
  if (traversal.filter != nullptr) filters.insert(filters.begin(), std::move(traversal.filter));
  traversal.filter = join_conjunction(std::move(filters));
  return true;
}

// FOR … IN OUTBOUND document …: of the document only its _id is wanted.
bool narrow(ExpressionPtr& start, const Plan& chain, size_t position) {
  const auto* reference = start->get_if<syntax::Reference>();
  if (reference == nullptr) return false;
  for (size_t i = 1; i < position; ++i) {
    const auto* output = plan::scan_output(*chain.nodes[i]);
    const auto* traversal = chain.nodes[i]->get_if<plan::Traversal>();
    bool is_document = (output != nullptr && output->variable == reference->variable) ||
                       (traversal != nullptr && traversal->vertex == reference->variable);
    if (!is_document) continue;
    start = syntax::make_expression(syntax::AttributeAccess{std::move(start), "_id"});
    return true;
  }
  return false;
}

bool narrow_starts(Plan& chain, size_t position) {
  Node& node = *chain.nodes[position];
  if (auto* traversal = node.get_if<plan::Traversal>()) return narrow(traversal->start, chain, position);
  if (auto* path = node.get_if<plan::ShortestPath>()) {
    bool start = narrow(path->start, chain, position);
    return narrow(path->end, chain, position) || start;
  }
  auto* paths = node.get_if<plan::EnumeratePaths>();
  if (paths == nullptr) return false;
  bool start = narrow(paths->start, chain, position);
  return narrow(paths->end, chain, position) || start;
}

}  // namespace

bool optimize_traversals(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    changed |= narrow_starts(chain, i);
    if (chain.nodes[i]->get_if<plan::Traversal>()) changed |= push_conditions(context, chain, i);
  }
  return changed;
}

bool optimize_traversal_outputs(Context&, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    auto* traversal = chain.nodes[i]->get_if<plan::Traversal>();
    if (traversal == nullptr) continue;
    auto vertex = element_content(chain, i, traversal->vertex);
    auto edge = traversal->edge ? element_content(chain, i, *traversal->edge) : plan::ElementContent::kNothing;
    changed |= vertex != traversal->vertex_content;
    traversal->vertex_content = vertex;
    if (traversal->edge && edge == plan::ElementContent::kNothing) traversal->edge.reset(), changed = true;
    changed |= traversal->edge && edge != traversal->edge_content;
    traversal->edge_content = edge;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

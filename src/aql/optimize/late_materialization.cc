#include "aql/optimize/late_materialization.h"

#include <algorithm>

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

namespace {

bool is_passable(const Node& node) {
  return node.get_if<plan::Filter>() || node.get_if<plan::Sort>() || node.get_if<plan::Limit>() || keeps_rows(node);
}

// Adds what the node reads if the index holds it.
bool takes(const plan::IndexScan& scan, const Node& node, Paths& to) {
  Paths more = to;
  if (!collect_paths(node, scan.output.variable, more) || !holds(*scan.index, more)) return false;
  to = std::move(more);
  return true;
}

}  // namespace

std::optional<LateReach> late_reach(const Plan& chain, size_t position) {
  const auto* scan = chain.nodes[position]->get_if<plan::IndexScan>();
  if (scan == nullptr || !may_cover(*scan) || scan->covers) return std::nullopt;
  if (!scan->output.produces_document || !scan->output.projections.empty()) return std::nullopt;
  VariableId document = scan->output.variable;
  LateReach reach;
  reach.end = position + 1;
  if (scan->output.filter != nullptr) {
    if (!collect_paths(*scan->output.filter, document, reach.paths) || !holds(*scan->index, reach.paths))
      return std::nullopt;
    reach.reduces = true;
  }
  bool is_sorted = false;
  for (; reach.end < chain.nodes.size(); ++reach.end) {
    const Node& node = *chain.nodes[reach.end];
    if (!is_passable(node) || !takes(*scan, node, reach.paths)) break;
    const auto* limit = node.get_if<plan::Limit>();
    is_sorted |= node.get_if<plan::Sort>() != nullptr;
    reach.reduces |= node.get_if<plan::Filter>() != nullptr || is_sorted;
    if (limit == nullptr || (!is_sorted && limit->offset == 0)) continue;
    reach.reduces = true;
    reach.behind_limit = reach.end + 1;
  }
  auto behind = paths_read_behind(chain, position, document);
  if (behind && holds(*scan->index, *behind)) return std::nullopt;  // the index alone will do, or nobody reads it
  return reach;
}

bool may_materialize_late(const Plan& chain, size_t position) {
  auto reach = late_reach(chain, position);
  return reach && reach->reduces;
}

void materialize(Context& context, Plan& chain, size_t position, size_t to) {
  auto& scan = *chain.nodes[position]->get_if<plan::IndexScan>();
  plan::ScanOutput& output = scan.output;
  Paths paths;
  if (output.filter != nullptr) collect_paths(*output.filter, output.variable, paths);
  for (size_t i = position + 1; i < to; ++i) collect_paths(*chain.nodes[i], output.variable, paths);
  output.projections = make_projections(context, output.variable, std::move(paths));
  output.produces_document = false;
  scan.covers = true;
  if (output.filter != nullptr) replace_paths(context, output.variable, output.projections, output.filter);
  for (size_t i = position + 1; i < to; ++i) {
    replace_paths(context, output.variable, output.projections, *chain.nodes[i]);
  }
  output.document_id = context.make_variable();
  plan::Materialize fetch;
  fetch.collection = scan.collection;
  fetch.document_id = *output.document_id;
  fetch.output.variable = output.variable;
  fetch.max_projections = scan.hints.max_projections;
  chain.nodes.insert(chain.nodes.begin() + ptrdiff_t(to), context.make_node(std::move(fetch)));
}

}  // namespace workerdb::aql::optimize

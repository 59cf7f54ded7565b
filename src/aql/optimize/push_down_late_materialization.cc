// push-down-late-materialization: documents are fetched behind all nodes that do with what the index holds.
#include "aql/optimize/late_materialization.h"
#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// The scan that the rows' documents were left out of.
std::optional<size_t> scan_of(const Plan& chain, const plan::Materialize& fetch) {
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    const auto* scan = chain.nodes[i]->get_if<plan::IndexScan>();
    if (scan != nullptr && scan->output.document_id == fetch.document_id) return i;
  }
  return std::nullopt;
}

// The projection is there already, or made.
void add_projections(Context& context, plan::ScanOutput& output, Paths paths) {
  std::erase_if(paths, [&](const Path& path) {
    return std::ranges::any_of(output.projections, [&](const auto& there) { return there.path == path; });
  });
  for (auto& made : make_projections(context, output.variable, std::move(paths))) {
    output.projections.push_back(std::move(made));
  }
}

// How many nodes behind it the fetching may pass: up to the last one that makes rows fewer, or sorts them.
size_t passed_nodes(const Plan& chain, size_t position, const plan::IndexScan& scan, Paths& paths) {
  Paths read;
  size_t passed = 0;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    const Node& node = *chain.nodes[i];
    bool reduces = node.get_if<plan::Filter>() || node.get_if<plan::Sort>() || node.get_if<plan::Limit>();
    if (!reduces && !keeps_rows(node)) break;
    if (!collect_paths(node, scan.output.variable, read) || !holds(*scan.index, read)) break;
    if (!reduces) continue;
    passed = i - position;
    paths = read;
  }
  return passed;
}

}  // namespace

bool push_down_late_materialization(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = chain.nodes.size(); i-- > 1;) {
    const auto* fetch = chain.nodes[i]->get_if<plan::Materialize>();
    auto position = fetch != nullptr ? scan_of(chain, *fetch) : std::nullopt;
    if (!position) continue;
    auto& scan = *chain.nodes[*position]->get_if<plan::IndexScan>();
    Paths paths;
    size_t passed = passed_nodes(chain, i, scan, paths);
    if (passed == 0) continue;
    add_projections(context, scan.output, std::move(paths));
    for (size_t behind = i + 1; behind <= i + passed; ++behind) {
      replace_paths(context, scan.output.variable, scan.output.projections, *chain.nodes[behind]);
    }
    move_node(chain, i, i + passed);
    changed = true;
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

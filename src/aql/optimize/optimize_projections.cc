// reduce-extraction-to-projection: of a document only the attributes that somebody reads are taken out of it, or none;
// an index that holds all of them spares the document altogether. optimize-projections does the same for what rules
// in between have left.
#include <algorithm>

#include "aql/optimize/attributes.h"
#include "aql/optimize/late_materialization.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

// UPDATE document, REPLACE document and REMOVE document look at its key alone.
void narrow_key(ExpressionPtr& key, VariableId variable, bool ignores_revisions) {
  if (key == nullptr || !ignores_revisions || !plan::is_reference_to(*key, variable)) return;
  key = syntax::make_expression(syntax::AttributeAccess{std::move(key), "_key"});
}
void narrow_keys(Plan& chain, size_t position, VariableId variable) {
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    auto* update = chain.nodes[i]->get_if<plan::Update>();
    auto* remove = chain.nodes[i]->get_if<plan::Remove>();
    if (update != nullptr) narrow_key(update->key, variable, update->options.ignore_revs);
    if (remove != nullptr) narrow_key(remove->key, variable, remove->options.ignore_revs);
  }
}

// Whether the index holds the paths and what the scan's filter reads; then the filter's paths become
// projections, too.
bool cover(const plan::IndexScan& scan, Paths& paths) {
  if (!may_cover(scan)) return false;
  Paths all = paths;
  if (scan.output.filter != nullptr && !collect_paths(*scan.output.filter, scan.output.variable, all)) return false;
  if (all.empty() || !holds(*scan.index, all)) return false;
  paths = std::move(all);
  return true;
}

size_t most_projections(const Node& node) {
  if (const auto* lookup = node.get_if<plan::IndexScan>()) return lookup->hints.max_projections;
  return node.get_if<plan::EnumerateCollection>()->hints.max_projections;
}

bool project(Context& context, Plan& chain, size_t position) {
  Node& node = *chain.nodes[position];
  plan::ScanOutput& output = *plan::scan_output(node);
  if (!output.projections.empty() || !output.produces_document) return false;
  narrow_keys(chain, position, output.variable);
  auto paths = paths_read_behind(chain, position, output.variable);
  if (!paths) return false;
  auto* lookup = node.get_if<plan::IndexScan>();
  bool covers = lookup != nullptr && cover(*lookup, *paths);
  if (paths->size() > most_projections(node) && !covers) return false;
  output.produces_document = false;
  if (lookup != nullptr) lookup->covers = covers;
  output.projections = make_projections(context, output.variable, *std::move(paths));
  if (covers && output.filter != nullptr) {
    replace_paths(context, output.variable, output.projections, output.filter);
  }
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    replace_paths(context, output.variable, output.projections, *chain.nodes[i]);
  }
  return true;
}

}  // namespace

bool reduce_extraction_to_projection(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (plan::scan_output(*chain.nodes[i]) == nullptr || may_materialize_late(chain, i)) continue;
    changed |= project(context, chain, i);
  }
  return changed;
}

bool optimize_projections(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (plan::scan_output(*chain.nodes[i]) != nullptr) changed |= project(context, chain, i);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

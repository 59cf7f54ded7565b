// optimize-projections: of a document only the attributes that somebody reads are taken out of it, or none;
// an index that holds all of them spares the document altogether.
#include <algorithm>
#include <map>

#include "aql/optimize/nodes.h"
#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using Path = std::vector<std::string>;
using Paths = std::vector<Path>;

bool is_prefix(const Path& prefix, const Path& path) {
  return prefix.size() <= path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

// Of two paths one of which leads through the other the shorter one stays.
void add_path(Paths& to, Path path) {
  for (const Path& there : to) {
    if (is_prefix(there, path)) return;
  }
  std::erase_if(to, [&](const Path& there) { return is_prefix(path, there); });
  to.push_back(std::move(path));
}

// False if the document itself is read.
bool collect_paths(const Expression& expression, VariableId variable, Paths& to) {
  if (auto path = plan::attribute_path(expression, variable)) {
    add_path(to, std::move(*path));
    return true;
  }
  if (plan::is_reference_to(expression, variable)) return false;
  bool result = true;
  plan::for_each_operand(expression, [&](const Expression& operand) {
    result = result && collect_paths(operand, variable, to);
  });
  return result;
}

bool keeps_variable(const Node& node, VariableId variable) {
  if (const auto* collect = node.get_if<plan::Collect>()) {
    if (std::ranges::any_of(collect->kept, [&](const auto& kept) { return kept.second == variable; }))
      return true;
  }
  const Plan* inner = plan::subplan(node);
  return inner != nullptr && std::ranges::any_of(inner->nodes, [&](const NodePtr& inner_node) {
           return keeps_variable(*inner_node, variable);
         });
}

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

// What the nodes behind read of the document; nothing if that is the document itself.
std::optional<Paths> paths_read_behind(const Plan& chain, size_t position, VariableId variable) {
  Paths result;
  bool whole = false;
  for (size_t i = position + 1; i < chain.nodes.size() && !whole; ++i) {
    whole = keeps_variable(*chain.nodes[i], variable);
    for_each_expression_within(static_cast<const Node&>(*chain.nodes[i]), [&](const Expression& expression) {
      whole = whole || !collect_paths(expression, variable, result);
    });
  }
  return whole ? std::nullopt : std::optional(std::move(result));
}

class Replacement {
 public:
  Replacement(const Context& context, VariableId document, const std::vector<plan::Projection>& projections)
      : context_(context), document_(document), projections_(projections) {}

  void apply(ExpressionPtr& expression) const {
    if (auto path = plan::attribute_path(*expression, document_)) {
      for (const plan::Projection& projection : projections_) {
        if (is_prefix(projection.path, *path)) return replace(expression, projection, path->size());
      }
      return;
    }
    plan::for_each_operand(*expression, [&](ExpressionPtr& operand) { apply(operand); });
  }

 private:
  // What the path has beyond the projection stays an access.
  void replace(ExpressionPtr& expression, const plan::Projection& projection, size_t length) const {
    ExpressionPtr* at = &expression;
    for (size_t left = length; left > projection.path.size(); --left)
      at = &(*at)->get_if<syntax::AttributeAccess>()->object;
    *at = context_.reference(projection.variable);
  }

  const Context& context_;
  const VariableId document_;
  const std::vector<plan::Projection>& projections_;
};

bool holds(const plan::IndexInfo& index, const Path& path) {
  auto has = [&](const Path& held) { return is_prefix(held, path); };
  return std::ranges::any_of(index.fields,
                             [&](const auto& field) { return !field.expanded && has(field.path); }) ||
         std::ranges::any_of(index.stored_values, has);
}

// A key is looked up in the documents themselves.
bool may_cover(const plan::IndexScan& scan) {
  if (scan.has_several_indexes()) return false;
  if (scan.index->type == "edge" || scan.index->type == "persistent") return true;
  return false;
}

// Whether the index holds the paths and what the scan's filter reads; then the filter's paths become
// projections, too.
bool cover(const plan::IndexScan& scan, Paths& paths) {
  if (!may_cover(scan)) return false;
  Paths all = paths;
  if (scan.output.filter != nullptr && !collect_paths(*scan.output.filter, scan.output.variable, all))
    return false;
  if (all.empty() || !std::ranges::all_of(all, [&](const Path& path) { return holds(*scan.index, path); }))
    return false;
  paths = std::move(all);
  return true;
}

bool project(Context& context, Plan& chain, size_t position) {
  Node& node = *chain.nodes[position];
  plan::ScanOutput& output = *plan::scan_output(node);
  if (!output.projections.empty() || !output.produces_document) return false;
  narrow_keys(chain, position, output.variable);
  auto paths = paths_read_behind(chain, position, output.variable);
  if (!paths) return false;
  auto* lookup = node.get_if<plan::IndexScan>();
  size_t most = lookup != nullptr ? lookup->hints.max_projections
                                  : node.get_if<plan::EnumerateCollection>()->hints.max_projections;
  bool covers = lookup != nullptr && cover(*lookup, *paths);
  if (paths->size() > most && !covers) return false;
  output.produces_document = false;
  if (lookup != nullptr) lookup->covers = covers;
  std::ranges::sort(*paths);
  for (Path& path : *paths) {
    VariableId variable = context.make_projection_variable(output.variable, path);
    output.projections.push_back({std::move(path), variable});
  }
  Replacement replacement(context, output.variable, output.projections);
  if (covers && output.filter != nullptr) replacement.apply(output.filter);
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    for_each_expression_within(*chain.nodes[i],
                               [&](ExpressionPtr& expression) { replacement.apply(expression); });
  }
  return true;
}

}  // namespace

bool optimize_projections(Context& context, Plan& chain) {
  bool changed = false;
  for (size_t i = 1; i < chain.nodes.size(); ++i) {
    if (plan::scan_output(*chain.nodes[i]) != nullptr) changed |= project(context, chain, i);
  }
  return changed;
}

}  // namespace workerdb::aql::optimize

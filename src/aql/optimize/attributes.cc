#include "aql/optimize/attributes.h"

#include <algorithm>

#include "aql/optimize/nodes.h"

namespace workerdb::aql::optimize {

namespace {

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

bool keeps_variable(const Node& node, VariableId variable) {
  if (const auto* collect = node.get_if<plan::Collect>()) {
    if (std::ranges::any_of(collect->kept, [&](const auto& kept) { return kept.second == variable; })) return true;
  }
  const Plan* inner = plan::subplan(node);
  return inner != nullptr && std::ranges::any_of(inner->nodes, [&](const NodePtr& inner_node) {
           return keeps_variable(*inner_node, variable);
         });
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

}  // namespace

bool collect_paths(const Expression& expression, VariableId variable, Paths& to) {
  if (auto path = plan::attribute_path(expression, variable)) {
    add_path(to, std::move(*path));
    return true;
  }
  if (plan::is_reference_to(expression, variable)) return false;
  bool result = true;
  plan::for_each_operand(expression,
                         [&](const Expression& operand) { result = result && collect_paths(operand, variable, to); });
  return result;
}

bool collect_paths(const Node& node, VariableId variable, Paths& to) {
  bool whole = keeps_variable(node, variable);
  for_each_expression_within(
      node, [&](const Expression& expression) { whole = whole || !collect_paths(expression, variable, to); });
  return !whole;
}

std::optional<Paths> paths_read_behind(const Plan& chain, size_t position, VariableId variable) {
  Paths result;
  for (size_t i = position + 1; i < chain.nodes.size(); ++i) {
    if (!collect_paths(*chain.nodes[i], variable, result)) return std::nullopt;
  }
  return result;
}

bool may_cover(const plan::IndexScan& scan) {
  if (scan.has_several_indexes()) return false;
  if (scan.index->type == "edge" || scan.index->type == "persistent") return true;
  return false;
}

// Each entry of a persistent or an edge index names its document by the _key.
bool holds(const plan::IndexInfo& index, const Path& path) {
  if (path.size() == 1 && path[0] == "_key") return true;
  auto has = [&](const Path& held) { return is_prefix(held, path); };
  return std::ranges::any_of(index.fields, [&](const auto& field) { return !field.expanded && has(field.path); }) ||
         std::ranges::any_of(index.stored_values, has);
}

bool holds(const plan::IndexInfo& index, const Paths& paths) {
  return std::ranges::all_of(paths, [&](const Path& path) { return holds(index, path); });
}

void replace_paths(const Context& context, VariableId document, const std::vector<plan::Projection>& projections,
                   ExpressionPtr& expression) {
  Replacement(context, document, projections).apply(expression);
}
void replace_paths(const Context& context, VariableId document, const std::vector<plan::Projection>& projections,
                   Node& node) {
  Replacement replacement(context, document, projections);
  for_each_expression_within(node, [&](ExpressionPtr& expression) { replacement.apply(expression); });
}

std::vector<plan::Projection> make_projections(Context& context, VariableId document, Paths paths) {
  std::ranges::sort(paths);
  std::vector<plan::Projection> result;
  for (Path& path : paths) {
    VariableId variable = context.make_projection_variable(document, path);
    result.push_back({std::move(path), variable});
  }
  return result;
}

}  // namespace workerdb::aql::optimize

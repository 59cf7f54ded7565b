// The piece of AQL that a node stands for.
#include <fmt/format.h>

#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"

namespace workerdb::aql::plan {

namespace {

std::string text(const ExpressionPtr& expression) { return expression ? syntax::to_string(*expression) : "null"; }

std::string path_text(const std::vector<std::string>& path) {
  std::string result;
  for (const std::string& name : path) result += "." + syntax::quoted_name(name);
  return result;
}

class NodeText {
 public:
  explicit NodeText(const Plan& root) : root_(root) {}

  std::string name(VariableId variable) const {
    if (variable >= root_.variables.size()) return "?";
    const Variable& found = root_.variables[variable];
    return found.is_internal ? found.name : syntax::quoted_name(found.name);
  }

  std::string operator()(const Singleton&) const { return "ROOT"; }
  std::string operator()(const EnumerateCollection& node) const { return scan(node.output, node.collection->name); }
  std::string operator()(const IndexScan& node) const { return scan(node.output, node.collection->name); }
  std::string operator()(const Traversal& node) const {
    std::string result = "FOR " + name(node.vertex);
    if (node.edge) result += ", " + name(*node.edge);
    if (node.path) result += ", " + name(*node.path);
    result += fmt::format(" IN {}..{} {} {}{}", node.least_depth, node.largest_depth,
                          syntax::direction_text(node.scope.direction), text(node.start), scope(node.scope));
    if (!node.prune) return result;
    result += " PRUNE ";
    if (node.prune_variable) result += name(*node.prune_variable) + " = ";
    return result + text(node.prune);
  }
  std::string operator()(const ShortestPath& node) const {
    std::string edge = node.edge ? ", " + name(*node.edge) : "";
    return fmt::format("FOR {}{} IN {} SHORTEST_PATH {} TO {}{}", name(node.vertex), edge,
                       syntax::direction_text(node.scope.direction), text(node.start), text(node.end),
                       scope(node.scope));
  }
  std::string operator()(const EnumeratePaths& node) const {
    std::string depth =
        node.kind == syntax::PathKind::kKPaths ? fmt::format("{}..{} ", node.least_length, node.largest_length) : "";
    return fmt::format("FOR {} IN {}{} {} {} TO {}{}", name(node.path), depth,
                       syntax::direction_text(node.scope.direction), syntax::path_kind_text(node.kind),
                       text(node.start), text(node.end), scope(node.scope));
  }
  std::string operator()(const EnumerateView& node) const {
    std::string result = fmt::format("FOR {} IN {}", name(node.variable), syntax::quoted_name(node.view->name));
    if (node.condition) result += " SEARCH " + text(node.condition);
    for (const auto& score : node.scores) result += fmt::format(" LET {} = {}", name(score.variable), text(score.call));
    return result;
  }
  std::string operator()(const Materialize& node) const { return "MATERIALIZE " + name(node.output.variable); }
  std::string operator()(const EnumerateList& node) const {
    if (node.pair_value) {
      const auto& object = node.list->get_if<syntax::FunctionCall>()->arguments[0];
      return fmt::format("FOR [{}, {}] OF {}", name(node.variable), name(*node.pair_value), text(object));
    }
    return fmt::format("FOR {} IN {}", name(node.variable), text(node.list));
  }
  std::string operator()(const Filter& node) const { return "FILTER " + text(node.condition); }
  std::string operator()(const Calculation& node) const {
    return fmt::format("LET {} = {}", name(node.variable), text(node.expression));
  }
  std::string operator()(const Subquery& node) const { return fmt::format("LET {} = ...", name(node.variable)); }
  std::string operator()(const Sort& node) const {
    std::string result = "SORT ";
    for (const SortKey& key : node.keys) {
      result += fmt::format("{}{} {}", &key == node.keys.data() ? "" : ", ", text(key.expression),
                            key.ascending ? "ASC" : "DESC");
    }
    return result;
  }
  std::string operator()(const Limit& node) const {
    return fmt::format("LIMIT {}, {}", node.offset, node.count == UINT64_MAX ? "null" : std::to_string(node.count));
  }
  std::string operator()(const Collect& node) const;
  std::string operator()(const Window& node) const {
    std::string range = node.range_value ? text(node.range_value) + " WITH " : "";
    return fmt::format("WINDOW {}{{ preceding: {}, following: {} }} AGGREGATE {}", range, text(node.preceding),
                       text(node.following), aggregations(node.aggregations));
  }
  std::string operator()(const Insert& node) const {
    return fmt::format("INSERT {} IN {}", text(node.document), node.collection->name);
  }
  std::string operator()(const Update& node) const {
    std::string verb = node.replaces ? "REPLACE " : "UPDATE ";
    std::string key = node.key ? text(node.key) + " WITH " : "";
    return fmt::format("{}{}{} IN {}", verb, key, text(node.document), node.collection->name);
  }
  std::string operator()(const Remove& node) const {
    return fmt::format("REMOVE {} IN {}", text(node.key), node.collection->name);
  }
  std::string operator()(const Upsert& node) const {
    return fmt::format("UPSERT ... INSERT {} {} {} IN {}", text(node.insert_document),
                       node.replaces ? "REPLACE" : "UPDATE", text(node.update_document), node.collection->name);
  }
  std::string operator()(const Return& node) const { return "RETURN " + text(node.expression); }
  std::string operator()(const NoResults&) const { return "EMPTY"; }

 private:
  std::string scan(const ScanOutput& output, const std::string& collection) const {
    return fmt::format("FOR {} IN {}", name(output.variable), syntax::quoted_name(collection));
  }
  static std::string scope(const GraphScope& scope) {
    if (!scope.graph.empty()) return " GRAPH '" + scope.graph + "'";
    std::string result;
    for (const auto& edges : scope.edges) {
      result += result.empty() ? " " : ", ";
      if (edges.direction != scope.direction) result += std::string(syntax::direction_text(edges.direction)) + " ";
      result += syntax::quoted_name(edges.collection->name);
    }
    return result;
  }
  std::string aggregations(const std::vector<Collect::Aggregation>& list) const {
    std::string result;
    for (const auto& item : list) {
      result += fmt::format("{}{} = {}({})", &item == list.data() ? "" : ", ", name(item.variable),
                            item.aggregate->name, item.argument ? text(item.argument) : "");
    }
    return result;
  }

  const Plan& root_;
};

std::string NodeText::operator()(const Collect& node) const {
  if (node.is_distinct_return)
    return fmt::format("COLLECT {} = {}", name(node.groups[0].variable), text(node.groups[0].expression));
  std::string result = "COLLECT";
  for (const auto& group : node.groups) {
    result += fmt::format("{}{} = {}", &group == node.groups.data() ? " " : ", ", name(group.variable),
                          text(group.expression));
  }
  if (!node.aggregations.empty()) result += " AGGREGATE " + aggregations(node.aggregations);
  if (node.into) result += " INTO " + name(*node.into);
  if (node.into_projection) result += " = " + text(node.into_projection);
  for (const auto& kept : node.kept) {
    result += (&kept == node.kept.data() ? " KEEP " : ", ") + syntax::quoted_name(kept.first);
  }
  return result;
}

}  // namespace

const char* order_text(TraversalOrder order) {
  if (order == TraversalOrder::kWeighted) return "weighted";
  return order == TraversalOrder::kDepthFirst ? "dfs" : "bfs";
}

const char* uniqueness_text(Uniqueness uniqueness) {
  if (uniqueness == Uniqueness::kGlobal) return "global";
  return uniqueness == Uniqueness::kPath ? "path" : "none";
}

std::string node_text(const Plan& root, const Node& node) { return std::visit(NodeText(root), node.kind); }

std::string index_condition_text(const Plan& root, const IndexScan& scan) {
  std::string loop = NodeText(root).name(scan.output.variable), result;
  auto field_text = [&](const IndexCondition& condition, size_t position) {
    const IndexInfo& index = scan.index_of(condition);
    if (index.type == "primary") return loop + (condition.edge_field == 1 ? "._id" : "._key");
    if (index.type == "edge") return loop + (condition.edge_field == 1 ? "._to" : "._from");
    const IndexInfo::Field& field = index.fields[position];
    return loop + path_text(field.path) + (field.expanded ? "[*]" + path_text(field.member_path) : "");
  };
  for (const IndexCondition& condition : scan.conditions) {
    std::string part;
    auto add = [&](size_t position, const char* op, const ExpressionPtr& value) {
      part += fmt::format("{}{} {} {}", part.empty() ? "" : " && ", field_text(condition, position), op, text(value));
    };
    for (size_t i = 0; i < condition.equal.size(); ++i) {
      add(i, condition.in_position == i ? "IN" : "==", condition.equal[i]);
    }
    if (condition.lower) add(condition.equal.size(), condition.lower_inclusive ? ">=" : ">", condition.lower);
    if (condition.upper) add(condition.equal.size(), condition.upper_inclusive ? "<=" : "<", condition.upper);
    if (part.empty()) part = "*";
    result += (result.empty() ? "" : " || ") + (scan.conditions.size() > 1 ? "(" + part + ")" : part);
  }
  return result.empty() ? "*" : result;
}

}  // namespace workerdb::aql::plan

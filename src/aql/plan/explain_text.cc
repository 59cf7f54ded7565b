#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"

namespace workerdb::aql::plan {

namespace {

std::string path_text(const std::vector<std::string>& path) {
  std::string result;
  for (const std::string& name : path) result += (result.empty() ? "" : ".") + name;
  return result;
}

// Behind the AQL, what it does not say: /* … */
struct Notes {
  std::string operator()(const EnumerateCollection& node) const {
    return (node.random ? "full collection scan, random order" : "full collection scan") + output(node.output);
  }
  std::string operator()(const IndexScan& node) const {
    std::string result = node.index->type + " index scan";
    if (node.has_several_indexes()) result += " of several";
    if (node.covers) result += ", index only";
    if (node.backward) result += ", reverse";
    return result + output(node.output);
  }
  std::string operator()(const EnumerateView& node) const {
    std::string result = node.scores.empty() ? "view query" : "view query with scores";
    return node.document_id ? result + ", with late materialization" : result;
  }
  std::string operator()(const Materialize& node) const {
    std::string result = output(node.output);
    return result.empty() ? "" : result.substr(2);
  }
  std::string operator()(const EnumerateList& node) const { return node.pair_value ? "object iteration" : ""; }
  std::string operator()(const Traversal& node) const {
    const GraphOptions& options = node.options;
    std::string result = fmt::format("order: {}, uniqueVertices: {}, uniqueEdges: {}", order_text(options.order),
                                     uniqueness_text(options.unique_vertices), uniqueness_text(options.unique_edges));
    result += content("vertex", node.vertex_content) + (node.edge ? content("edge", node.edge_content) : "");
    if (node.path) result += path_content(node.path_content);
    for (const PathCondition& condition : node.path_conditions) {
      result += fmt::format(", {} {}: {}", condition.of_edges ? "edge" : "vertex",
                            condition.position ? std::to_string(*condition.position) : "each",
                            syntax::to_string(*condition.condition));
    }
    if (node.filter) result += ", filter: " + syntax::to_string(*node.filter);
    return result;
  }
  std::string operator()(const ShortestPath& node) const {
    std::string result = content("vertex", node.vertex_content) + (node.edge ? content("edge", node.edge_content) : "");
    return result.empty() ? "shortest path" : "shortest path" + result;
  }
  std::string operator()(const EnumeratePaths& node) const { return "paths" + path_content(node.path_content); }
  std::string operator()(const Subquery& node) const {
    std::string result = node.is_constant ? "const subquery" : "subquery";
    if (node.needed_rows != 0) result += fmt::format(", rows: {}", node.needed_rows);
    if (node.condition) result += ", if " + syntax::to_string(*node.condition);
    return result;
  }
  std::string operator()(const Sort& node) const {
    return node.limit != 0 ? fmt::format("sorting strategy: constrained heap, limit: {}", node.limit)
                           : "sorting strategy: standard";
  }
  std::string operator()(const Collect& node) const {
    if (node.is_distinct_return) return "distinct";
    return node.method == CollectMethod::kHash ? "hash" : node.method == CollectMethod::kSorted ? "sorted" : "count";
  }
  std::string operator()(const Limit& node) const { return node.full_count ? "fullCount" : ""; }
  template <typename T>
  std::string operator()(const T&) const {
    return {};
  }

 private:
  static std::string content(const char* element, ElementContent content) {
    if (content == ElementContent::kDocument) return {};
    return fmt::format(", {}{}", element, content == ElementContent::kNothing ? " optimized away" : ": _id, _key");
  }
  static std::string path_content(const PathContent& path) {
    std::string parts;
    auto part = [&](const char* name, bool is_made) {
      if (is_made) parts += (parts.empty() ? "" : ", ") + std::string(name);
    };
    part("vertices", path.vertices != ElementContent::kNothing);
    part("edges", path.edges != ElementContent::kNothing);
    part("weights", path.weights);
    return ", paths: " + (parts.empty() ? "none" : parts);
  }
  static std::string output(const ScanOutput& output) {
    std::string result;
    for (const Projection& projection : output.projections) {
      result += fmt::format("{}`{}`", result.empty() ? ", projections: " : ", ", path_text(projection.path));
    }
    if (output.projections.empty() && !output.produces_document) result += ", without document";
    if (output.document_id) result += ", with late materialization";
    if (output.filter) result += ", filter: " + syntax::to_string(*output.filter);
    return result;
  }
};

class Explainer {
 public:
  explicit Explainer(const Plan& root) : root_(root) {}

  std::string text() {
    out_ = "Execution plan:\n Id   NodeType                    Est.   Comment\n";
    put(root_, 0);
    put_indexes();
    put_rules();
    return std::move(out_);
  }

 private:
  void put(const Plan& plan, size_t level) {
    for (const NodePtr& node : plan.nodes) {
      bool is_root = node->get_if<Singleton>() != nullptr;
      std::string notes = std::visit(Notes(), node->kind);
      out_ += fmt::format("{:3}   {:<23} {:>8.0f}   {}{} {}{}\n", node->id, node_name(*node),
                          std::ceil(node->estimated_rows), std::string(level * 2, ' '), is_root ? "*" : "-",
                          node_text(root_, *node), notes.empty() ? "" : "   /* " + notes + " */");
      if (is_root) ++level;
      bool walks = node->get_if<Traversal>() || node->get_if<ShortestPath>() || node->get_if<EnumeratePaths>();
      if (walks || scan_output(*node) != nullptr || node->get_if<EnumerateList>() != nullptr ||
          node->get_if<EnumerateView>() != nullptr) {
        ++level;
      }
      if (const IndexScan* scan = node->get_if<IndexScan>()) scans_.emplace_back(node->id, scan);
      if (const Plan* inner = subplan(*node)) put(*inner, level + 1);
    }
  }

  void put_indexes() {
    out_ += "\nIndexes used:\n";
    if (scans_.empty()) out_ += " none\n";
    std::stable_sort(scans_.begin(), scans_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [id, scan] : scans_) {
      const IndexInfo& index = *scan->index;
      std::string fields, stored;
      for (const IndexInfo::Field& field : index.fields) {
        fields += (fields.empty() ? "`" : ", `") + path_text(field.path) + (field.expanded ? "[*]" : "") +
                  (field.member_path.empty() ? "" : "." + path_text(field.member_path)) + "`";
      }
      for (const auto& path : index.stored_values) stored += (stored.empty() ? "`" : ", `") + path_text(path) + "`";
      out_ += fmt::format("{:3}   {} {} on {} [ {} ]{}{}{}, selectivity {:.2f} %   {}\n", id, index.name, index.type,
                          scan->collection->name, fields, stored.empty() ? "" : " stored [ " + stored + " ]",
                          index.unique ? " unique" : "", index.sparse ? " sparse" : "", index.selectivity * 100,
                          index_condition_text(root_, *scan));
    }
  }

  void put_rules() {
    out_ += "\nOptimization rules applied:\n";
    if (root_.applied_rules.empty()) out_ += " none\n";
    for (size_t i = 0; i < root_.applied_rules.size(); ++i) {
      out_ += fmt::format("{:3}   {}\n", i + 1, root_.applied_rules[i]);
    }
  }

  const Plan& root_;
  std::string out_;
  std::vector<std::pair<uint32_t, const IndexScan*>> scans_;
};

}  // namespace

std::string explain_text(const Plan& plan) { return Explainer(plan).text(); }

}  // namespace workerdb::aql::plan

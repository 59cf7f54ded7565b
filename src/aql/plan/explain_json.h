#pragma once
// A plan as JSON, in the shapes of explain.h. What each kind of node shows stands in explain_json_scans.cc,
// explain_json_graphs.cc and, for all else, explain_json.cc. Private to this folder.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aql/plan/explain.h"

namespace workerdb::aql::plan {

class JsonExplainer {
 public:
  JsonExplainer(const Plan& root, value::Builder& builder) : root_(root), builder_(builder) { look_at(root); }

  void put_nodes(const Plan& plan);
  void put_variable(VariableId variable, bool with_values = false);

 private:
  // Variables that hold whole documents of a collection, and those that are known now.
  void look_at(const Plan& plan);
  void put_head(const Node& node, const Node* before);
  void put_text(const char* key, const ExpressionPtr& expression);
  void put_out(const char* key, std::optional<VariableId> variable);
  void put_path(const std::vector<std::string>& path);
  void put_output(const ScanOutput& output);
  // One for each condition where they differ, as the documentation has it.
  void put_indexes(const IndexScan& node);
  void put_index(const IndexInfo& index);
  void put_condition(const IndexScan& scan);
  void put_source(const CollectionInfo& collection);
  void put_hints(const ScanHints& hints);
  void put_strings(const char* key, const std::vector<std::string>& list);
  void put_scope(const GraphScope& scope);
  void put_indexes(const GraphScope& scope);
  void put_weights(const GraphOptions& options);
  void put_path_content(const PathContent& path);
  void put_conditions(const char* key, const Traversal& node, bool of_edges);
  void put_level_conditions(const Traversal& node);
  void put_aggregations(const std::vector<Collect::Aggregation>& list);
  void put_options(const ModificationOptions& options);
  void put(const EnumerateCollection& node);
  void put(const IndexScan& node);
  void put(const Traversal& node);
  void put(const ShortestPath& node);
  void put(const EnumeratePaths& node);
  void put(const EnumerateView& node);
  void put(const Materialize& node);
  void put(const EnumerateList& node);
  void put(const Filter& node);
  void put(const Calculation& node);
  void put(const Subquery& node);
  void put(const Sort& node);
  void put(const Limit& node);
  void put(const Collect& node);
  void put(const Window& node);
  void put(const Insert& node);
  void put(const Update& node);
  void put(const Remove& node);
  void put(const Upsert& node);
  void put(const Return& node);
  void put(const Singleton&);
  void put(const NoResults&);

  const Plan& root_;
  value::Builder& builder_;
  std::set<VariableId> documents_;
  std::map<VariableId, value::Slice> constants_;
};

}  // namespace workerdb::aql::plan

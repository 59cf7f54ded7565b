#pragma once
// What every rule is given. Internal to this folder.
#include <optional>
#include <string>

#include "aql/optimize/optimize.h"
#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"
#include "base/error.h"

namespace workerdb::aql::optimize {

using plan::ExpressionPtr;
using plan::Node;
using plan::NodePtr;
using plan::Plan;
using plan::VariableId;
using syntax::Expression;

// One run of the optimizer. Makes nodes and variables whose numbers are unique in the whole query.
class Context {
 public:
  Context(Plan& root, const RuleSettings& settings) : settings(settings), root_(root) {
    plan::for_each_plan(root, [&](Plan& chain) {
      for (const NodePtr& node : chain.nodes) last_node_id_ = std::max(last_node_id_, node->id);
    });
  }

  template <typename T>
  NodePtr make_node(T kind) {
    auto node = std::make_unique<Node>();
    node->id = ++last_node_id_;
    node->kind = std::move(kind);
    return node;
  }
  VariableId make_variable() {
    auto variable = VariableId(root_.variables.size());
    root_.variables.push_back({"#" + std::to_string(variable), true});
    return variable;
  }
  // For an attribute of a loop's document: "#u.address.city", which is printed like the attribute.
  VariableId make_projection_variable(VariableId document, const std::vector<std::string>& path) {
    std::string name = "#" + root_.variables[document].name;
    for (const std::string& part : path) name += "." + syntax::quoted_name(part);
    root_.variables.push_back({std::move(name), true});
    return VariableId(root_.variables.size() - 1);
  }
  ExpressionPtr reference(VariableId variable) const {
    return plan::make_reference(root_.variables[variable].name, variable);
  }
  bool is_root(const Plan& chain) const { return &chain == &root_; }
  // To be told of a constant by whose value a rule decides, or of which it makes another one: where that is a bind
  // parameter's, the plan does not hold for other values.
  void looked_into(const Expression& expression) {
    const auto* constant = expression.get_if<syntax::Constant>();
    if (constant != nullptr && constant->parameter != 0) root_.depends_on_values = true;
  }

  const RuleSettings& settings;
  std::optional<base::Error> error;  // the first one ends the run

 private:
  Plan& root_;
  uint32_t last_node_id_ = 0;
};

}  // namespace workerdb::aql::optimize

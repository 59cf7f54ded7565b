// What must hold for every plan before and behind every rule.
#include <fmt/format.h>

#include <set>
#include <unordered_set>

#include "aql/optimize/rules.h"

namespace workerdb::aql::optimize {

namespace {

using Variables = std::set<VariableId>;

class Verification {
 public:
  // `outer`: what the rows around the chain give.
  std::optional<std::string> check(const Plan& chain, const Variables& outer) {
    if (chain.nodes.empty() || chain.nodes[0]->get_if<plan::Singleton>() == nullptr) return "a chain without singleton";
    Variables known = outer;
    for (const NodePtr& node : chain.nodes) {
      if (!node_ids_.insert(node->id).second) return fmt::format("two nodes with the number {}", node->id);
      if (auto defect = check(*node, known)) return defect;
      if (node->get_if<plan::Collect>() != nullptr) known = outer;
      for (VariableId variable : plan::set_variables(*node)) {
        if (!set_.insert(variable).second) return fmt::format("node {} sets variable {} again", node->id, variable);
        known.insert(variable);
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> check(const Node& node, const Variables& known) {
    std::vector<VariableId> used;
    plan::collect_used_variables(node, used);
    for (VariableId variable : used) {
      if (!known.contains(variable)) {
        return fmt::format("node {} ({}) reads variable {}, which is not set", node.id, plan::node_name(node),
                           variable);
      }
    }
    const Plan* inner = plan::subplan(node);
    return inner == nullptr ? std::nullopt : check(*inner, known);
  }

  std::unordered_set<uint32_t> node_ids_;
  std::unordered_set<VariableId> set_;
};

}  // namespace

std::optional<std::string> find_defect(const Plan& plan) { return Verification().check(plan, {}); }

}  // namespace workerdb::aql::optimize

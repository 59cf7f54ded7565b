// From a plan to its steps.
#include "aql/execute/program.h"

#include "aql/execute/singleton.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct SingletonStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator>) const override {
    return std::make_unique<Singleton>(runtime, live);
  }
};

bool modifies(const plan::Plan& plan);

bool modifies(const plan::Node& node) {
  if (const auto* subquery = node.get_if<plan::Subquery>()) return modifies(*subquery->plan);
  return node.get_if<plan::Insert>() != nullptr || node.get_if<plan::Update>() != nullptr ||
         node.get_if<plan::Remove>() != nullptr || node.get_if<plan::Upsert>() != nullptr;
}

bool modifies(const plan::Plan& plan) {
  for (const plan::NodePtr& node : plan.nodes) {
    if (modifies(*node)) return true;
  }
  return false;
}

// Singleton, scan, what goes row by row, COLLECT.
size_t count_parallel_steps(const std::vector<StepPtr>& steps) {
  if (steps.size() < 3 || steps[1]->scanned_collection() == nullptr) return 0;
  size_t at = 2;
  while (at < steps.size() && steps[at]->is_row_by_row()) ++at;
  return at < steps.size() && steps[at]->merges() ? at + 1 : 0;
}

}  // namespace

StepResult compile_step(const plan::Singleton&, NodeContext&) { return std::make_unique<SingletonStep>(); }

Result<std::unique_ptr<CompiledPlan>> compile_plan(const plan::Plan& plan, RegisterAllocation& registers,
                                                   bool is_outermost) {
  auto compiled = std::make_unique<CompiledPlan>();
  if (plan.nodes.empty() || plan.nodes[0]->get_if<plan::Singleton>() == nullptr) {
    return base::Error(base::ErrorCode::kInternal, "a plan must begin with its singleton");
  }
  registers.set_live({});
  if (plan.nodes.back()->get_if<plan::Return>() != nullptr) {
    compiled->result = registers.make();
    registers.read(compiled->result);
  }
  compiled->steps.resize(plan.nodes.size());
  for (size_t i = plan.nodes.size(); i-- > 0;) {
    const plan::Node& node = *plan.nodes[i];
    NodeContext context{registers, plan, i, is_outermost};
    std::vector<Register> live = registers.live();
    StepPtr step = TRY(std::visit([&](const auto& kind) { return compile_step(kind, context); }, node.kind));
    step->node_id = node.id;
    step->live = std::move(live);
    compiled->steps[i] = std::move(step);
  }
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    compiled->steps[i]->input_modifies = compiled->modifies;
    compiled->modifies |= modifies(*plan.nodes[i]);
  }
  compiled->outer = registers.live();
  if (is_outermost && !compiled->modifies) compiled->parallel_steps = count_parallel_steps(compiled->steps);
  return compiled;
}

Result<std::shared_ptr<const Program>> compile(std::shared_ptr<const plan::Plan> plan, bool keeps_parameters) {
  auto program = std::make_shared<Program>();
  RegisterAllocation registers;
  if (keeps_parameters) {
    registers.keep_parameters();
    for (const auto& parameter : plan->parameters) program->parameters.push_back(parameter.name);
  }
  program->root = TRY(compile_plan(*plan, registers, true));
  if (registers.count() > kMaxRegisters) {
    return base::Error(base::ErrorCode::kQueryTooMuchNesting,
                       "too many variables and results in one query: at most 1000 registers are allowed");
  }
  if (!program->root->outer.empty()) {
    return base::Error(base::ErrorCode::kInternal, "a plan reads a variable that no node sets");
  }
  program->plan = std::move(plan);
  program->register_count = registers.count();
  program->local_count = registers.local_count();
  return program;
}

const plan::Plan& plan_of(const Program& program) { return *program.plan; }

}  // namespace workerdb::aql::execute

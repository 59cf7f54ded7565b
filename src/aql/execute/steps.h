#pragma once
// A compiled plan: for every node a step that knows its registers and expressions, and that makes the node's operator.
// Immutable and shared by executions. Each step and its operator stand in a file of the node's name.
#include <memory>
#include <string>
#include <vector>

#include "aql/execute/expression_compiler.h"
#include "aql/execute/operator.h"
#include "aql/plan/node.h"

namespace workerdb::aql::execute {

struct Step {
  virtual ~Step() = default;
  virtual base::Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const = 0;

  // The collection that the step scans from its beginning to its end, in the order of keys; null: another kind of step.
  virtual const plan::CollectionInfo* scanned_collection() const { return nullptr; }
  // The step makes rows out of rows one by one, so that threads may share the rows in front of it.
  virtual bool is_row_by_row() const { return false; }
  // The step is a COLLECT whose groups threads may make apart.
  virtual bool merges() const { return false; }

  uint32_t node_id = 0;
  std::vector<Register> live;     // what the nodes behind read, this node's own results included
  std::vector<Register> carried;  // what a node that makes new rows copies into them from the row in front
  bool input_modifies = false;    // a node in front writes: it runs to its end whatever happens behind it
};
using StepPtr = std::unique_ptr<Step>;

struct CompiledPlan {
  std::vector<StepPtr> steps;     // from the first node to the last
  Register result = kNoRegister;  // the value of RETURN; none where the plan gives no rows
  std::vector<Register> outer;    // what a subquery reads of its outer row
  bool modifies = false;
  size_t parallel_steps = 0;  // that threads may share, up to a COLLECT; 0: none
};

// Compiles nodes from the last to the first; `registers` knows what the nodes behind read.
struct NodeContext {
  RegisterAllocation& registers;
  const plan::Plan& plan;
  size_t position;    // of the node in the plan
  bool is_outermost;  // no subquery
};
base::Result<std::unique_ptr<CompiledPlan>> compile_plan(const plan::Plan& plan, RegisterAllocation& registers,
                                                         bool is_outermost);

// A pattern that all nodes follow: results are written (they die in front of the node), then expressions are
// compiled (what they read lives in front of it).
using StepResult = base::Result<StepPtr>;
StepResult compile_step(const plan::Singleton& node, NodeContext& context);
StepResult compile_step(const plan::EnumerateCollection& node, NodeContext& context);
StepResult compile_step(const plan::IndexScan& node, NodeContext& context);
StepResult compile_step(const plan::Traversal& node, NodeContext& context);
StepResult compile_step(const plan::ShortestPath& node, NodeContext& context);
StepResult compile_step(const plan::EnumeratePaths& node, NodeContext& context);
StepResult compile_step(const plan::EnumerateView& node, NodeContext& context);
StepResult compile_step(const plan::Materialize& node, NodeContext& context);
StepResult compile_step(const plan::EnumerateList& node, NodeContext& context);
StepResult compile_step(const plan::Filter& node, NodeContext& context);
StepResult compile_step(const plan::Calculation& node, NodeContext& context);
StepResult compile_step(const plan::Subquery& node, NodeContext& context);
StepResult compile_step(const plan::Sort& node, NodeContext& context);
StepResult compile_step(const plan::Limit& node, NodeContext& context);
StepResult compile_step(const plan::Collect& node, NodeContext& context);
StepResult compile_step(const plan::Window& node, NodeContext& context);
StepResult compile_step(const plan::Insert& node, NodeContext& context);
StepResult compile_step(const plan::Update& node, NodeContext& context);
StepResult compile_step(const plan::Remove& node, NodeContext& context);
StepResult compile_step(const plan::Upsert& node, NodeContext& context);
StepResult compile_step(const plan::Return& node, NodeContext& context);
StepResult compile_step(const plan::NoResults& node, NodeContext& context);

// Whether no other LIMIT stands behind the one at the position: the one that fullCount is about.
bool is_last_limit(const plan::Plan& plan, size_t position);

// The operators of a compiled plan, ready to run any number of times.
class Pipeline {
 public:
  static base::Result<std::unique_ptr<Pipeline>> make(const CompiledPlan& plan, Runtime& runtime);

  // Begins anew. The outer row (null for the outermost plan) stays as it is until the last next().
  void start(Batch* outer, size_t outer_row);
  base::Result<bool> next(Batch& to, size_t wanted) { return last_->next(to, wanted); }
  Register result() const { return plan_.result; }

 private:
  explicit Pipeline(const CompiledPlan& plan) : plan_(plan) {}

  const CompiledPlan& plan_;
  class Singleton* first_ = nullptr;
  std::unique_ptr<Operator> last_;
};

}  // namespace workerdb::aql::execute

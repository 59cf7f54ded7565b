// The operators of a compiled plan, and the clock around each when a profile is wanted.
#include <algorithm>
#include <utility>

#include "aql/execute/group_table.h"
#include "aql/execute/singleton.h"
#include "aql/execute/steps.h"
#include "base/time.h"

namespace workerdb::aql::execute {
namespace {

// Measures an operator without those that it calls.
class Measured : public Operator {
 public:
  Measured(Runtime& runtime, std::unique_ptr<Operator> measured, size_t slot)
      : Operator(runtime, std::move(measured)), slot_(slot) {}
  base::Result<bool> next(Batch& to, size_t wanted) override {
    Runtime::Called before = std::exchange(runtime_.called, {});
    int64_t start = base::steady_time_ns();
    uint64_t filtered = runtime_.statistics.filtered;
    int64_t used = int64_t(runtime_.interrupt.used_bytes());
    auto result = input().next(to, wanted);
    Runtime::Called all{uint64_t(base::steady_time_ns() - start), runtime_.statistics.filtered - filtered,
                        int64_t(runtime_.interrupt.used_bytes()) - used};
    NodeStatistics& node = runtime_.statistics.nodes[slot_];
    ++node.calls;
    uint64_t fetching_ns = std::min(all.runtime_ns, runtime_.called.runtime_ns);
    node.runtime_ns += all.runtime_ns - fetching_ns;
    node.fetching_ns += fetching_ns;
    node.filtered += all.filtered - runtime_.called.filtered;
    node.held_bytes += all.bytes - runtime_.called.bytes;
    node.peak_bytes = std::max(node.peak_bytes, node.held_bytes);
    if (result && *result) node.items += to.rows();
    runtime_.called = {before.runtime_ns + all.runtime_ns, before.filtered + all.filtered, before.bytes + all.bytes};
    return result;
  }

 private:
  const size_t slot_;
};

}  // namespace

base::Result<std::unique_ptr<Pipeline>> Pipeline::make(const CompiledPlan& plan, Runtime& runtime) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline(plan));
  std::span<const StepPtr> steps = plan.steps;
  if (plan.parallel_steps > 0) {
    auto shared = TRY(make_parallel_collect(runtime, steps.first(plan.parallel_steps)));
    if (shared != nullptr) {
      pipeline->last_ = std::move(shared);
      steps = steps.subspan(plan.parallel_steps);
    }
  }
  for (const StepPtr& step : steps) {
    pipeline->last_ = TRY(step->make(runtime, std::move(pipeline->last_)));
    if (&step == &plan.steps.front()) pipeline->first_ = static_cast<Singleton*>(pipeline->last_.get());
    if (runtime.options.profile == 0) continue;
    runtime.statistics.nodes.push_back({step->node_id});
    pipeline->last_ =
        std::make_unique<Measured>(runtime, std::move(pipeline->last_), runtime.statistics.nodes.size() - 1);
  }
  return pipeline;
}

void Pipeline::start(Batch* outer, size_t outer_row) {
  if (first_ != nullptr) first_->set_outer(outer, outer_row);
  last_->reset();
}

}  // namespace workerdb::aql::execute

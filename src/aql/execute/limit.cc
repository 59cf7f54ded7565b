// LIMIT: skips rows, then lets a number of them through. It never cuts writes short: where a node in front writes,
// the rest of its rows is read and thrown away; so it is when all rows are to be counted.
#include <algorithm>

#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct LimitStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  uint64_t offset = 0, count = 0;
  bool full_count = false;
  bool may_count_fully = false;  // the outermost plan's last one, where the option asks for it
};

class Limit : public Operator {
 public:
  Limit(Runtime& runtime, std::unique_ptr<Operator> source, const LimitStep& step)
      : Operator(runtime, std::move(source)),
        step_(step),
        counts_all_(step.full_count || (step.may_count_fully && runtime.options.full_count)),
        rest_(runtime.register_count, runtime.options.batch_rows, runtime.arenas) {
    if (counts_all_) runtime.statistics.has_full_count = true;
    reset_counters();
  }

  Result<bool> next(Batch& to, size_t wanted) override {
    while (left_ > 0) {
      to.clear();
      size_t most = std::min<uint64_t>(std::min<size_t>(wanted, to.capacity()), left_);
      // Rows that are skipped come on top of those that are wanted.
      size_t pull = skip_ > to.capacity() - most ? to.capacity() : size_t(skip_) + most;
      if (!TRY(input().next(to, pull))) {
        left_ = 0;
        is_drained_ = true;
        return false;
      }
      count(to.rows());
      if (apply(to)) return true;
    }
    TRY(drain());
    return false;
  }

  void reset() override {
    Operator::reset();
    reset_counters();
  }

 private:
  void reset_counters() {
    skip_ = step_.offset;
    left_ = step_.count;
    is_drained_ = !(counts_all_ || step_.input_modifies);
  }
  void count(size_t rows) {
    if (counts_all_) runtime_.statistics.full_count += rows;
  }
  // True if rows are left.
  bool apply(Batch& batch) {
    auto skipped = std::min<uint64_t>(skip_, batch.rows());
    if (skipped > 0) {
      batch.drop_front(skipped, step_.live);
      skip_ -= skipped;
    }
    if (batch.rows() > left_) batch.set_rows(left_);
    left_ -= batch.rows();
    return batch.rows() > 0;
  }
  Result<> drain() {
    while (!is_drained_) {
      rest_.clear();
      is_drained_ = !TRY(input().next(rest_, rest_.capacity()));
      count(rest_.rows());
      TRY(runtime_.check());
    }
    return {};
  }

  const LimitStep& step_;
  const bool counts_all_;
  Batch rest_;
  uint64_t skip_ = 0, left_ = 0;
  bool is_drained_ = false;
};

// Nothing comes out; what writes in front still happens.
struct NoResultsStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;
};

class NoResults : public Operator {
 public:
  NoResults(Runtime& runtime, std::unique_ptr<Operator> source, const NoResultsStep& step)
      : Operator(runtime, std::move(source)), step_(step) {}
  Result<bool> next(Batch& to, size_t) override {
    while (step_.input_modifies && TRY(input().next(to, to.capacity()))) {
      TRY(runtime_.check());
      to.clear();
    }
    return false;
  }

 private:
  const NoResultsStep& step_;
};

Result<std::unique_ptr<Operator>> LimitStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<Limit>(runtime, std::move(input), *this);
}
Result<std::unique_ptr<Operator>> NoResultsStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<NoResults>(runtime, std::move(input), *this);
}

}  // namespace

bool is_last_limit(const plan::Plan& plan, size_t position) {
  for (size_t i = position + 1; i < plan.nodes.size(); ++i) {
    if (plan.nodes[i]->get_if<plan::Limit>() != nullptr) return false;
  }
  return true;
}

StepResult compile_step(const plan::Limit& node, NodeContext& context) {
  auto step = std::make_unique<LimitStep>();
  step->offset = node.offset;
  step->count = node.count;
  step->full_count = node.full_count;
  step->may_count_fully = context.is_outermost && is_last_limit(context.plan, context.position);
  return step;
}

StepResult compile_step(const plan::NoResults&, NodeContext&) { return std::make_unique<NoResultsStep>(); }

}  // namespace workerdb::aql::execute

// COLLECT over rows that come in the order of the groups, or without groups at all: one group at a time. Without
// groups there is one row also for no rows.
#include <algorithm>

#include "aql/execute/collect.h"
#include "value/order.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

class SortedCollect : public Operator {
 public:
  SortedCollect(Runtime& runtime, std::unique_ptr<Operator> source, const CollectStep& step)
      : Operator(runtime, std::move(source)),
        step_(step),
        writer_(runtime, step),
        values_(&runtime.interrupt),
        carried_(&runtime.interrupt),
        garbage_(&runtime.interrupt),
        charge_(runtime.interrupt),
        keys_(step.groups.size()),
        rows_(runtime, input()) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t target = std::min(wanted, to.capacity());
    while (!is_done_ && to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!TRY(rows_.advance(rows_.batch().capacity()))) {
        is_done_ = true;
        TRY(finish(to));
        break;
      }
      if (rows_.row() == 0) {
        garbage_.reset();
        writer_.begin_batch();
        TRY(runtime_.check());
      }
      if (runtime_.interrupt.tick()) TRY(runtime_.check());
      TRY(add_row(to));
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    rows_.reset();
    writer_.reset();
    has_group_ = is_done_ = false;
  }

 private:
  Result<> add_row(Batch& to) {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(rows_.batch());
    evaluation.set_row(rows_.row());
    if (!writer_.carries()) {
      carried_.reset();
      writer_.carry_from(rows_.batch(), rows_.row(), carried_);
    }
    {
      ArenaScope scope(evaluation, garbage_);
      for (size_t i = 0; i < keys_.size(); ++i) keys_[i] = step_.groups[i].expression->evaluate(evaluation);
    }
    if (!has_group_ || !std::equal(keys_.begin(), keys_.end(), group_.keys.begin(), value::equal)) {
      if (has_group_) TRY(writer_.write(group_, to));
      start_group();
    }
    size_t grown = writer_.add(group_, values_);
    if (grown > 0) charge_.add(grown);
    return {};
  }

  void start_group() {
    has_group_ = true;
    values_.reset();
    charge_.clear();
    group_.keys.clear();
    for (Slice key : keys_) group_.keys.push_back(values_.copy(key.is_none() ? Slice::null() : key));
    writer_.start(group_);
  }

  Result<> finish(Batch& to) {
    if (!has_group_ && step_.groups.empty()) {
      writer_.carry_from_outer(*this);
      start_group();
    }
    if (has_group_) TRY(writer_.write(group_, to));
    return {};
  }

  const CollectStep& step_;
  GroupWriter writer_;
  value::Arena values_;  // of the current group
  value::Arena carried_;
  value::Arena garbage_;
  MemoryCharge charge_;
  std::vector<Slice> keys_;
  InputRows rows_;
  CollectedGroup group_;
  bool has_group_ = false, is_done_ = false;
};

}  // namespace

std::unique_ptr<Operator> make_sorted_collect(Runtime& runtime, std::unique_ptr<Operator> input,
                                              const CollectStep& step) {
  return std::make_unique<SortedCollect>(runtime, std::move(input), step);
}

}  // namespace workerdb::aql::execute

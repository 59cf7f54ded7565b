// FOR over a collection without an index: every document, in the order of keys.
#include <algorithm>
#include <random>

#include "aql/execute/scan_output.h"
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct EnumerateCollectionStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::shared_ptr<const plan::CollectionInfo> collection;
  CompiledOutput output;
  bool random = false;
};

class EnumerateCollection : public Operator {
 public:
  EnumerateCollection(Runtime& runtime, std::unique_ptr<Operator> source, const EnumerateCollectionStep& step,
                      storage::CollectionPtr collection)
      : Operator(runtime, std::move(source)), collection_(std::move(collection)), outer_(runtime, input()),
        rows_(runtime, step.output, step.carried) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t target = std::min(wanted, to.capacity());
    rows_.begin(to);
    if (scan_ != nullptr) rows_.set_outer(outer_.batch(), outer_.row());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (scan_ == nullptr) {
        if (!TRY(outer_.advance(1))) break;
        rows_.begin(to);
        rows_.set_outer(outer_.batch(), outer_.row());
        scan_ = TRY(runtime_.transaction.scan(*collection_));
        ++runtime_.statistics.cursors_created;
      }
      TRY(fill(to, target));
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    scan_ = nullptr;
  }

 private:
  Result<> fill(Batch& to, size_t target) {
    uint64_t scanned = 0;
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!TRY(scan_->next())) {
        scan_ = nullptr;
        break;
      }
      rows_.add(scan_->document());
      if ((++scanned & 0x3ff) == 0) TRY(runtime_.check());
    }
    runtime_.statistics.scanned_full += scanned;
    return {};
  }

  const storage::CollectionPtr collection_;
  InputRows outer_;
  ScanRows rows_;
  std::unique_ptr<storage::CollectionScan> scan_;
};

// SORT RAND(): the keys are shuffled, and the documents read one by one.
class EnumerateRandomly : public Operator {
 public:
  EnumerateRandomly(Runtime& runtime, std::unique_ptr<Operator> source, const EnumerateCollectionStep& step,
                    storage::CollectionPtr collection)
      : Operator(runtime, std::move(source)), collection_(std::move(collection)), outer_(runtime, input()),
        rows_(runtime, step.output, step.carried), charge_(runtime.interrupt) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t target = std::min(wanted, to.capacity());
    rows_.begin(to);
    if (at_ < keys_.size()) rows_.set_outer(outer_.batch(), outer_.row());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (at_ == keys_.size()) {
        if (!TRY(outer_.advance(1))) break;
        rows_.begin(to);
        rows_.set_outer(outer_.batch(), outer_.row());
        TRY(shuffle());
        continue;
      }
      if (TRY(runtime_.transaction.read(*collection_, keys_[at_++], pinned_))) rows_.add(pinned_.slice());
      TRY(runtime_.check());
    }
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    at_ = keys_.size();
  }

 private:
  Result<> shuffle() {
    at_ = 0;
    if (!keys_.empty()) {
      std::ranges::shuffle(keys_, random_);
      return {};
    }
    auto scan = TRY(runtime_.transaction.scan(*collection_));
    ++runtime_.statistics.cursors_created;
    while (TRY(scan->next())) {
      keys_.emplace_back(scan->key());
      charge_.add(sizeof(std::string) + scan->key().size());
      ++runtime_.statistics.scanned_full;
      if ((keys_.size() & 0x3ff) == 0) TRY(runtime_.check());
    }
    std::ranges::shuffle(keys_, random_);
    return {};
  }

  const storage::CollectionPtr collection_;
  InputRows outer_;
  ScanRows rows_;
  MemoryCharge charge_;
  std::mt19937_64 random_{std::random_device{}()};
  std::vector<std::string> keys_;
  size_t at_ = 0;
  storage::PinnedDocument pinned_;
};

Result<std::unique_ptr<Operator>> EnumerateCollectionStep::make(Runtime& runtime,
                                                                std::unique_ptr<Operator> input) const {
  auto found = TRY(runtime.collection(*collection));
  if (random) return std::make_unique<EnumerateRandomly>(runtime, std::move(input), *this, std::move(found));
  return std::make_unique<EnumerateCollection>(runtime, std::move(input), *this, std::move(found));
}

}  // namespace

StepResult compile_step(const plan::EnumerateCollection& node, NodeContext& context) {
  auto step = std::make_unique<EnumerateCollectionStep>();
  step->collection = node.collection;
  step->random = node.random;
  step->output = TRY(compile_output(node.output, context.registers));
  step->carried = context.registers.live();
  return step;
}

}  // namespace workerdb::aql::execute

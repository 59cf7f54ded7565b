#include "aql/execute/spill_merge.h"

#include <algorithm>

#include "value/order.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

// One run while runs are put together: the row that comes next, and its keys.
class SortedRuns::Run {
 public:
  Run(Runtime& runtime, std::span<const SortKey> keys, SpillFile& file, const std::vector<Register>& registers,
      std::vector<SpillFile::Place> places)
      : runtime_(runtime),
        keys_(keys),
        rows_(runtime, file, registers, std::move(places)),
        batch_(runtime.register_count, std::min<size_t>(kRowsAtOnce, runtime.options.batch_rows), runtime.arenas) {}

  // False at the end.
  Result<bool> advance() {
    if (++row_ < batch_.rows()) return true;
    batch_.clear();
    values_.clear();
    row_ = 0;
    if (!TRY(rows_.next(batch_, batch_.capacity()))) return false;
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(batch_);
    ArenaScope scope(evaluation, batch_.arena());
    for (size_t row = 0; row < batch_.rows(); ++row) {
      evaluation.set_row(row);
      for (const auto& key : keys_) values_.push_back(key.expression->evaluate(evaluation));
    }
    return true;
  }
  Slice key(size_t which) const { return values_[row_ * keys_.size() + which]; }
  const Batch& batch() const { return batch_; }
  size_t row() const { return row_; }

 private:
  static constexpr size_t kRowsAtOnce = 64;
  Runtime& runtime_;
  const std::span<const SortKey> keys_;
  SpilledRows rows_;
  Batch batch_;
  std::vector<Slice> values_;
  size_t row_ = 0;
};

class SortedRuns::Merge {
 public:
  Merge(Runtime& runtime, std::span<const SortKey> keys, SpillFile& file, const std::vector<Register>& registers,
        std::span<std::vector<SpillFile::Place>> runs)
      : keys_(keys) {
    for (auto& places : runs) runs_.push_back(std::make_unique<Run>(runtime, keys, file, registers, std::move(places)));
  }

  Result<> start() {
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (TRY(runs_[i]->advance())) heap_.push_back(i);
    }
    std::make_heap(heap_.begin(), heap_.end(), Later{*this});
    return {};
  }
  bool at_end() const { return heap_.empty(); }
  const Batch& batch() const { return runs_[heap_.front()]->batch(); }
  size_t row() const { return runs_[heap_.front()]->row(); }

  Result<> advance() {
    std::pop_heap(heap_.begin(), heap_.end(), Later{*this});
    if (TRY(runs_[heap_.back()]->advance())) {
      std::push_heap(heap_.begin(), heap_.end(), Later{*this});
    } else {
      runs_[heap_.back()] = nullptr;  // its memory goes
      heap_.pop_back();
    }
    return {};
  }

 private:
  struct Later {
    const Merge& merge;
    bool operator()(size_t left, size_t right) const { return merge.comes_later(left, right); }
  };
  bool comes_later(size_t left, size_t right) const {
    for (size_t i = 0; i < keys_.size(); ++i) {
      int order = value::compare(runs_[left]->key(i), runs_[right]->key(i));
      if (order != 0) return (order > 0) == keys_[i].ascending;
    }
    return left > right;
  }

  const std::span<const SortKey> keys_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<size_t> heap_;
};

SortedRuns::SortedRuns(Runtime& runtime, std::span<const SortKey> keys, const std::vector<Register>& carried,
                       const std::vector<Register>& live)
    : runtime_(runtime), keys_(keys), carried_(carried), live_(live) {}
SortedRuns::~SortedRuns() = default;

Result<SpillFile*> SortedRuns::file() {
  if (file_ == nullptr) file_ = TRY(SpillFile::create(runtime_.options.spill_folder));
  return file_.get();
}

void SortedRuns::clear() {
  merge_ = nullptr;
  runs_.clear();
  file_ = nullptr;
}

size_t SortedRuns::most_at_once() const {
  // A block, and about as much for the rows that were taken out of it.
  constexpr size_t kFewest = 8, kMost = 128;
  return std::clamp(runtime_.options.spill_from_bytes / (4 * kRunBlockBytes), kFewest, kMost);
}

Result<> SortedRuns::start() {
  size_t at_once = most_at_once();
  while (runs_.size() > at_once) TRY(reduce(at_once));
  merge_ = std::make_unique<Merge>(runtime_, keys_, *file_, carried_, runs_);
  runs_.clear();
  return merge_->start();
}

// Neighbours are put together, so that the order of equal rows stays.
Result<> SortedRuns::reduce(size_t at_once) {
  std::vector<std::vector<SpillFile::Place>> longer;
  for (size_t first = 0; first < runs_.size(); first += at_once) {
    Merge merge(runtime_, keys_, *file_, carried_,
                std::span(runs_).subspan(first, std::min(at_once, runs_.size() - first)));
    TRY(merge.start());
    SpillWriter writer(*file_, carried_, kRunBlockBytes);
    while (!merge.at_end()) {
      TRY(writer.add(merge.batch(), merge.row()));
      TRY(merge.advance());
    }
    TRY(runtime_.check());
    longer.push_back(TRY(writer.finish()));
  }
  runs_ = std::move(longer);
  return {};
}

Result<bool> SortedRuns::fill(Batch& to, size_t target) {
  while (!merge_->at_end() && to.rows() < target && to.arena_bytes() < kBatchBytes) {
    size_t row = to.rows();
    for (Register which : live_) to.column(which)[row] = to.arena().copy(merge_->batch().at(which, merge_->row()));
    to.set_rows(row + 1);
    TRY(merge_->advance());
  }
  TRY(runtime_.check());
  return to.rows() > 0;
}

}  // namespace workerdb::aql::execute

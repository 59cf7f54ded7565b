// SORT. All rows are kept and put in order by keys that are computed once; with a limit only the best rows are kept.
// Equal rows stay in the order in which they came.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "aql/execute/spill_merge.h"
#include "aql/execute/steps.h"
#include "base/process_memory.h"
#include "value/collation.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct SortStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::vector<SortKey> keys;
  uint64_t limit = 0;
  // The limit behind it may count all rows: those that are dropped here are counted here.
  bool feeds_full_count = false, always_counts = false;
};

// 64 bits whose order agrees with the values' order as far as they go: most comparisons end here.
uint64_t order_prefix(Slice value, std::string& scratch) {
  auto of_type = [](uint64_t type, uint64_t bits) { return type << 61 | bits >> 3; };
  switch (value.type()) {
    case value::Type::kBool: return of_type(1, value.is_true() ? UINT64_MAX : 0);
    case value::Type::kNumber: {
      double number = value.as_double();
      if (number == 0) number = 0;  // -0
      auto bits = std::bit_cast<uint64_t>(number);
      return of_type(2, bits >> 63 != 0 ? ~bits : bits | uint64_t(1) << 63);
    }
    case value::Type::kString: {
      scratch.clear();
      value::append_sort_key(value.as_string(), scratch);
      uint64_t bits = 0;
      std::memcpy(&bits, scratch.data(), std::min<size_t>(8, scratch.size()));
      return of_type(3, __builtin_bswap64(bits));
    }
    case value::Type::kArray: return of_type(4, 0);
    case value::Type::kObject: return of_type(5, 0);
    default: return 0;
  }
}

// A row by number, and what it is ordered by.
struct SortedRow {
  uint64_t prefix;
  uint32_t batch, row;
};

class Order {
 public:
  Order(Runtime& runtime, const SortStep& step) : runtime_(runtime), step_(step), charge_(runtime.interrupt) {}

  // `keys` holds the values of all keys, one row after the other.
  bool less(const SortedRow& left, size_t left_keys, const SortedRow& right, size_t right_keys) const {
    if (left.prefix != right.prefix) return left.prefix < right.prefix;
    if (runtime_.interrupt.tick()) return false;
    for (size_t i = 0; i < step_.keys.size(); ++i) {
      int order = value::compare(keys_[left_keys + i], keys_[right_keys + i]);
      if (order != 0) return (order < 0) == step_.keys[i].ascending;
    }
    return false;
  }
  bool less(const SortedRow& left, const SortedRow& right) const {
    return less(left, first_key(left), right, first_key(right));
  }

  // Evaluates the keys of all rows of a batch.
  void add(Batch& batch, uint32_t number, std::vector<SortedRow>& rows) {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(batch);
    ArenaScope scope(evaluation, batch.arena());
    starts_.resize(number + 1);
    starts_[number] = keys_.size();
    charge_.add(batch.rows() * (step_.keys.size() * sizeof(Slice) + sizeof(SortedRow)));
    for (size_t row = 0; row < batch.rows(); ++row) {
      evaluation.set_row(row);
      for (const auto& key : step_.keys) keys_.push_back(key.expression->evaluate(evaluation));
      uint64_t prefix = order_prefix(keys_[keys_.size() - step_.keys.size()], scratch_);
      rows.push_back({step_.keys[0].ascending ? prefix : ~prefix, number, uint32_t(row)});
      if (runtime_.interrupt.tick()) return;
    }
  }
  void clear() {
    keys_.clear();
    keys_.shrink_to_fit();
    starts_.clear();
    charge_.clear();
  }

 private:
  size_t first_key(const SortedRow& row) const { return starts_[row.batch] + row.row * step_.keys.size(); }

  Runtime& runtime_;
  const SortStep& step_;
  std::vector<Slice> keys_;
  std::vector<size_t> starts_;  // of each batch's keys
  std::string scratch_;
  MemoryCharge charge_;
};

class Sort : public Operator {
 public:
  Sort(Runtime& runtime, std::unique_ptr<Operator> source, const SortStep& step)
      : Operator(runtime, std::move(source)),
        step_(step),
        order_(runtime, step),
        source_(runtime, input(), step.carried),
        runs_(runtime, step.keys, step.carried, step.live) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    if (!is_sorted_) {
      TRY(read());
      has_runs_ = !runs_.empty();
      if (has_runs_) {
        if (!rows_.empty()) TRY(spill());
        TRY(runs_.start());
      } else {
        TRY(sort());
      }
      is_sorted_ = true;
    }
    if (has_runs_) return runs_.fill(to, std::min(wanted, to.capacity()));
    if (next_ == rows_.size()) {
      clear();
      is_sorted_ = true;
      return false;
    }
    size_t rows = std::min({wanted, to.capacity(), rows_.size() - next_});
    size_t last_batch = SIZE_MAX;
    for (size_t i = 0; i < rows; ++i) {
      const SortedRow& row = rows_[next_ + i];
      if (row.batch != last_batch) to.share_arenas(*batches_[row.batch]);
      last_batch = row.batch;
      to.copy_row(*batches_[row.batch], row.row, i, step_.live);
    }
    next_ += rows;
    to.set_rows(rows);
    TRY(runtime_.check());
    return true;
  }

  void reset() override {
    Operator::reset();
    clear();
    is_sorted_ = false;
  }

 private:
  std::unique_ptr<Batch> make_batch() {
    return std::make_unique<Batch>(runtime_.register_count, runtime_.options.batch_rows, runtime_.arenas);
  }

  Result<> read() {
    used_before_ = runtime_.interrupt.used_bytes();
    while (auto batch = TRY(source_.next())) {
      order_.add(*batch, uint32_t(batches_.size()), rows_);
      batches_.push_back(std::move(batch));
      TRY(runtime_.check());
      if (step_.limit == 0 && runtime_.should_spill(rows_.size(), own_bytes())) TRY(spill());
      // Half of what is kept is thrown away at a time, so that each row is looked at a few times at most.
      if (step_.limit != 0 && rows_.size() / 2 > std::max<uint64_t>(step_.limit, 2 * kMaxBatchRows)) TRY(prune());
    }
    return {};
  }

  // Batches share arenas with those that they came from, so only the query's sum tells what they hold.
  size_t own_bytes() const {
    size_t used = runtime_.interrupt.used_bytes();
    return used - std::min(used, used_before_);
  }

  // The rows so far become a sorted run on the disk.
  Result<> spill() {
    TRY(sort());
    SpillWriter writer(*TRY(runs_.file()), step_.carried, kRunBlockBytes);
    for (const SortedRow& row : rows_) {
      TRY(writer.add(*batches_[row.batch], row.row));
      if (runtime_.interrupt.tick()) break;
    }
    TRY(runtime_.check());
    runs_.add(TRY(writer.finish()));
    rows_.clear();
    rows_.shrink_to_fit();
    batches_.clear();
    order_.clear();
    base::freed_much_memory();
    return {};
  }

  // Keeps the best rows, copied into batches of their own so that the others' memory goes.
  Result<> prune() {
    TRY(sort());
    std::vector<SortedRow> best = std::move(rows_);
    std::vector<std::unique_ptr<Batch>> from = std::move(batches_);
    rows_.clear();
    batches_.clear();
    order_.clear();
    for (size_t first = 0; first < best.size(); first += runtime_.options.batch_rows) {
      auto batch = make_batch();
      size_t rows = std::min(runtime_.options.batch_rows, best.size() - first);
      for (size_t i = 0; i < rows; ++i) {
        const SortedRow& row = best[first + i];
        for (Register which : needed_) {
          batch->column(which)[i] = batch->arena().copy(from[row.batch]->at(which, row.row));
        }
      }
      batch->set_rows(rows);
      order_.add(*batch, uint32_t(batches_.size()), rows_);
      batches_.push_back(std::move(batch));
      TRY(runtime_.check());
    }
    return {};
  }

  Result<> sort() {
    std::stable_sort(rows_.begin(), rows_.end(),
                     [this](const SortedRow& left, const SortedRow& right) { return order_.less(left, right); });
    TRY(runtime_.check());
    if (step_.limit == 0 || rows_.size() <= step_.limit) return {};
    bool counts = step_.always_counts || (step_.feeds_full_count && runtime_.options.full_count);
    if (counts) runtime_.statistics.full_count += rows_.size() - step_.limit;
    rows_.resize(step_.limit);
    return {};
  }

  void clear() {
    rows_.clear();
    rows_.shrink_to_fit();
    batches_.clear();
    order_.clear();
    source_.reset();
    next_ = 0;
    has_runs_ = false;
    runs_.clear();
  }

  const SortStep& step_;
  const std::vector<Register>& needed_ = step_.carried;  // by keys and by the nodes behind
  Order order_;
  DenseBatches source_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<SortedRow> rows_;
  SortedRuns runs_;
  size_t next_ = 0, used_before_ = 0;
  bool is_sorted_ = false, has_runs_ = false;
};

Result<std::unique_ptr<Operator>> SortStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  return std::make_unique<Sort>(runtime, std::move(input), *this);
}

}  // namespace

StepResult compile_step(const plan::Sort& node, NodeContext& context) {
  auto step = std::make_unique<SortStep>();
  for (const auto& key : node.keys) {
    step->keys.push_back({TRY(compile_expression(*key.expression, context.registers)), key.ascending});
  }
  if (step->keys.empty()) return base::Error(base::ErrorCode::kInternal, "a sort must have a key");
  step->limit = node.limit;
  for (size_t i = context.position + 1; i < context.plan.nodes.size(); ++i) {
    const auto* limit = context.plan.nodes[i]->get_if<plan::Limit>();
    if (limit == nullptr) continue;
    step->feeds_full_count = context.is_outermost && is_last_limit(context.plan, i);
    step->always_counts = limit->full_count;
    break;
  }
  step->carried = context.registers.live();
  return step;
}

}  // namespace workerdb::aql::execute

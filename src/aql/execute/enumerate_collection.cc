// FOR over a collection without an index: every document, in the order of keys.
#include <algorithm>
#include <random>

#include "aql/execute/join_probe.h"
#include "aql/execute/steps.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct EnumerateCollectionStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;
  const plan::CollectionInfo* scanned_collection() const override { return random ? nullptr : collection.get(); }
  bool is_row_by_row() const override { return !random; }

  std::shared_ptr<const plan::CollectionInfo> collection;
  CompiledOutput output;
  bool random = false;
  // The filter holds only for documents whose value at the path equals one of the outer row: then all documents are
  // read once into a table, and each outer row looks at those alone.
  EvaluatorPtr table_key;  // may be null
  value::AttributePath table_path;
  double outer_rows = 1;
};

class EnumerateCollection : public Operator {
 public:
  EnumerateCollection(Runtime& runtime, std::unique_ptr<Operator> source, const EnumerateCollectionStep& step,
                      storage::CollectionPtr collection)
      : Operator(runtime, std::move(source)),
        step_(step),
        collection_(std::move(collection)),
        outer_(runtime, input()),
        rows_(runtime, step.output, step.carried) {}

  void use_table() {
    JoinSource source{step_.node_id, &step_.output, &step_.table_path, step_.table_key.get()};
    probe_.emplace(runtime_, source, collection_, outer_, rows_);
  }

  Result<bool> next(Batch& to, size_t wanted) override {
    if (probe_ && !TRY(probe_->prepare())) probe_.reset();
    return probe_ ? probe_->next(to, wanted) : next_of_scan(to, wanted);
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    scan_ = nullptr;
    if (probe_) probe_->reset();
  }

 private:
  Result<bool> next_of_scan(Batch& to, size_t wanted) {
    size_t target = std::min(wanted, to.capacity());
    rows_.begin(to);
    if (scan_ != nullptr) rows_.set_outer(outer_.batch(), outer_.row());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (scan_ == nullptr) {
        if (!TRY(outer_.advance(1))) break;
        rows_.begin(to);
        rows_.set_outer(outer_.batch(), outer_.row());
        TRY(start_scan());
      }
      TRY(fill(to, target));
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  Result<> start_scan() {
    ++runtime_.statistics.cursors_created;
    const Runtime::KeyRange& range = runtime_.key_range;
    if (range.node_id == step_.node_id && !(range.lower.empty() && range.upper.empty())) {
      scan_ = TRY(runtime_.transaction.scan_range(*collection_, range.lower, range.upper));
    } else {
      scan_ = TRY(runtime_.transaction.scan(*collection_));
    }
    return {};
  }

  Result<> fill(Batch& to, size_t target) {
    uint64_t scanned = 0;
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!TRY(scan_->next())) {
        scan_ = nullptr;
        break;
      }
      rows_.add(scan_->document());
      ++scanned;
      if (runtime_.interrupt.tick()) TRY(runtime_.check());
    }
    runtime_.statistics.scanned_full += scanned;
    return {};
  }

  const EnumerateCollectionStep& step_;
  const storage::CollectionPtr collection_;
  InputRows outer_;
  ScanRows rows_;
  std::unique_ptr<storage::CollectionScan> scan_;
  std::optional<JoinProbe> probe_;  // where the documents are in a table
};

// SORT RAND(): the keys are shuffled, and the documents read one by one.
class EnumerateRandomly : public Operator {
 public:
  EnumerateRandomly(Runtime& runtime, std::unique_ptr<Operator> source, const EnumerateCollectionStep& step,
                    storage::CollectionPtr collection)
      : Operator(runtime, std::move(source)),
        collection_(std::move(collection)),
        outer_(runtime, input()),
        rows_(runtime, step.output, step.carried),
        charge_(runtime.interrupt) {}

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
  // A scan for each outer row: two of them take longer than a table.
  bool uses_table =
      table_key != nullptr && TRY(is_worth_table(runtime, *found, outer_rows, double(collection->document_count) / 2));
  auto scan = std::make_unique<EnumerateCollection>(runtime, std::move(input), *this, std::move(found));
  if (uses_table) scan->use_table();
  return scan;
}

// The value of an equality in the filter whose other side is a projection of the scan, and which does not depend on the
// document itself. Null where there is none.
const syntax::Expression* find_table_key(const syntax::Expression& filter, const plan::ScanOutput& output,
                                         value::AttributePath& path) {
  const auto* binary = filter.get_if<syntax::Binary>();
  if (binary == nullptr) return nullptr;
  if (binary->op == syntax::BinaryOperator::kAnd) {
    const auto* found = find_table_key(*binary->left, output, path);
    return found != nullptr ? found : find_table_key(*binary->right, output, path);
  }
  if (binary->op != syntax::BinaryOperator::kEqual) return nullptr;
  for (bool is_swapped : {false, true}) {
    const syntax::Expression& inner = is_swapped ? *binary->right : *binary->left;
    const syntax::Expression& outer = is_swapped ? *binary->left : *binary->right;
    auto projection = std::ranges::find_if(output.projections, [&](const plan::Projection& candidate) {
      return plan::is_reference_to(inner, candidate.variable);
    });
    if (projection == output.projections.end() || !plan::is_deterministic(outer)) continue;
    bool depends = plan::uses_variable(outer, output.variable) ||
                   std::ranges::any_of(output.projections, [&](const plan::Projection& candidate) {
                     return plan::uses_variable(outer, candidate.variable);
                   });
    if (depends || outer.is_constant()) continue;
    path = to_lookup(projection->path);
    return &outer;
  }
  return nullptr;
}

}  // namespace

StepResult compile_step(const plan::EnumerateCollection& node, NodeContext& context) {
  auto step = std::make_unique<EnumerateCollectionStep>();
  step->collection = node.collection;
  step->random = node.random;
  step->output = TRY(compile_output(node.output, context.registers));
  step->carried = context.registers.live();
  step->outer_rows = context.plan.nodes[context.position - 1]->estimated_rows;
  if (node.output.filter != nullptr && step->output.takes_table_rows() && !node.random) {
    const auto* key = find_table_key(*node.output.filter, node.output, step->table_path);
    if (key != nullptr) step->table_key = TRY(compile_expression(*key, context.registers));
  }
  return step;
}

}  // namespace workerdb::aql::execute

// FOR over an index: for each outer row the union of one or more ranges. One scan is made and set to each range in
// turn; a single key of the primary index is read without a scan. Where an entry leads to a document, some entries are
// read ahead of their documents, over the ranges of several outer rows: memory is slow, but gives many things at once.
#include <algorithm>
#include <string>
#include <unordered_set>

#include "aql/execute/join_probe.h"
#include "aql/execute/steps.h"
#include "aql/plan/join_lookup.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct CompiledCondition {
  std::vector<EvaluatorPtr> equal;
  std::optional<size_t> in_position;
  EvaluatorPtr lower, upper;  // may be null
  bool lower_inclusive = true, upper_inclusive = true;
  uint8_t edge_field = 0;
  size_t index = 0;  // its position in the step's indexes
};

struct IndexScanStep : Step {
  bool is_row_by_row() const override { return true; }
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::shared_ptr<const plan::CollectionInfo> collection;
  std::vector<std::shared_ptr<const plan::IndexInfo>> indexes;
  std::vector<CompiledCondition> conditions;
  storage::Direction direction = storage::Direction::kForward;
  bool covers = false, may_repeat_documents = false;
  uint64_t limit = 0;
  CompiledOutput output;
  // One value for each outer row: with many outer rows all documents are read into a table instead.
  bool may_use_table = false;
  value::AttributePath table_path;
  double outer_rows = 1;
};

// Of the document's _key among the values that an entry holds.
constexpr size_t kKeyPosition = SIZE_MAX;

// The ranges of one outer row, one after the other.
class Ranges {
 public:
  Ranges(Runtime& runtime, const IndexScanStep& step)
      : runtime_(runtime), step_(step), values_(&runtime.interrupt), condition_(step.conditions.size()) {}

  void start(const Batch& outer, size_t row) {
    outer_ = &outer;
    row_ = row;
    condition_ = 0;
    members_left_ = false;
  }
  // False when there are no more. The bounds are valid until the next call.
  bool next() {
    if (members_left_ && ++member_ < members_.size()) {
      bounds_.equal[*step_.conditions[condition_ - 1].in_position] = members_[member_];
      return true;
    }
    members_left_ = false;
    while (condition_ < step_.conditions.size()) {
      if (evaluate(step_.conditions[condition_++])) return true;
    }
    return false;
  }
  const storage::IndexBounds& bounds() const { return bounds_; }
  size_t index() const { return step_.conditions[condition_ - 1].index; }

 private:
  // False if the condition covers nothing.
  bool evaluate(const CompiledCondition& condition) {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(*outer_);
    evaluation.set_row(row_);
    values_.reset();
    ArenaScope scope(evaluation, values_);
    bounds_.field = condition.edge_field;
    bounds_.equal.clear();
    for (const EvaluatorPtr& value : condition.equal) bounds_.equal.push_back(not_none(value->evaluate(evaluation)));
    bounds_.lower = bound(condition.lower);
    bounds_.upper = bound(condition.upper);
    bounds_.lower_inclusive = condition.lower_inclusive;
    bounds_.upper_inclusive = condition.upper_inclusive;
    return !condition.in_position || take_members(*condition.in_position);
  }
  static Slice not_none(Slice value) { return value.is_none() ? Slice::null() : value; }
  std::optional<Slice> bound(const EvaluatorPtr& evaluator) {
    if (evaluator == nullptr) return std::nullopt;
    return not_none(evaluator->evaluate(runtime_.evaluation));
  }
  // The distinct members in the index's order.
  bool take_members(size_t position) {
    members_.clear();
    for (value::ArrayIterator item(bounds_.equal[position]); item.valid(); item.next()) {
      members_.push_back(item.value());
    }
    if (members_.empty()) return false;
    bool backward = step_.direction == storage::Direction::kBackward;
    std::sort(members_.begin(), members_.end(), [backward](Slice left, Slice right) {
      int order = value::compare(left, right);
      return backward ? order > 0 : order < 0;
    });
    members_.erase(std::unique(members_.begin(), members_.end(), value::equal), members_.end());
    bounds_.equal[position] = members_[0];
    member_ = 0;
    members_left_ = true;
    return true;
  }

  Runtime& runtime_;
  const IndexScanStep& step_;
  value::Arena values_;
  const Batch* outer_ = nullptr;
  size_t row_ = 0;
  size_t condition_;  // the one behind the current one
  storage::IndexBounds bounds_;
  std::vector<Slice> members_;
  size_t member_ = 0;
  bool members_left_ = false;
};

// An entry whose document is still to be read.
struct PendingEntry {
  std::string key;
  size_t outer_row = 0;
  storage::IndexScan* scan = nullptr;
};
constexpr size_t kReadAhead = 32;

// An index, and the scan that is set to one range of it after the other.
struct Source {
  std::shared_ptr<const storage::Index> index;
  std::unique_ptr<storage::IndexScan> scan;
};

class IndexScan : public Operator {
 public:
  IndexScan(Runtime& runtime, std::unique_ptr<Operator> source, const IndexScanStep& step,
            storage::CollectionPtr collection, std::vector<Source> sources)
      : Operator(runtime, std::move(source)),
        step_(step),
        collection_(std::move(collection)),
        sources_(std::move(sources)),
        outer_(runtime, input()),
        rows_(runtime, step.output, step.carried),
        ranges_(runtime, step),
        limit_(runtime.options.full_count ? 0 : step.limit),
        reads_ahead_(!step.covers && (step.output.needs_document() || !step.output.projections.empty()) &&
                     std::ranges::none_of(sources_, [](const Source& source) {
                       return source.index->type == storage::IndexType::kPrimary;
                     })) {
    if (reads_ahead_) pending_.resize(kReadAhead);
  }

  void use_table() {
    JoinSource source{step_.node_id, &step_.output, &step_.table_path, step_.conditions[0].equal[0].get()};
    probe_.emplace(runtime_, source, collection_, outer_, rows_);
  }

  Result<bool> next(Batch& to, size_t wanted) override {
    if (probe_ && !TRY(probe_->prepare())) probe_.reset();
    if (probe_) {
      bool has_rows = TRY(probe_->next(to, wanted));
      runtime_.statistics.scanned_index += probe_->take_given();
      return has_rows;
    }
    size_t target = std::min(wanted, to.capacity());
    rows_.begin(to);
    if (has_outer_) rows_.set_outer(outer_.batch(), outer_.row());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (next_pending_ < pending_count_) {
        TRY(add_pending(to, target));
        continue;
      }
      if (!in_range_ && !TRY(enter_next_range(to))) break;
      if (runtime_.interrupt.tick()) TRY(runtime_.check());
      TRY(fill(to, target));
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    has_outer_ = in_range_ = false;
    pending_count_ = next_pending_ = 0;
    if (probe_) probe_->reset();
  }

 private:
  // `stays`: not beyond the outer rows that are at hand.
  Result<bool> enter_next_range(Batch& to, bool stays = false) {
    while (!has_outer_ || !ranges_.next()) {
      if (stays && outer_.row() + 1 >= outer_.batch().rows()) return false;
      has_outer_ = false;
      if (!TRY(outer_.advance(1))) return false;
      has_outer_ = true;
      seen_.clear();
      given_ = 0;
      ranges_.start(outer_.batch(), outer_.row());
      rows_.set_outer(outer_.batch(), outer_.row());
      TRY(runtime_.check());
    }
    rows_.begin(to);
    rows_.set_outer(outer_.batch(), outer_.row());
    in_range_ = true;
    Source& source = sources_[ranges_.index()];
    bool reads_keys = source.index->type == storage::IndexType::kPrimary && !step_.covers;
    is_single_key_ = reads_keys && ranges_.bounds().equal.size() == 1;
    if (is_single_key_) return true;
    ++(source.scan == nullptr ? runtime_.statistics.cursors_created : runtime_.statistics.cursors_rearmed);
    ++runtime_.statistics.seeks;
    if (source.scan != nullptr) {
      TRY(source.scan->rearm(ranges_.bounds()));
    } else {
      source.scan =
          TRY(runtime_.transaction.scan_index(*collection_, *source.index, ranges_.bounds(), step_.direction));
    }
    scan_ = source.scan.get();
    return true;
  }

  Result<> fill(Batch& to, size_t target) {
    if (is_single_key_) return read_key();
    if (reads_ahead_) return read_ahead(to, target);
    uint64_t scanned = 0;
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (limit_ != 0 && given_ == limit_) {
        end_outer_row();
        break;
      }
      if (!TRY(scan_->next())) {
        in_range_ = false;
        break;
      }
      ++scanned;
      if ((scanned & 0x3ff) == 0) TRY(runtime_.check());
      if (step_.may_repeat_documents && !seen_.emplace(scan_->key()).second) continue;
      given_ += TRY(add_entry());
    }
    runtime_.statistics.scanned_index += scanned;
    return {};
  }

  // Entries of this range, and where none is limited, of the next ones, as many as the batch may take.
  Result<> read_ahead(Batch& to, size_t target) {
    size_t most = std::min(kReadAhead, target - to.rows());
    if (limit_ != 0) most = std::min<size_t>(most, limit_ - given_);
    if (most == 0) end_outer_row();
    pending_count_ = next_pending_ = 0;
    while (pending_count_ < most) {
      if (!TRY(scan_->next())) {
        in_range_ = false;
        if (limit_ != 0 || !TRY(enter_next_range(to, true))) break;
        continue;
      }
      ++runtime_.statistics.scanned_index;
      if (runtime_.interrupt.tick()) TRY(runtime_.check());
      if (step_.may_repeat_documents && !seen_.emplace(scan_->key()).second) continue;
      PendingEntry& entry = pending_[pending_count_++];
      entry.key = scan_->key();
      entry.outer_row = outer_.row();
      entry.scan = scan_;
      scan_->prefetch_document();
    }
    return {};
  }

  Result<> add_pending(Batch& to, size_t target) {
    rows_.begin(to);
    rows_.set_outer(outer_.batch(), pending_[next_pending_].outer_row);
    while (next_pending_ < pending_count_ && to.rows() < target && to.arena_bytes() < kBatchBytes) {
      const PendingEntry& entry = pending_[next_pending_++];
      rows_.set_outer_row(entry.outer_row);
      ++runtime_.statistics.document_lookups;
      given_ += rows_.add(TRY(entry.scan->document_of(entry.key)));
    }
    return {};
  }

  Result<bool> add_entry() {
    if (step_.covers) {
      Slice document;
      if (step_.output.needs_document()) {
        document = TRY(scan_->document());
        ++runtime_.statistics.document_lookups;
      }
      bool is_added = TRY(rows_.add_covered(document, [this](size_t position) { return covered(position); }));
      if (is_added && step_.output.document_id != kNoRegister) rows_.set_document_id(scan_->key());
      return is_added;
    }
    if (!step_.output.needs_document() && step_.output.projections.empty()) return rows_.add(Slice());
    ++runtime_.statistics.document_lookups;
    return rows_.add(TRY(scan_->document()));
  }

  Result<Slice> covered(size_t position) {
    if (position != kKeyPosition) return scan_->covered(position);
    key_.clear();
    key_.string(scan_->key());
    return key_.slice();
  }

  // One key of the primary index: one read.
  Result<> read_key() {
    in_range_ = false;
    if (limit_ != 0 && given_ == limit_) {
      end_outer_row();
      return {};
    }
    const storage::IndexBounds& bounds = ranges_.bounds();
    if (!bounds.equal[0].is_string()) return {};
    std::string_view key = bounds.equal[0].as_string();
    if (bounds.field == 1) {  // _id instead of _key
      size_t slash = collection_->name.size();
      if (!key.starts_with(collection_->name) || key.size() <= slash || key[slash] != '/') return {};
      key.remove_prefix(slash + 1);
    }
    ++runtime_.statistics.seeks;
    if (!TRY(runtime_.transaction.read(*collection_, key, pinned_))) return {};
    ++runtime_.statistics.scanned_index;
    if (step_.may_repeat_documents && !seen_.emplace(key).second) return {};
    given_ += rows_.add(pinned_.slice());
    return {};
  }

  void end_outer_row() { in_range_ = has_outer_ = false; }

  const IndexScanStep& step_;
  const storage::CollectionPtr collection_;
  std::vector<Source> sources_;
  InputRows outer_;
  ScanRows rows_;
  Ranges ranges_;
  const uint64_t limit_;                // none where rows are to be counted
  storage::IndexScan* scan_ = nullptr;  // of the current range
  storage::PinnedDocument pinned_;
  std::optional<JoinProbe> probe_;        // where the documents are in a table
  std::unordered_set<std::string> seen_;  // keys of the outer row, where ranges may overlap
  value::Builder key_;                    // the _key as a value
  std::vector<PendingEntry> pending_;
  size_t pending_count_ = 0, next_pending_ = 0;
  uint64_t given_ = 0;
  const bool reads_ahead_;
  bool has_outer_ = false, in_range_ = false, is_single_key_ = false;
};

Result<std::unique_ptr<Operator>> IndexScanStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto found = TRY(runtime.collection(*collection));
  std::vector<Source> sources;
  for (const auto& index : indexes) {
    auto there = std::ranges::find_if(found->indexes, [&](const auto& candidate) {
      return candidate->id == index->id && candidate->name == index->name;
    });
    if (there == found->indexes.end()) {
      return base::Error(base::ErrorCode::kIndexNotFound, "index not found: " + index->name);
    }
    sources.push_back({*there, nullptr});
  }
  double cost_of_row = indexes[0]->type == "primary" ? plan::kCostOfKeyLookup : plan::kCostOfIndexLookup;
  bool uses_table = may_use_table && TRY(is_worth_table(runtime, *found, outer_rows, cost_of_row));
  auto scan = std::make_unique<IndexScan>(runtime, std::move(input), *this, found, std::move(sources));
  if (uses_table) scan->use_table();
  return scan;
}

bool starts_with(const std::vector<std::string>& path, const std::vector<std::string>& prefix) {
  return prefix.size() <= path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

// Where in an entry a projection's value is found.
Result<> find_covered(CompiledOutput::Projection& projection, const plan::IndexInfo& index) {
  if (projection.path.size() == 1 && projection.path[0] == "_key") {
    projection.covered_position = kKeyPosition;
    return {};
  }
  size_t position = 0;
  auto try_path = [&](const std::vector<std::string>& path) {
    if (!starts_with(projection.path, path)) return false;
    projection.covered_position = position;
    projection.covered_rest =
        value::AttributePath(projection.path.begin() + ptrdiff_t(path.size()), projection.path.end());
    return true;
  };
  for (const auto& field : index.fields) {
    if (!field.expanded && try_path(field.path)) return {};
    ++position;
  }
  for (const auto& stored : index.stored_values) {
    if (try_path(stored)) return {};
    ++position;
  }
  return base::Error(base::ErrorCode::kInternal, "an index-only scan needs a value that the index does not hold");
}

Result<CompiledCondition> compile_condition(const plan::IndexCondition& condition, RegisterAllocation& registers) {
  CompiledCondition compiled;
  for (const auto& value : condition.equal) compiled.equal.push_back(TRY(compile_expression(*value, registers)));
  compiled.in_position = condition.in_position;
  if (condition.lower != nullptr) compiled.lower = TRY(compile_expression(*condition.lower, registers));
  if (condition.upper != nullptr) compiled.upper = TRY(compile_expression(*condition.upper, registers));
  compiled.lower_inclusive = condition.lower_inclusive;
  compiled.upper_inclusive = condition.upper_inclusive;
  compiled.edge_field = condition.edge_field;
  return compiled;
}

}  // namespace

StepResult compile_step(const plan::IndexScan& node, NodeContext& context) {
  auto step = std::make_unique<IndexScanStep>();
  step->collection = node.collection;
  step->indexes = {node.index};
  step->direction = node.backward ? storage::Direction::kBackward : storage::Direction::kForward;
  step->covers = node.covers;
  step->limit = node.limit;
  step->output = TRY(compile_output(node.output, context.registers));
  step->carried = context.registers.live();
  if (node.covers) {
    for (auto& projection : step->output.projections) TRY(find_covered(projection, *node.index));
  }
  for (const auto& condition : node.conditions) {
    step->conditions.push_back(TRY(compile_condition(condition, context.registers)));
    if (condition.index == nullptr) continue;
    auto there = std::ranges::find(step->indexes, condition.index);
    step->conditions.back().index = size_t(there - step->indexes.begin());
    if (there == step->indexes.end()) step->indexes.push_back(condition.index);
  }
  // A scan of the whole index (for its order) has no condition.
  if (step->conditions.empty()) step->conditions.emplace_back();
  // Two conditions, or two members of one array, may lead to the same document.
  bool expands = std::ranges::any_of(node.index->fields, [](const auto& field) { return field.expanded; });
  step->may_repeat_documents = expands || node.conditions.size() > 1;
  step->outer_rows = context.plan.nodes[context.position - 1]->estimated_rows;
  step->may_use_table = plan::looks_up_one_value(node) && step->output.takes_table_rows();
  if (step->may_use_table) step->table_path = to_lookup(node.index->fields[0].path);
  return step;
}

}  // namespace workerdb::aql::execute

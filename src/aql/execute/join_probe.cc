#include "aql/execute/join_probe.h"

#include <algorithm>

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

Result<bool> JoinProbe::prepare() {
  if (table_ != nullptr) return true;
  JoinTables::Source source;
  source.width = source_.output->projections.size();
  // Where this thread reads a part of the outer rows, others read the other parts, and will help.
  source.split = [this]() -> Result<std::vector<std::string>> {
    constexpr size_t kParts = 8;
    if (runtime_.key_range.node_id == 0) return std::vector<std::string>();
    return runtime_.transaction.split(*collection_, kParts);
  };
  source.read = [this](std::string_view lower, std::string_view upper) { return read(lower, upper); };
  source.should_stop = [this] { return runtime_.interrupt.tick(); };
  table_ = TRY(runtime_.join_tables->get(source_.node_id, source));
  TRY(runtime_.check());
  return table_ != nullptr;
}

Result<std::unique_ptr<JoinTablePart>> JoinProbe::read(std::string_view lower, std::string_view upper) {
  const auto& projections = source_.output->projections;
  auto part = std::make_unique<JoinTablePart>(projections.size(), &runtime_.join_tables->observer());
  bool is_whole = lower.empty() && upper.empty();
  auto scan = is_whole ? TRY(runtime_.transaction.scan(*collection_))
                       : TRY(runtime_.transaction.scan_range(*collection_, lower, upper));
  ++runtime_.statistics.cursors_created;
  std::vector<Slice> values(projections.size());
  uint64_t scanned = 0;
  while (TRY(scan->next())) {
    Slice document = scan->document();
    for (size_t i = 0; i < values.size(); ++i) values[i] = follow(document, projections[i].lookup);
    part->add(follow(document, *source_.path), values);
    if ((++scanned & 0x3ff) != 0) continue;
    TRY(runtime_.check());
    const Interrupt& interrupt = runtime_.interrupt;
    if (interrupt.is_memory_short()) return nullptr;
  }
  runtime_.statistics.scanned_full += scanned;
  return part;
}

// For all outer rows of a batch at once.
void JoinProbe::find_rows() {
  Batch& batch = outer_.batch();
  Evaluation& evaluation = runtime_.evaluation;
  evaluation.set_batch(batch);
  keys_.resize(batch.rows());
  first_rows_.resize(batch.rows());
  for (size_t row = 0; row < keys_.size(); ++row) {
    evaluation.set_row(row);
    keys_[row] = source_.key->evaluate(evaluation);
  }
  table_->find(keys_, first_rows_.data());
}

Result<bool> JoinProbe::next(Batch& to, size_t wanted) {
  size_t target = std::min(wanted, to.capacity());
  rows_.begin(to);
  if (row_ != JoinTable::kNone) rows_.set_outer(outer_.batch(), outer_.row());
  bool has_outer = row_ != JoinTable::kNone;  // `to` holds what keeps the values of this batch of outer rows alive
  while (to.rows() < target) {
    if (row_ == JoinTable::kNone) {
      if (!TRY(outer_.advance(1))) break;
      if (outer_.row() == 0) {
        find_rows();
        has_outer = false;
      }
      row_ = first_rows_[outer_.row()];
      if (row_ == JoinTable::kNone) continue;
      if (!has_outer) {
        rows_.begin(to);
        rows_.set_outer(outer_.batch(), outer_.row());
        has_outer = true;
      } else {
        rows_.set_outer_row(outer_.row());
      }
    }
    for (; row_ != JoinTable::kNone && to.rows() < target; row_ = table_->next(row_)) {
      rows_.add_table_row(*table_, row_);
      ++given_;
    }
    if (runtime_.interrupt.tick()) break;
  }
  TRY(runtime_.check());
  return to.rows() > 0;
}

}  // namespace workerdb::aql::execute

#pragma once
// What a scan does with each document that it meets: the filter that was pushed into it, on the borrowed document, and
// then copies of only those parts that somebody behind reads.
#include <functional>
#include <string>
#include <vector>

#include "aql/execute/expression_compiler.h"
#include "aql/execute/runtime.h"
#include "aql/plan/node.h"
#include "storage/schema.h"
#include "value/attribute_lookup.h"

namespace workerdb::aql::execute {

struct CompiledOutput {
  struct Projection {
    std::vector<std::string> path;
    value::AttributePath lookup;  // the same path
    Register target;
    // Index-only scans: which part of the entry holds it, and what is left of the path inside of it.
    size_t covered_position = 0;
    value::AttributePath covered_rest;
  };

  Register document = kNoRegister;  // where a filter and the nodes behind find the document
  bool keeps_document = false;      // nodes behind read it
  std::vector<Projection> projections;
  Register document_id = kNoRegister;  // where a Materialize behind finds the document's key
  EvaluatorPtr filter;                 // may be null
  bool filter_reads_document = false, filter_reads_projections = false;

  // A row can be made of the projections' values alone.
  bool takes_table_rows() const { return !keeps_document && !filter_reads_document && document_id == kNoRegister; }
  bool needs_document() const { return keeps_document || filter_reads_document; }
};
base::Result<CompiledOutput> compile_output(const plan::ScanOutput& output, RegisterAllocation& registers);

value::AttributePath to_lookup(const std::vector<std::string>& path);
// The value at a path, null where it is missing.
value::Slice follow(value::Slice value, const value::AttributePath& path);

// Whether the inner side of a join, read for about `outer_rows` rows, should be read at once and kept. `cost_of_row` is
// what reading it for one outer row takes, against reading one document of a scan.
base::Result<bool> is_worth_table(Runtime& runtime, const storage::Collection& collection, double outer_rows,
                                  double cost_of_row);

// Fills rows of a batch from borrowed documents.
class ScanRows {
 public:
  ScanRows(Runtime& runtime, const CompiledOutput& output, const std::vector<Register>& carried)
      : runtime_(runtime), output_(output), carried_(carried), garbage_(&runtime.interrupt) {}

  // Starts to fill a batch; afterwards, for each outer row, set_outer().
  void begin(Batch& to) {
    to_ = &to;
    carried_row_ = SIZE_MAX;
    runtime_.evaluation.set_batch(to);
    if (output_.document != kNoRegister) document_ = to.column(output_.document);
    if (output_.filter != nullptr) {
      for (const auto& projection : output_.projections) to.column(projection.target);
    }
  }
  void set_outer(const Batch& from, size_t row) {
    from_ = &from;
    from_row_ = row;
    carried_row_ = SIZE_MAX;
    to_->share_arenas(from);
  }
  // Another row of the batch that was set.
  void set_outer_row(size_t row) {
    from_row_ = row;
    carried_row_ = SIZE_MAX;
  }

  // Adds a row for the document if the filter lets it through. The document may be gone afterwards.
  bool add(value::Slice document);
  // The same for a row of a join table, which outlives the batch's values.
  bool add_table_row(const JoinTable& table, uint32_t table_row) {
    size_t row = to_->rows();
    carry(row);
    for (size_t i = 0; i < output_.projections.size(); ++i) {
      to_->column(output_.projections[i].target)[row] = table.value(table_row, i);
    }
    if (output_.filter != nullptr && !passes(row)) return false;
    to_->set_rows(row + 1);
    return true;
  }
  // For the row that was added last.
  void set_document_id(std::string_view id) {
    to_->column(output_.document_id)[to_->rows() - 1] = to_->arena().string(id);
  }
  // The same for an index-only scan: `covered(position)` gives parts of the entry.
  template <typename Covered>
  base::Result<bool> add_covered(value::Slice document, Covered&& covered) {
    size_t row = to_->rows();
    carry(row);
    if (output_.document != kNoRegister) document_[row] = document;
    for (const auto& projection : output_.projections) {
      value::Slice part = follow(TRY(covered(projection.covered_position)), projection.covered_rest);
      // Each part may be gone when the next one is read.
      to_->column(projection.target)[row] = to_->arena().copy(part);
    }
    if (output_.filter != nullptr && !passes(row)) return false;
    if (output_.keeps_document) document_[row] = to_->arena().copy(document);
    to_->set_rows(row + 1);
    return true;
  }

 private:
  void carry(size_t row) {
    if (carried_row_ == row) return;
    carried_row_ = row;
    to_->copy_row(*from_, from_row_, row, carried_);
  }
  bool passes(size_t row);

  Runtime& runtime_;
  const CompiledOutput& output_;
  const std::vector<Register>& carried_;
  value::Arena garbage_;  // what filters make on their way to a yes or no
  Batch* to_ = nullptr;
  value::Slice* document_ = nullptr;
  const Batch* from_ = nullptr;
  size_t from_row_ = 0, carried_row_ = SIZE_MAX;
};

}  // namespace workerdb::aql::execute

#include "aql/execute/scan_output.h"

#include <algorithm>

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

Slice follow(Slice value, const value::AttributePath& path) {
  value = value::at_path(value, path);
  return value.is_none() ? Slice::null() : value;
}

value::AttributePath to_lookup(const std::vector<std::string>& path) { return {path.begin(), path.end()}; }

Result<CompiledOutput> compile_output(const plan::ScanOutput& output, RegisterAllocation& registers) {
  CompiledOutput compiled;
  Register document = registers.of(output.variable);
  compiled.keeps_document = output.produces_document && output.projections.empty() && registers.is_live(document);
  std::vector<Register> live_behind = registers.live();
  registers.written(document);
  for (const auto& projection : output.projections) {
    Register target = registers.of(projection.variable);
    compiled.projections.push_back({projection.path, to_lookup(projection.path), target, 0, {}});
    registers.written(target);
  }
  if (output.document_id) {
    compiled.document_id = registers.of(*output.document_id);
    registers.written(compiled.document_id);
  }
  if (output.filter != nullptr) {
    compiled.filter = TRY(compile_expression(*output.filter, registers));
    compiled.filter_reads_document = registers.is_live(document);
    registers.written(document);
    for (const auto& projection : compiled.projections) {
      compiled.filter_reads_projections |= registers.is_live(projection.target);
      registers.written(projection.target);
    }
  }
  // A projection that nobody reads is not made.
  std::erase_if(compiled.projections, [&](const auto& projection) {
    return !compiled.filter_reads_projections && std::ranges::find(live_behind, projection.target) == live_behind.end();
  });
  if (compiled.needs_document()) compiled.document = document;
  return compiled;
}

Result<bool> is_worth_table(Runtime& runtime, const storage::Collection& collection, double outer_rows,
                            double cost_of_row) {
  constexpr uint64_t kMostDocuments = 20'000'000;
  constexpr double kBytesOfRow = 100;
  uint64_t documents = TRY(runtime.transaction.count(collection));
  if (documents < runtime.options.join_table_from || documents > kMostDocuments) return false;
  size_t limit = runtime.options.memory_limit_bytes;
  if (limit != 0 && double(documents) * kBytesOfRow > double(limit) / 2) return false;
  return outer_rows * cost_of_row > double(documents);
}

bool ScanRows::passes(size_t row) {
  runtime_.evaluation.set_row(row);
  garbage_.reset();
  ArenaScope scope(runtime_.evaluation, garbage_);
  if (output_.filter->is_true(runtime_.evaluation)) return true;
  ++runtime_.statistics.filtered;
  return false;
}

bool ScanRows::add(Slice document) {
  size_t row = to_->rows();
  carry(row);
  if (output_.document != kNoRegister) document_[row] = document;
  if (output_.filter != nullptr) {
    if (output_.filter_reads_projections) {
      for (const auto& projection : output_.projections) {
        to_->column(projection.target)[row] = follow(document, projection.lookup);
      }
    }
    if (!passes(row)) return false;
  }
  if (output_.keeps_document) document_[row] = to_->arena().copy(document);
  for (const auto& projection : output_.projections) {
    to_->column(projection.target)[row] = to_->arena().copy(follow(document, projection.lookup));
  }
  to_->set_rows(row + 1);
  return true;
}

}  // namespace workerdb::aql::execute

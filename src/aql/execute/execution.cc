#include "aql/execute/execution.h"

#include <algorithm>

#include "aql/execute/program.h"
#include "base/time.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

class ProgramExecution : public Execution {
 public:
  ProgramExecution(std::shared_ptr<const Program> program, const storage::Store& store,
                   const storage::Database& database, storage::Transaction& transaction,
                   const ExecutionOptions& options)
      : program_(std::move(program)),
        runtime_(options, store, database, transaction, program_->register_count, program_->local_count),
        batch_(program_->register_count, options.batch_rows, runtime_.arenas) {}

  ~ProgramExecution() override {
    if (has_savepoint_) undo();
  }

  Result<> prepare() {
    Stopwatch watch(*this);
    std::vector<Slice> parameters;
    for (const std::string& name : program_->parameters)
      parameters.push_back(runtime_.options.bind_variables.get(name));
    runtime_.evaluation.set_parameters(std::move(parameters));
    pipeline_ = TRY(Pipeline::make(*program_->root, runtime_));
    pipeline_->start(nullptr, 0);
    if (!program_->root->modifies) return {};
    runtime_.transaction.set_savepoint();
    has_savepoint_ = true;
    return {};
  }

  Result<std::span<const Slice>> next(size_t limit) override {
    if (row_ == batch_.rows()) TRY(pull(limit));
    if (is_done_) return std::span<const Slice>();
    size_t rows = std::min(limit, batch_.rows() - row_);
    const Slice* first = batch_.column(pipeline_->result()) + row_;
    row_ += rows;
    return std::span<const Slice>(first, rows);
  }

  Result<bool> has_more() override {
    if (row_ == batch_.rows()) TRY(pull(kMaxBatchRows));
    return !is_done_;
  }

  void kill() override { runtime_.interrupt.kill(); }
  Result<> keep(size_t bytes) override {
    runtime_.interrupt.keep(bytes);
    return runtime_.interrupt.check();
  }

  const ExecutionStatistics& statistics() const override {
    auto& statistics = const_cast<ExecutionStatistics&>(runtime_.statistics);
    statistics.peak_memory_bytes = runtime_.interrupt.peak_bytes();
    return statistics;
  }
  const std::vector<functions::Warning>& warnings() const override { return runtime_.functions.warnings(); }
  uint64_t warning_count() const override { return runtime_.functions.warning_count(); }

 private:
  // Adds the time of a scope to the execution's.
  class Stopwatch {
   public:
    explicit Stopwatch(ProgramExecution& execution) : execution_(execution), start_(base::steady_time_ns()) {}
    ~Stopwatch() { execution_.runtime_.statistics.execution_time_ns += uint64_t(base::steady_time_ns() - start_); }

   private:
    ProgramExecution& execution_;
    const int64_t start_;
  };

  // The next batch, or the end.
  Result<> pull(size_t wanted) {
    if (is_done_) return {};
    Stopwatch watch(*this);
    auto pulled = pull_rows(std::clamp<size_t>(wanted, 1, batch_.capacity()));
    if (pulled && *pulled) return {};
    is_done_ = true;
    batch_.clear();
    row_ = 0;
    if (!pulled) {
      if (has_savepoint_) undo();
      return std::move(pulled).error();
    }
    if (has_savepoint_) runtime_.transaction.release_savepoint();
    has_savepoint_ = false;
    return {};
  }

  Result<bool> pull_rows(size_t wanted) {
    while (true) {
      batch_.clear();
      row_ = 0;
      TRY(runtime_.check());
      if (!TRY(pipeline_->next(batch_, wanted))) {
        TRY(runtime_.check());
        return false;
      }
      TRY(runtime_.check());
      // A plan that ends in a write gives rows to nobody.
      if (pipeline_->result() != kNoRegister) return true;
    }
  }

  void undo() {
    has_savepoint_ = false;
    (void)runtime_.transaction.rollback_to_savepoint();
  }

  const std::shared_ptr<const Program> program_;
  Runtime runtime_;
  std::unique_ptr<Pipeline> pipeline_;
  Batch batch_;
  size_t row_ = 0;
  bool is_done_ = false, has_savepoint_ = false;
};

}  // namespace

Result<std::unique_ptr<Execution>> Execution::create(std::shared_ptr<const Program> program,
                                                     const storage::Store& store, const storage::Database& database,
                                                     storage::Transaction& transaction,
                                                     const ExecutionOptions& options) {
  ExecutionOptions checked = options;
  checked.batch_rows = std::clamp<size_t>(options.batch_rows, 1, kMaxBatchRows);
  auto execution = std::make_unique<ProgramExecution>(std::move(program), store, database, transaction, checked);
  TRY(execution->prepare());
  return execution;
}

}  // namespace workerdb::aql::execute

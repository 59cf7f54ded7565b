// UPSERT: a search for one document, then an update or replacement of it, or an insert where there was none.
#include <deque>

#include "aql/execute/modification.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct UpsertStep : WriteStep {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::unique_ptr<CompiledPlan> search;
  Register found = kNoRegister;  // OLD, which the update expression reads even if nobody else does
  EvaluatorPtr insert_document, update_document;
  bool replaces = false;
};

class Upsert : public Write {
 public:
  Upsert(Runtime& runtime, std::unique_ptr<Operator> source, const UpsertStep& step, storage::CollectionPtr collection,
         std::unique_ptr<Pipeline> search)
      : Write(runtime, std::move(source), step, std::move(collection)),
        upsert_(step),
        search_(std::move(search)),
        found_(runtime.register_count, runtime.options.batch_rows, runtime.arenas) {
    // What is updated was read by this very statement.
    options_.return_old = false;
  }

 protected:
  // Without readOwnWrites a batch's documents are all looked for before the first one is written.
  Result<> prepare(Batch& batch) override {
    if (upsert_.options.read_own_writes) return {};
    for (size_t row = 0; row < batch.rows(); ++row) TRY(look_for(batch, row));
    return {};
  }

  Result<storage::WriteResult> write(Batch& batch, size_t row) override {
    if (upsert_.options.read_own_writes) TRY(look_for(batch, row));
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(batch);
    evaluation.set_row(row);
    Slice old = batch.at(upsert_.found, row);
    bool exists = old.is_object();
    Slice document = (exists ? upsert_.update_document : upsert_.insert_document)->evaluate(evaluation);
    TRY(runtime_.check());
    if (!exists) return runtime_.transaction.insert(*collection_, document, options_);
    if (!document.is_object()) return base::ErrorCode::kDocumentTypeInvalid;
    std::string_view key = TRY(key_of(old));
    if (!upsert_.options.ignore_revs) options_.expected_rev = revision_of(document);
    auto result = upsert_.replaces ? runtime_.transaction.replace(*collection_, key, document, options_)
                                   : runtime_.transaction.update(*collection_, key, document, options_);
    options_.expected_rev = {};
    return result;
  }

 private:
  Result<> look_for(Batch& batch, size_t row) {
    search_->start(&batch, row);
    found_.clear();
    Slice old = Slice::null();
    if (TRY(search_->next(found_, 1))) old = batch.arena().copy(found_.at(search_->result(), 0));
    found_.clear();
    batch.column(upsert_.found)[row] = old;
    return runtime_.check();
  }

  const UpsertStep& upsert_;
  std::unique_ptr<Pipeline> search_;
  Batch found_;
};

Result<std::unique_ptr<Operator>> UpsertStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto target = TRY(runtime.collection(*collection));
  auto pipeline = TRY(Pipeline::make(*search, runtime));
  return std::make_unique<Upsert>(runtime, std::move(input), *this, std::move(target), std::move(pipeline));
}

}  // namespace

StepResult compile_step(const plan::Upsert& node, NodeContext& context) {
  auto step = std::make_unique<UpsertStep>();
  RegisterAllocation& registers = context.registers;
  compile_write(*step, node.collection, node.options, std::nullopt, node.new_variable, context);
  step->found = registers.of(node.old_variable);
  registers.written(step->found);
  step->replaces = node.replaces;
  step->insert_document = TRY(compile_expression(*node.insert_document, registers));
  step->update_document = TRY(compile_expression(*node.update_document, registers));
  registers.written(step->found);
  std::vector<Register> behind = registers.live();
  step->search = TRY(compile_plan(*node.search, registers, false));
  if (step->search->result == kNoRegister) {
    return base::Error(base::ErrorCode::kInternal, "the search of an UPSERT must return a document");
  }
  registers.set_live(std::move(behind));
  for (Register which : step->search->outer) registers.read(which);
  step->carried = registers.live();
  return step;
}

}  // namespace workerdb::aql::execute

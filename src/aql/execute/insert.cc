// INSERT, with all of its overwrite modes.
#include "aql/execute/modification.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;

struct InsertStep : WriteStep {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  EvaluatorPtr document;
  storage::OverwriteMode overwrite = storage::OverwriteMode::kConflict;
};

class Insert : public Write {
 public:
  Insert(Runtime& runtime, std::unique_ptr<Operator> source, const InsertStep& step, storage::CollectionPtr collection)
      : Write(runtime, std::move(source), step, std::move(collection)), document_(*step.document) {
    options_.overwrite = step.overwrite;
  }

 protected:
  Result<storage::WriteResult> write(Batch&, size_t) override {
    value::Slice document = document_.evaluate(runtime_.evaluation);
    TRY(runtime_.check());
    return runtime_.transaction.insert(*collection_, document, options_);
  }

 private:
  const Evaluator& document_;
};

Result<std::unique_ptr<Operator>> InsertStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto found = TRY(runtime.collection(*collection));
  return std::make_unique<Insert>(runtime, std::move(input), *this, std::move(found));
}

Result<storage::OverwriteMode> overwrite_mode(std::string_view name) {
  if (name.empty() || name == "conflict") return storage::OverwriteMode::kConflict;
  if (name == "ignore") return storage::OverwriteMode::kIgnore;
  if (name == "replace") return storage::OverwriteMode::kReplace;
  if (name == "update") return storage::OverwriteMode::kUpdate;
  return base::Error(base::ErrorCode::kBadParameter, "overwriteMode must be conflict, ignore, replace or update");
}

}  // namespace

StepResult compile_step(const plan::Insert& node, NodeContext& context) {
  auto step = std::make_unique<InsertStep>();
  compile_write(*step, node.collection, node.options, node.old_variable, node.new_variable, context);
  step->overwrite = TRY(overwrite_mode(node.options.overwrite_mode));
  step->document = TRY(compile_expression(*node.document, context.registers));
  step->carried = context.registers.live();
  return step;
}

}  // namespace workerdb::aql::execute

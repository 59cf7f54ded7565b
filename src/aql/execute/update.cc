// UPDATE, REPLACE and REMOVE.
#include "aql/execute/modification.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct UpdateStep : WriteStep {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  bool replaces = false;
  EvaluatorPtr key;  // null: the document carries its _key
  EvaluatorPtr document;
};

class Update : public Write {
 public:
  Update(Runtime& runtime, std::unique_ptr<Operator> source, const UpdateStep& step, storage::CollectionPtr collection)
      : Write(runtime, std::move(source), step, std::move(collection)), update_(step) {}

 protected:
  Result<storage::WriteResult> write(Batch&, size_t) override {
    Slice document = update_.document->evaluate(runtime_.evaluation);
    Slice identity = update_.key == nullptr ? document : update_.key->evaluate(runtime_.evaluation);
    TRY(runtime_.check());
    if (!document.is_object()) return base::ErrorCode::kDocumentTypeInvalid;
    std::string_view key = TRY(key_of(identity));
    options_.expected_rev = revision_of(identity);
    if (update_.replaces) return runtime_.transaction.replace(*collection_, key, document, options_);
    return runtime_.transaction.update(*collection_, key, document, options_);
  }

 private:
  const UpdateStep& update_;
};

struct RemoveStep : WriteStep {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  EvaluatorPtr key;
};

class Remove : public Write {
 public:
  Remove(Runtime& runtime, std::unique_ptr<Operator> source, const RemoveStep& step, storage::CollectionPtr collection)
      : Write(runtime, std::move(source), step, std::move(collection)), key_(*step.key) {}

 protected:
  Result<storage::WriteResult> write(Batch&, size_t) override {
    Slice identity = key_.evaluate(runtime_.evaluation);
    TRY(runtime_.check());
    std::string_view key = TRY(key_of(identity));
    options_.expected_rev = revision_of(identity);
    return runtime_.transaction.remove(*collection_, key, options_);
  }

 private:
  const Evaluator& key_;
};

Result<std::unique_ptr<Operator>> UpdateStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto found = TRY(runtime.collection(*collection));
  return std::make_unique<Update>(runtime, std::move(input), *this, std::move(found));
}
Result<std::unique_ptr<Operator>> RemoveStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto found = TRY(runtime.collection(*collection));
  return std::make_unique<Remove>(runtime, std::move(input), *this, std::move(found));
}

}  // namespace

StepResult compile_step(const plan::Update& node, NodeContext& context) {
  auto step = std::make_unique<UpdateStep>();
  compile_write(*step, node.collection, node.options, node.old_variable, node.new_variable, context);
  step->replaces = node.replaces;
  if (node.key != nullptr) step->key = TRY(compile_expression(*node.key, context.registers));
  step->document = TRY(compile_expression(*node.document, context.registers));
  step->carried = context.registers.live();
  return step;
}

StepResult compile_step(const plan::Remove& node, NodeContext& context) {
  auto step = std::make_unique<RemoveStep>();
  compile_write(*step, node.collection, node.options, node.old_variable, std::nullopt, context);
  step->key = TRY(compile_expression(*node.key, context.registers));
  step->carried = context.registers.live();
  return step;
}

}  // namespace workerdb::aql::execute

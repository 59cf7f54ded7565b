// Reads the documents of rows that an index or a view gave without them.
#include <algorithm>

#include "aql/execute/scan_output.h"
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct MaterializeStep : Step {
  bool is_row_by_row() const override { return true; }
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::shared_ptr<const plan::CollectionInfo> collection;  // null: the id begins with the collection's name
  Register document_id = kNoRegister;
  CompiledOutput output;
};

class Materialize : public Operator {
 public:
  Materialize(Runtime& runtime, std::unique_ptr<Operator> source, const MaterializeStep& step,
              storage::CollectionPtr collection)
      : Operator(runtime, std::move(source)),
        step_(step),
        collection_(std::move(collection)),
        outer_(runtime, input()),
        rows_(runtime, step.output, step.carried) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t target = std::min(wanted, to.capacity());
    rows_.begin(to);
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!TRY(outer_.advance(target - to.rows()))) break;
      rows_.set_outer(outer_.batch(), outer_.row());
      TRY(read(outer_.batch().at(step_.document_id, outer_.row()).as_string()));
      ++runtime_.statistics.document_lookups;
      rows_.add(document_.slice());
      if (runtime_.interrupt.tick()) TRY(runtime_.check());
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
  }

 private:
  Result<> read(std::string_view id) {
    if (step_.collection == nullptr) {
      size_t slash = id.find('/');
      std::string_view name = id.substr(0, slash);
      if (collection_ == nullptr || collection_->name != name) {
        collection_ = runtime_.store.find_collection(runtime_.database, name);
        if (collection_ == nullptr) return base::ErrorCode::kDocumentNotFound;
      }
      id.remove_prefix(slash + 1);
    }
    if (!TRY(runtime_.transaction.read(*collection_, id, document_))) return base::ErrorCode::kDocumentNotFound;
    return {};
  }

  const MaterializeStep& step_;
  storage::CollectionPtr collection_;
  InputRows outer_;
  ScanRows rows_;
  storage::PinnedDocument document_;
};

Result<std::unique_ptr<Operator>> MaterializeStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  storage::CollectionPtr found;
  if (collection != nullptr) found = TRY(runtime.collection(*collection));
  return std::make_unique<Materialize>(runtime, std::move(input), *this, std::move(found));
}

}  // namespace

StepResult compile_step(const plan::Materialize& node, NodeContext& context) {
  auto step = std::make_unique<MaterializeStep>();
  step->collection = node.collection;
  step->output = TRY(compile_output(node.output, context.registers));
  step->carried = context.registers.live();
  step->document_id = context.registers.of(node.document_id);
  context.registers.read(step->document_id);
  return step;
}

}  // namespace workerdb::aql::execute

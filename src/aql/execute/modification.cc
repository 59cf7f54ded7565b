#include "aql/execute/modification.h"

#include <algorithm>
#include <array>

namespace workerdb::aql::execute {
namespace {

using base::ErrorCode;
using base::Result;
using value::Slice;

// What a document's content or existence is to blame for; failures of the machine are never ignored.
bool is_ignorable(ErrorCode code) {
  switch (code) {
    case ErrorCode::kConflict:
    case ErrorCode::kDocumentNotFound:
    case ErrorCode::kDocumentHandleBad:
    case ErrorCode::kUniqueConstraintViolated:
    case ErrorCode::kDocumentTooLarge:
    case ErrorCode::kDocumentKeyBad:
    case ErrorCode::kDocumentKeyUnexpected:
    case ErrorCode::kDocumentKeyMissing:
    case ErrorCode::kDocumentTypeInvalid:
    case ErrorCode::kInvalidEdgeAttribute:
    case ErrorCode::kDocumentRevBad:
    case ErrorCode::kValidationFailed: return true;
    default: return false;
  }
}

// Whether a plan reads documents of the collection, or of one that is known only when it runs.
class Readers {
 public:
  explicit Readers(const std::string& collection) : collection_(collection) {}

  // One scan that is made before the first write sees none of them; it does not count.
  bool disturbed_by_writes(const plan::Plan& plan, size_t before) const {
    for (size_t i = 0; i < before; ++i) {
      const plan::Node& node = *plan.nodes[i];
      bool is_single_scan = i == 1 && node.get_if<plan::EnumerateCollection>() != nullptr &&
                            !node.get_if<plan::EnumerateCollection>()->random;
      if (!is_single_scan && reads(node)) return true;
      if (is_single_scan && calls_in(node)) return true;
    }
    return false;
  }

 private:
  bool reads(const plan::Node& node) const {
    // What a walk meets is known only when it runs.
    if (node.get_if<plan::EnumerateView>()) return true;
    if (node.get_if<plan::Traversal>() || node.get_if<plan::ShortestPath>() || node.get_if<plan::EnumeratePaths>()) {
      return true;
    }
    if (const auto* scan = node.get_if<plan::EnumerateCollection>(); scan && scan->collection->name == collection_) {
      return true;
    }
    if (const auto* scan = node.get_if<plan::IndexScan>(); scan && scan->collection->name == collection_) return true;
    if (const auto* subquery = node.get_if<plan::Subquery>(); subquery && reads(*subquery->plan)) return true;
    return calls_in(node);
  }
  bool reads(const plan::Plan& plan) const {
    return std::ranges::any_of(plan.nodes, [this](const auto& node) { return reads(*node); });
  }

  static bool calls(const syntax::ExpressionPtr& expression) { return expression != nullptr && calls(*expression); }
  static bool calls(const syntax::Expression& expression);
  static bool calls_in(const plan::Node& node) {
    if (const auto* calculation = node.get_if<plan::Calculation>()) return calls(calculation->expression);
    if (const auto* filter = node.get_if<plan::Filter>()) return calls(filter->condition);
    if (const auto* list = node.get_if<plan::EnumerateList>()) return calls(list->list);
    if (const auto* scan = node.get_if<plan::EnumerateCollection>()) return calls(scan->output.filter);
    if (const auto* scan = node.get_if<plan::IndexScan>()) return calls(scan->output.filter);
    if (const auto* result = node.get_if<plan::Return>()) return calls(result->expression);
    return false;
  }

  const std::string& collection_;
};

// A function that reads documents, anywhere in the expression.
bool Readers::calls(const syntax::Expression& expression) {
  using namespace syntax;
  if (const auto* call = expression.get_if<FunctionCall>()) {
    if (call->function == nullptr || (call->function->flags & functions::kReadsDocuments) != 0) return true;
    return std::ranges::any_of(call->arguments, [](const auto& argument) { return calls(argument); });
  }
  if (const auto* node = expression.get_if<AttributeAccess>()) return calls(node->object);
  if (const auto* node = expression.get_if<IndexedAccess>()) return calls(node->object) || calls(node->index);
  if (const auto* node = expression.get_if<Expansion>()) {
    return calls(node->array) || calls(node->filter) || calls(node->projection);
  }
  if (const auto* node = expression.get_if<QuestionMark>()) return calls(node->array) || calls(node->filter);
  if (const auto* node = expression.get_if<Unary>()) return calls(node->operand);
  if (const auto* node = expression.get_if<Binary>()) return calls(node->left) || calls(node->right);
  if (const auto* node = expression.get_if<ArrayComparison>()) return calls(node->left) || calls(node->right);
  if (const auto* node = expression.get_if<Ternary>()) {
    return calls(node->condition) || calls(node->when_true) || calls(node->when_false);
  }
  if (const auto* node = expression.get_if<Range>()) return calls(node->low) || calls(node->high);
  if (const auto* node = expression.get_if<ArrayLiteral>()) {
    return std::ranges::any_of(node->items, [](const auto& item) { return calls(item); });
  }
  if (const auto* node = expression.get_if<ObjectLiteral>()) {
    return std::ranges::any_of(node->attributes, [](const auto& attribute) {
      return calls(attribute.value) || calls(attribute.computed_name);
    });
  }
  return false;
}

}  // namespace

void compile_write(WriteStep& step, std::shared_ptr<const plan::CollectionInfo> collection,
                   const plan::ModificationOptions& options, std::optional<syntax::VariableId> old_variable,
                   std::optional<syntax::VariableId> new_variable, NodeContext& context) {
  RegisterAllocation& registers = context.registers;
  auto claim = [&](std::optional<syntax::VariableId> variable) {
    if (!variable) return kNoRegister;
    Register which = registers.of(*variable);
    bool is_read = registers.is_live(which);
    registers.written(which);
    return is_read ? which : kNoRegister;
  };
  step.old_variable = claim(old_variable);
  step.new_variable = claim(new_variable);
  // Inside a subquery the nodes in front of it run again between the writes: what they read cannot be told from here.
  step.reads_all_first = Readers(collection->name).disturbed_by_writes(context.plan, context.position);
  step.collection = std::move(collection);
  step.options = options;
}

Write::Write(Runtime& runtime, std::unique_ptr<Operator> source, const WriteStep& step,
             storage::CollectionPtr collection)
    : Operator(runtime, std::move(source)),
      step_(step),
      collection_(std::move(collection)),
      kept_(runtime, input(), step.carried) {
  options_.keep_null = step.options.keep_null;
  options_.merge_objects = step.options.merge_objects;
  options_.wait_for_sync = step.options.wait_for_sync || collection_->wait_for_sync;
  options_.version_attribute = step.options.version_attribute;
  options_.return_old = step.old_variable != kNoRegister;
  options_.return_new = step.new_variable != kNoRegister;
}

void Write::reset() {
  Operator::reset();
  kept_.clear();
  next_kept_ = 0;
  has_read_all_ = false;
}

// All rows are written whatever is wanted, but no more than a batch at a time.
Result<bool> Write::next(Batch& to, size_t) {
  if (step_.reads_all_first && !has_read_all_) {
    has_read_all_ = true;
    TRY(kept_.read_all());
  }
  while (true) {
    to.clear();
    if (!step_.reads_all_first) {
      if (!TRY(input().next(to, to.capacity()))) return false;
    } else {
      if (next_kept_ == kept_.batch_count()) return false;
      Batch& from = kept_.batch(next_kept_++);
      to.share_arenas(from);
      for (size_t row = 0; row < from.rows(); ++row) to.copy_row(from, row, row, step_.carried);
      to.set_rows(from.rows());
      from.clear();
    }
    TRY(write_batch(to));
    TRY(runtime_.check());
    if (to.rows() > 0) return true;
  }
}

Result<> Write::write_batch(Batch& batch) {
  std::array<uint8_t, kMaxBatchRows> marks;
  Evaluation& evaluation = runtime_.evaluation;
  if (step_.old_variable != kNoRegister) batch.column(step_.old_variable);
  if (step_.new_variable != kNoRegister) batch.column(step_.new_variable);
  TRY(prepare(batch));
  for (size_t row = 0; row < batch.rows(); ++row) {
    evaluation.set_batch(batch);
    evaluation.set_row(row);
    ArenaScope scope(evaluation, batch.arena());
    auto result = write(batch, row);
    TRY(runtime_.check());
    marks[row] = result.has_value();
    if (!result) {
      if (!step_.options.ignore_errors || !is_ignorable(result.error().code())) return std::move(result).error();
      ++runtime_.statistics.writes_ignored;
      continue;
    }
    ++(result->ignored ? runtime_.statistics.writes_ignored : runtime_.statistics.writes_executed);
    keep_results(batch, row, *result);
  }
  batch.keep(marks, step_.live);
  return {};
}

void Write::keep_results(Batch& batch, size_t row, const storage::WriteResult& result) {
  if (step_.old_variable != kNoRegister) {
    Slice old = result.old_document.slice();
    batch.column(step_.old_variable)[row] = old.is_none() ? Slice::null() : batch.arena().copy(old);
  }
  if (step_.new_variable != kNoRegister) {
    Slice made = result.new_document.slice();
    batch.column(step_.new_variable)[row] = made.is_none() ? Slice::null() : batch.arena().copy(made);
  }
}

Result<std::string_view> Write::key_of(Slice key) const {
  if (key.is_object()) {
    key = key.get("_key");
    if (key.is_null()) return ErrorCode::kDocumentKeyMissing;
  }
  if (!key.is_string()) return ErrorCode::kDocumentKeyBad;
  return key.as_string();
}

std::string_view Write::revision_of(Slice key) const {
  if (step_.options.ignore_revs || !key.is_object()) return {};
  Slice revision = key.get("_rev");
  return revision.is_string() ? revision.as_string() : std::string_view();
}

}  // namespace workerdb::aql::execute

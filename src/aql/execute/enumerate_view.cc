// FOR over a view: every document of the linked collections that meets SEARCH, collection by collection. Nothing is
// indexed: terms are made of each document as it is met. Scores take one more walk over all documents in front.
#include <algorithm>

#include "aql/execute/scan_output.h"
#include "aql/execute/search_condition.h"
#include "aql/execute/steps.h"
#include "search/view.h"

namespace workerdb::aql::execute {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

struct EnumerateViewStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  std::shared_ptr<const semantics::ViewInfo> view;
  std::vector<std::string> collections;
  std::optional<SearchCondition> condition;
  CompiledOutput output;
  struct Score {
    Register target;
    bool is_bm25;
    std::vector<EvaluatorPtr> parameters;
  };
  std::vector<Score> scores;
};

struct LinkedCollection {
  storage::CollectionPtr collection;
  search::LinkPtr link;
};

class EnumerateView : public Operator {
 public:
  EnumerateView(Runtime& runtime, std::unique_ptr<Operator> source, const EnumerateViewStep& step,
                std::vector<LinkedCollection> linked)
      : Operator(runtime, std::move(source)),
        step_(step),
        linked_(std::move(linked)),
        outer_(runtime, input()),
        rows_(runtime, step.output, step.carried),
        analyzers_(runtime.store, runtime.database) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    size_t target = std::min(wanted, to.capacity());
    rows_.begin(to);
    if (run_ != nullptr) rows_.set_outer(outer_.batch(), outer_.row());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (run_ == nullptr) {
        if (!TRY(outer_.advance(1))) break;
        TRY(start());
        rows_.begin(to);
        rows_.set_outer(outer_.batch(), outer_.row());
      }
      if (!TRY(fill(to, target))) run_ = nullptr;
    }
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    scan_ = nullptr;
    filter_ = nullptr;
    run_ = nullptr;
  }

 private:
  Result<> start() {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(outer_.batch());
    evaluation.set_row(outer_.row());
    ArenaScope scope(evaluation, outer_.batch().arena());
    filter_ = nullptr;
    run_ = std::make_unique<SearchRun>(runtime_);
    if (step_.condition) filter_ = TRY(make_filter(*step_.condition, *run_, analyzers_));
    scorers_.clear();
    for (const auto& score : step_.scores) scorers_.push_back(TRY(scorer(score)));
    TRY(runtime_.check());
    if (filter_ != nullptr && !scorers_.empty()) TRY(observe());
    next_collection_ = 0;
    scan_ = nullptr;
    return {};
  }

  Result<Scorer> scorer(const EnumerateViewStep::Score& score) {
    std::vector<Slice> given;
    for (const auto& parameter : score.parameters) given.push_back(parameter->evaluate(runtime_.evaluation));
    auto wrong = [](const char* what) { return Error(ErrorCode::kBadParameter, what); };
    if (!score.is_bm25) {
      if (!given.empty() && !given[0].is_bool()) return wrong("TFIDF() takes a boolean as its second argument");
      return search::Tfidf{!given.empty() && given[0].is_true()};
    }
    search::Bm25 method;
    for (const Slice& number : given) {
      if (!number.is_number()) return wrong("BM25() takes numbers as its second and third argument");
    }
    if (!given.empty()) method.k = given[0].as_double();
    if (given.size() > 1) method.b = given[1].as_double();
    return method;
  }

  // To the next document; false at the end of all collections.
  Result<bool> advance() {
    while (true) {
      if (scan_ == nullptr) {
        if (next_collection_ == linked_.size()) return false;
        scan_ = TRY(runtime_.transaction.scan(*linked_[next_collection_].collection));
        ++runtime_.statistics.cursors_created;
      }
      if (TRY(scan_->next())) break;
      scan_ = nullptr;
      ++next_collection_;
    }
    ++runtime_.statistics.scanned_full;
    if (runtime_.interrupt.tick()) TRY(runtime_.check());
    run_->set_document(scan_->document(), *linked_[next_collection_].link);
    return true;
  }

  Result<> observe() {
    next_collection_ = 0;
    scan_ = nullptr;
    while (TRY(advance())) {
      run_->observe_fields();
      filter_->observe(*run_);
      if ((++observed_ & 0xff) == 0) TRY(runtime_.check());
    }
    return {};
  }

  // False when there are no more documents for the outer row.
  Result<bool> fill(Batch& to, size_t target) {
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!TRY(advance())) return false;
      if (filter_ != nullptr && !filter_->matches(*run_)) {
        ++runtime_.statistics.filtered;
        continue;
      }
      size_t row = to.rows();
      Slice document = scan_->document();
      rows_.add(document);
      if (step_.output.document_id != kNoRegister) {
        rows_.set_document_id(linked_[next_collection_].collection->name + "/" + std::string(scan_->key()));
      }
      for (size_t i = 0; i < scorers_.size(); ++i) {
        double score = filter_ == nullptr ? 0 : filter_->score(*run_, scorers_[i]);
        garbage_.clear();
        garbage_.number(score);
        to.column(step_.scores[i].target)[row] = to.arena().copy(garbage_.slice());
      }
    }
    return true;
  }

  const EnumerateViewStep& step_;
  const std::vector<LinkedCollection> linked_;
  InputRows outer_;
  ScanRows rows_;
  search::Analyzers analyzers_;
  std::unique_ptr<SearchRun> run_;  // null: the next outer row is to come
  SearchFilterPtr filter_;          // borrows fields of run_; null: every document
  std::vector<Scorer> scorers_;
  std::unique_ptr<storage::CollectionScan> scan_;
  size_t next_collection_ = 0;
  uint64_t observed_ = 0;
  value::Builder garbage_;
};

Result<std::unique_ptr<Operator>> EnumerateViewStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto found = runtime.store.find_view(runtime.database, view->name);
  if (found == nullptr) return Error(ErrorCode::kCollectionNotFound, "collection or view not found: " + view->name);
  search::Analyzers analyzers(runtime.store, runtime.database);
  std::vector<LinkedCollection> linked;
  for (const auto& link : search::links_of(found->properties.slice())) {
    auto collection = runtime.store.find_collection(runtime.database, std::to_string(link.collection_id));
    if (collection == nullptr) continue;  // dropped since
    // Rights were asked for as the view was when the plan was made.
    if (std::ranges::find(view->collections, collection->name) == view->collections.end()) continue;
    if (!collections.empty() && std::ranges::find(collections, collection->name) == collections.end()) continue;
    auto find = [&](std::string_view name) { return analyzers.find(name); };
    linked.push_back({std::move(collection), TRY(search::parse_link(link.properties, find))});
  }
  return std::make_unique<EnumerateView>(runtime, std::move(input), *this, std::move(linked));
}

}  // namespace

StepResult compile_step(const plan::EnumerateView& node, NodeContext& context) {
  auto step = std::make_unique<EnumerateViewStep>();
  RegisterAllocation& registers = context.registers;
  step->view = node.view;
  step->collections = node.collections;
  for (const auto& score : node.scores) {
    const auto& call = *score.call->get_if<syntax::FunctionCall>();
    Register target = registers.of(score.variable);
    bool is_read = registers.is_live(target);
    registers.written(target);
    if (!is_read) continue;
    step->scores.push_back({target, call.name == "BM25", {}});
    for (size_t i = 1; i < call.arguments.size(); ++i) {
      step->scores.back().parameters.push_back(TRY(compile_expression(*call.arguments[i], registers)));
    }
  }
  plan::ScanOutput output;
  output.variable = node.variable;
  output.produces_document = !node.document_id;
  output.document_id = node.document_id;
  step->output = TRY(compile_output(output, registers));
  step->carried = registers.live();
  if (node.condition) step->condition = TRY(compile_search(*node.condition, node.variable, registers));
  return step;
}

}  // namespace workerdb::aql::execute

// FOR p IN OUTBOUND ALL_SHORTEST_PATHS | K_SHORTEST_PATHS | K_PATHS start TO end …: a row for each path.
#include <algorithm>

#include "aql/execute/graph_access.h"
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using value::Slice;

struct EnumeratePathsStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  GraphParts parts;
  graph::SearchOptions options;
  EvaluatorPtr start, end;
  Register path = kNoRegister;  // none where nobody reads it
  plan::PathContent content;
};

class EnumeratePaths : public Operator {
 public:
  EnumeratePaths(Runtime& runtime, std::unique_ptr<Operator> source, const EnumeratePathsStep& step,
                 std::unique_ptr<GraphAccess> access)
      : Operator(runtime, std::move(source)),
        step_(step),
        access_(std::move(access)),
        outer_(runtime, input()),
        search_(graph::Search::make(access_->network(), step.options)) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    TRY(access_->open());
    size_t target = std::min(wanted, to.capacity());
    if (is_searching_) to.share_arenas(outer_.batch());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!is_searching_) {
        if (!TRY(outer_.advance(1))) break;
        TRY(begin());
        to.share_arenas(outer_.batch());
        continue;
      }
      access_->network().trim();
      const graph::Path* path = TRY(search_->next());
      is_searching_ = path != nullptr;
      if (is_searching_) TRY(add_row(to, *path));
    }
    access_->count_reads();
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    is_searching_ = false;
  }

 private:
  Result<> begin() {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(outer_.batch());
    evaluation.set_row(outer_.row());
    ArenaScope scope(evaluation, outer_.batch().arena());
    auto start = TRY(access_->find_vertex(step_.start->evaluate(evaluation)));
    auto end = TRY(access_->find_vertex(step_.end->evaluate(evaluation)));
    TRY(runtime_.check());
    if (!start || !end) return {};
    is_searching_ = true;
    return search_->start(*start, *end);
  }

  Result<> add_row(Batch& to, const graph::Path& path) {
    size_t row = to.rows();
    to.copy_row(outer_.batch(), outer_.row(), row, step_.carried);
    if (step_.path != kNoRegister) {
      bool has_weight = step_.options.kind == graph::SearchKind::kKShortestPaths;
      to.column(step_.path)[row] = TRY(
          access_->path(path.vertices, path.edges, {}, has_weight ? &path.weight : nullptr, step_.content, to.arena()));
    }
    to.set_rows(row + 1);
    return {};
  }

  const EnumeratePathsStep& step_;
  std::unique_ptr<GraphAccess> access_;
  InputRows outer_;
  std::unique_ptr<graph::Search> search_;
  bool is_searching_ = false;
};

Result<std::unique_ptr<Operator>> EnumeratePathsStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto access = TRY(GraphAccess::make(runtime, parts));
  return std::make_unique<EnumeratePaths>(runtime, std::move(input), *this, std::move(access));
}

graph::SearchKind kind_of(syntax::PathKind kind) {
  if (kind == syntax::PathKind::kAllShortestPaths) return graph::SearchKind::kAllShortestPaths;
  return kind == syntax::PathKind::kKPaths ? graph::SearchKind::kKPaths : graph::SearchKind::kKShortestPaths;
}

}  // namespace

StepResult compile_step(const plan::EnumeratePaths& node, NodeContext& context) {
  auto step = std::make_unique<EnumeratePathsStep>();
  RegisterAllocation& registers = context.registers;
  step->parts = {node.scope.edges, {}, node.options.use_cache};
  step->options.kind = kind_of(node.kind);
  step->options.least_length = node.least_length;
  step->options.largest_length = node.largest_length;
  step->options.is_weighted = !node.options.weight_attribute.empty();
  step->options.weights = weights_of(node.options);
  step->content = node.path_content;
  Register path = registers.of(node.path);
  if (registers.is_live(path)) step->path = path;
  registers.written(path);
  step->carried = registers.live();
  step->start = TRY(compile_expression(*node.start, registers));
  step->end = TRY(compile_expression(*node.end, registers));
  return step;
}

}  // namespace workerdb::aql::execute

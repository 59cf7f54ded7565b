// FOR v, e IN OUTBOUND SHORTEST_PATH start TO end …: for each outer row one path, a row for each of its vertices.
#include <algorithm>

#include "aql/execute/graph_access.h"
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using plan::ElementContent;
using value::Slice;

struct ShortestPathStep : Step {
  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  GraphParts parts;
  graph::SearchOptions options;
  EvaluatorPtr start, end;
  Register vertex = kNoRegister, edge = kNoRegister;  // none where nobody reads them
  ElementContent vertex_content, edge_content;
};

class ShortestPath : public Operator {
 public:
  ShortestPath(Runtime& runtime, std::unique_ptr<Operator> source, const ShortestPathStep& step,
               std::unique_ptr<GraphAccess> access)
      : Operator(runtime, std::move(source)),
        step_(step),
        access_(std::move(access)),
        outer_(runtime, input()),
        search_(graph::Search::make(access_->network(), step.options)) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    TRY(access_->open());
    size_t target = std::min(wanted, to.capacity());
    if (path_ != nullptr) to.share_arenas(outer_.batch());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (path_ == nullptr) {
        if (!TRY(outer_.advance(1))) break;
        TRY(begin());
        to.share_arenas(outer_.batch());
        continue;
      }
      TRY(add_row(to));
      if (++at_ == path_->vertices.size()) path_ = nullptr;
    }
    access_->count_reads();
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    path_ = nullptr;
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
    TRY(search_->start(*start, *end));
    path_ = TRY(search_->next());
    at_ = 0;
    return {};
  }

  Result<> add_row(Batch& to) {
    size_t row = to.rows();
    access_->network().trim();
    to.copy_row(outer_.batch(), outer_.row(), row, step_.carried);
    if (step_.vertex != kNoRegister) {
      Slice vertex = TRY(access_->vertex(path_->vertices[at_], step_.vertex_content, to.arena()));
      to.column(step_.vertex)[row] = to.arena().copy(vertex);
    }
    if (step_.edge != kNoRegister) {
      graph::EdgeNumber number = at_ == 0 ? graph::kNoNumber : path_->edges[at_ - 1];
      to.column(step_.edge)[row] = to.arena().copy(TRY(access_->edge(number, step_.edge_content, to.arena())));
    }
    to.set_rows(row + 1);
    return {};
  }

  const ShortestPathStep& step_;
  std::unique_ptr<GraphAccess> access_;
  InputRows outer_;
  std::unique_ptr<graph::Search> search_;
  const graph::Path* path_ = nullptr;  // the one whose vertices are given out
  size_t at_ = 0;
};

Result<std::unique_ptr<Operator>> ShortestPathStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto access = TRY(GraphAccess::make(runtime, parts));
  return std::make_unique<ShortestPath>(runtime, std::move(input), *this, std::move(access));
}

}  // namespace

StepResult compile_step(const plan::ShortestPath& node, NodeContext& context) {
  auto step = std::make_unique<ShortestPathStep>();
  RegisterAllocation& registers = context.registers;
  step->parts = {node.scope.edges, {}, node.options.use_cache};
  step->options.is_weighted = !node.options.weight_attribute.empty();
  step->options.weights = weights_of(node.options);
  step->vertex_content = node.vertex_content;
  step->edge_content = node.edge_content;
  auto claim = [&](plan::VariableId variable) {
    Register which = registers.of(variable);
    bool is_read = registers.is_live(which);
    registers.written(which);
    return is_read ? which : kNoRegister;
  };
  step->vertex = claim(node.vertex);
  if (node.edge) step->edge = claim(*node.edge);
  step->carried = registers.live();
  step->start = TRY(compile_expression(*node.start, registers));
  step->end = TRY(compile_expression(*node.end, registers));
  return step;
}

}  // namespace workerdb::aql::execute

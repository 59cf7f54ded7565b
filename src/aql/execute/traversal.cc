// FOR … IN min..max OUTBOUND start …: for each outer row a walk, for each path that it finds a row.
#include <algorithm>

#include "aql/execute/graph_access.h"
#include "aql/execute/steps.h"

namespace workerdb::aql::execute {
namespace {

using base::Result;
using plan::ElementContent;
using value::Slice;

// A register that is written for the nodes behind, and whether conditions inside of the walk read it, too.
struct Output {
  Register which = kNoRegister;
  bool is_live = false, in_rules = false;
};

struct TraversalStep : Step {
  struct Condition {
    bool of_edges;
    std::optional<uint64_t> position;
    Register element;
    EvaluatorPtr condition;
  };

  Result<std::unique_ptr<Operator>> make(Runtime& runtime, std::unique_ptr<Operator> input) const override;

  GraphParts parts;
  graph::WalkOptions options;
  EvaluatorPtr start;
  Output vertex, edge, path, prune_value;
  EvaluatorPtr prune, filter;  // each may be null
  std::vector<Condition> conditions;
  std::vector<Register> outer_reads;  // what prune, filter and conditions read of the outer row
  ElementContent vertex_content, edge_content;
  plan::PathContent path_content;

  bool has_rules() const { return prune != nullptr || !conditions.empty(); }
};

// Evaluates what a query has to say about paths in a row of its own, which holds what it reads of the outer row and of
// the path as it is.
class Rules : public graph::PathRules {
 public:
  Rules(Runtime& runtime, const TraversalStep& step, GraphAccess& access)
      : runtime_(runtime),
        step_(step),
        access_(access),
        row_(runtime.register_count, 1, runtime.arenas),
        garbage_(&runtime.interrupt) {}

  // Before each walk.
  Result<> set_outer(const Batch& outer, size_t row) {
    row_.clear();
    row_.share_arenas(outer);
    row_.copy_row(outer, row, 0, step_.outer_reads);
    row_.set_rows(1);
    // What has no element at the position yet is asked about null.
    least_depth_ = 0;
    for (const auto& condition : step_.conditions) {
      if (!condition.position || holds(condition, Slice::null())) continue;
      uint64_t depth = condition.of_edges ? *condition.position + 1 : *condition.position;
      least_depth_ = std::max(least_depth_, depth);
    }
    return {};
  }
  // Paths that are shorter lack an element that some condition needs.
  uint64_t least_depth() const { return least_depth_; }

  Result<bool> admits(const graph::Walk& walk) override {
    uint64_t depth = walk.depth();
    for (const auto& condition : step_.conditions) {
      if (condition.of_edges && depth == 0) continue;
      uint64_t position = condition.of_edges ? depth - 1 : depth;
      if (condition.position && *condition.position != position) continue;
      garbage_.reset();
      Slice element = condition.of_edges ? TRY(access_.edge(walk.edge(), ElementContent::kDocument, garbage_))
                                         : TRY(access_.vertex(walk.vertex(), ElementContent::kDocument, garbage_));
      if (holds(condition, element)) continue;
      ++runtime_.statistics.filtered;
      return false;
    }
    return true;
  }

  Result<bool> prunes(const graph::Walk& walk) override {
    if (step_.prune == nullptr) return false;
    TRY(set_path(walk));
    Evaluation& evaluation = enter();
    ArenaScope scope(evaluation, garbage_);
    prune_value_ = step_.prune->evaluate(evaluation);
    if (runtime_.functions.failed()) return runtime_.functions.error();
    return value::is_truthy(prune_value_);
  }
  // Of the path that was asked about last; borrowed until the next question.
  Slice prune_value() const { return prune_value_; }

  Result<bool> passes_filter(const graph::Walk& walk) {
    TRY(set_path(walk));
    Evaluation& evaluation = enter();
    ArenaScope scope(evaluation, garbage_);
    if (step_.filter->is_true(evaluation)) return true;
    ++runtime_.statistics.filtered;
    return false;
  }

 private:
  Evaluation& enter() {
    runtime_.evaluation.set_batch(row_);
    runtime_.evaluation.set_row(0);
    return runtime_.evaluation;
  }
  bool holds(const TraversalStep::Condition& condition, Slice element) {
    row_.column(condition.element)[0] = element;
    Evaluation& evaluation = enter();
    ArenaScope scope(evaluation, garbage_);
    return condition.condition->is_true(evaluation);
  }
  Result<> set_path(const graph::Walk& walk) {
    garbage_.reset();
    if (step_.vertex.in_rules) {
      row_.column(step_.vertex.which)[0] = TRY(access_.vertex(walk.vertex(), step_.vertex_content, garbage_));
    }
    if (step_.edge.in_rules) {
      row_.column(step_.edge.which)[0] = TRY(access_.edge(walk.edge(), step_.edge_content, garbage_));
    }
    if (step_.path.in_rules) {
      row_.column(step_.path.which)[0] = TRY(access_.path(walk.path_vertices(), walk.path_edges(), walk.path_weights(),
                                                          nullptr, step_.path_content, garbage_));
    }
    return {};
  }

  Runtime& runtime_;
  const TraversalStep& step_;
  GraphAccess& access_;
  Batch row_;
  value::Arena garbage_;
  uint64_t least_depth_ = 0;
  Slice prune_value_;
};

class Traversal : public Operator {
 public:
  Traversal(Runtime& runtime, std::unique_ptr<Operator> source, const TraversalStep& step,
            std::unique_ptr<GraphAccess> access)
      : Operator(runtime, std::move(source)),
        step_(step),
        access_(std::move(access)),
        outer_(runtime, input()),
        rules_(runtime, step, *access_),
        walk_(graph::Walk::make(access_->network(), step.options, step.has_rules() ? &rules_ : nullptr)) {}

  Result<bool> next(Batch& to, size_t wanted) override {
    TRY(access_->open());
    size_t target = std::min(wanted, to.capacity());
    if (is_walking_) to.share_arenas(outer_.batch());
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      if (!is_walking_) {
        if (!TRY(outer_.advance(1))) break;
        TRY(begin());
        to.share_arenas(outer_.batch());
        continue;
      }
      TRY(fill(to, target));
    }
    access_->count_reads();
    TRY(runtime_.check());
    return to.rows() > 0;
  }

  void reset() override {
    Operator::reset();
    outer_.reset();
    is_walking_ = false;
  }

 private:
  Result<> begin() {
    Evaluation& evaluation = runtime_.evaluation;
    evaluation.set_batch(outer_.batch());
    evaluation.set_row(outer_.row());
    ArenaScope scope(evaluation, outer_.batch().arena());
    Slice start = step_.start->evaluate(evaluation);
    access_->network().trim();
    auto vertex = TRY(access_->find_vertex(start));
    TRY(runtime_.check());
    if (!vertex) return {};
    TRY(rules_.set_outer(outer_.batch(), outer_.row()));
    is_walking_ = true;
    return walk_->start(*vertex);
  }

  Result<> fill(Batch& to, size_t target) {
    while (to.rows() < target && to.arena_bytes() < kBatchBytes) {
      access_->network().trim();
      is_walking_ = TRY(walk_->next());
      if (!is_walking_) break;
      if (walk_->depth() < rules_.least_depth()) continue;
      // The filter and what it reads use the prune value's memory.
      Slice prune_value;
      if (step_.prune_value.is_live) prune_value = to.arena().copy(rules_.prune_value());
      if (step_.filter != nullptr && !TRY(rules_.passes_filter(*walk_))) continue;
      TRY(add_row(to, prune_value));
    }
    return {};
  }

  Result<> add_row(Batch& to, Slice prune_value) {
    size_t row = to.rows();
    to.copy_row(outer_.batch(), outer_.row(), row, step_.carried);
    if (step_.vertex.is_live) {
      to.column(step_.vertex.which)[row] =
          kept(TRY(access_->vertex(walk_->vertex(), step_.vertex_content, to.arena())), step_.vertex_content, to);
    }
    if (step_.edge.is_live) {
      to.column(step_.edge.which)[row] =
          kept(TRY(access_->edge(walk_->edge(), step_.edge_content, to.arena())), step_.edge_content, to);
    }
    if (step_.path.is_live) {
      to.column(step_.path.which)[row] = TRY(access_->path(
          walk_->path_vertices(), walk_->path_edges(), walk_->path_weights(), nullptr, step_.path_content, to.arena()));
    }
    if (step_.prune_value.is_live) to.column(step_.prune_value.which)[row] = prune_value;
    to.set_rows(row + 1);
    return {};
  }

  // Documents are the network's.
  static Slice kept(Slice value, ElementContent content, Batch& to) {
    return content == ElementContent::kDocument ? to.arena().copy(value) : value;
  }

  const TraversalStep& step_;
  std::unique_ptr<GraphAccess> access_;
  InputRows outer_;
  Rules rules_;
  std::unique_ptr<graph::Walk> walk_;
  bool is_walking_ = false;
};

Result<std::unique_ptr<Operator>> TraversalStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  auto access = TRY(GraphAccess::make(runtime, parts));
  return std::make_unique<Traversal>(runtime, std::move(input), *this, std::move(access));
}

graph::WalkOptions walk_options(const plan::Traversal& node) {
  graph::WalkOptions options;
  options.least_depth = node.least_depth;
  options.largest_depth = node.largest_depth;
  options.order = graph::Order(node.options.order);
  options.unique_vertices = graph::UniqueVertices(node.options.unique_vertices);
  options.unique_edges = graph::UniqueEdges(node.options.unique_edges);
  options.weights = weights_of(node.options);
  return options;
}
static_assert(int(graph::Order::kWeighted) == int(plan::TraversalOrder::kWeighted) &&
              int(graph::UniqueVertices::kGlobal) == int(plan::Uniqueness::kGlobal) &&
              int(graph::UniqueEdges::kPath) == int(plan::Uniqueness::kPath));

Output output_of(std::optional<plan::VariableId> variable, RegisterAllocation& registers) {
  if (!variable) return {};
  Register which = registers.of(*variable);
  bool is_live = registers.is_live(which);
  registers.written(which);
  return {which, is_live, false};
}

void take_reads(Output& output, RegisterAllocation& registers) {
  if (output.which == kNoRegister) return;
  output.in_rules = registers.is_live(output.which);
  registers.written(output.which);
}

// Prune, filter and conditions read the outer row and what the walk makes, beside the rows that go on.
Result<> compile_rules(const plan::Traversal& node, TraversalStep& step, RegisterAllocation& registers) {
  std::vector<Register> behind = registers.live();
  registers.set_live({});
  if (node.prune != nullptr) step.prune = TRY(compile_expression(*node.prune, registers));
  if (node.filter != nullptr) step.filter = TRY(compile_expression(*node.filter, registers));
  for (const auto& condition : node.path_conditions) {
    Register element = registers.of(condition.element);
    step.conditions.push_back(
        {condition.of_edges, condition.position, element, TRY(compile_expression(*condition.condition, registers))});
    registers.written(element);
  }
  take_reads(step.vertex, registers);
  take_reads(step.edge, registers);
  take_reads(step.path, registers);
  step.outer_reads = registers.live();
  registers.set_live(std::move(behind));
  for (Register which : step.outer_reads) registers.read(which);
  return {};
}

}  // namespace

StepResult compile_step(const plan::Traversal& node, NodeContext& context) {
  auto step = std::make_unique<TraversalStep>();
  RegisterAllocation& registers = context.registers;
  step->parts = {node.scope.edges, node.options.vertex_collections, node.options.use_cache};
  step->options = walk_options(node);
  step->vertex_content = node.vertex_content;
  step->edge_content = node.edge_content;
  step->path_content = node.path_content;
  step->vertex = output_of(node.vertex, registers);
  step->edge = output_of(node.edge, registers);
  step->path = output_of(node.path, registers);
  step->prune_value = output_of(node.prune_variable, registers);
  step->carried = registers.live();
  TRY(compile_rules(node, *step, registers));
  step->start = TRY(compile_expression(*node.start, registers));
  return step;
}

}  // namespace workerdb::aql::execute

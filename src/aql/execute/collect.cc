#include "aql/execute/collect.h"

#include "aql/execute/evaluators.h"

namespace workerdb::aql::execute {

using base::Result;
using value::Slice;

void GroupWriter::carry_from(const Batch& batch, size_t row, value::Arena& arena) {
  has_carried_ = true;
  carried_.clear();
  for (Register which : step_.carried) carried_.push_back(arena.copy(batch.at(which, row)));
}

void GroupWriter::carry_from_outer(const Operator& collect) {
  has_carried_ = true;
  Operator::OuterRow outer = collect.outer_row();
  carried_.clear();
  for (Register which : step_.carried) {
    bool exists = outer.batch != nullptr && outer.batch->columns()[which] != nullptr;
    carried_.push_back(exists ? outer.batch->at(which, outer.row) : Slice::null());
  }
}

void GroupWriter::start(CollectedGroup& group) {
  group.rows = 0;
  group.members.clear();
  if (!group.states.empty()) {
    for (auto& state : group.states) {
      if (state != nullptr) state->reset();
    }
    return;
  }
  for (const auto& aggregation : step_.aggregations) {
    group.states.push_back(aggregation.counts_rows ? nullptr : aggregation.aggregate->make(runtime_.functions));
  }
}

size_t GroupWriter::add(CollectedGroup& group, value::Arena& members) {
  Evaluation& evaluation = runtime_.evaluation;
  ++group.rows;
  size_t grown = 0;
  for (size_t i = 0; i < step_.aggregations.size(); ++i) {
    if (group.states[i] == nullptr) continue;
    ArenaScope scope(evaluation, garbage_);
    const Evaluator* argument = step_.aggregations[i].argument.get();
    size_t before = group.states[i]->memory_bytes();
    group.states[i]->add(argument == nullptr ? Slice::null() : argument->evaluate(evaluation));
    size_t after = group.states[i]->memory_bytes();
    if (after > before) grown += after - before;
  }
  if (step_.into != kNoRegister) {
    group.members.push_back(member(members));
    grown += sizeof(Slice);
  }
  return grown;
}

Slice GroupWriter::member(value::Arena& members) {
  Evaluation& evaluation = runtime_.evaluation;
  builder_.clear();
  if (step_.into_projection != nullptr) {
    ArenaScope scope(evaluation, garbage_);
    step_.into_projection->append(evaluation, builder_);
  } else {
    builder_.open_object();
    for (const auto& kept : step_.kept) builder_.add(kept.name, evaluation.at(kept.variable));
    builder_.close();
  }
  return members.copy(builder_.slice());
}

Result<> GroupWriter::write(CollectedGroup& group, Batch& to) {
  size_t row = to.rows();
  value::Arena& arena = to.arena();
  ArenaScope scope(runtime_.evaluation, arena);
  for (size_t i = 0; i < step_.carried.size(); ++i) to.column(step_.carried[i])[row] = arena.copy(carried_[i]);
  for (size_t i = 0; i < step_.groups.size(); ++i) {
    to.column(step_.groups[i].variable)[row] = arena.copy(group.keys[i]);
  }
  for (size_t i = 0; i < step_.aggregations.size(); ++i) {
    to.column(step_.aggregations[i].variable)[row] =
        group.states[i] == nullptr ? arena.integer(int64_t(group.rows)) : group.states[i]->result(runtime_.functions);
  }
  if (step_.into != kNoRegister) {
    builder_.clear();
    builder_.open_array();
    for (Slice member : group.members) {
      builder_.slice(member);
      if (builder_.byte_size() > kLargestValueBytes) {
        return base::Error(base::ErrorCode::kResourceLimit, "query would use more memory than allowed");
      }
    }
    builder_.close();
    to.column(step_.into)[row] = arena.copy(builder_.slice());
  }
  to.set_rows(row + 1);
  return {};
}

namespace {

// COLLECT WITH COUNT INTO over a whole collection: the store knows the number.
class CountCollect : public Operator {
 public:
  CountCollect(Runtime& runtime, std::unique_ptr<Operator> source, Register variable, storage::CollectionPtr collection)
      : Operator(runtime, std::move(source)), variable_(variable), collection_(std::move(collection)) {}
  Result<bool> next(Batch& to, size_t) override {
    if (is_done_) return false;
    is_done_ = true;
    to.column(variable_)[0] = to.arena().integer(int64_t(TRY(runtime_.transaction.count(*collection_))));
    to.set_rows(1);
    return true;
  }
  void reset() override {
    Operator::reset();
    is_done_ = false;
  }

 private:
  const Register variable_;
  const storage::CollectionPtr collection_;
  bool is_done_ = false;
};

// The collection of a plan Singleton - EnumerateCollection - COLLECT WITH COUNT INTO.
std::shared_ptr<const plan::CollectionInfo> counted(const plan::Collect& node, const NodeContext& context) {
  if (context.position != 2 || !node.groups.empty() || node.into || node.aggregations.size() != 1) return nullptr;
  if (node.aggregations[0].aggregate->name != "LENGTH" && node.aggregations[0].aggregate->name != "COUNT")
    return nullptr;
  const auto* scan = context.plan.nodes[1]->get_if<plan::EnumerateCollection>();
  return scan == nullptr || scan->output.filter != nullptr ? nullptr : scan->collection;
}

}  // namespace

Result<std::unique_ptr<Operator>> CollectStep::make(Runtime& runtime, std::unique_ptr<Operator> input) const {
  if (counted_collection != nullptr) {
    auto collection = TRY(runtime.collection(*counted_collection));
    return std::make_unique<CountCollect>(runtime, std::move(input), aggregations[0].variable, std::move(collection));
  }
  if (method == plan::CollectMethod::kHash && !groups.empty()) {
    return make_hash_collect(runtime, std::move(input), *this);
  }
  return make_sorted_collect(runtime, std::move(input), *this);
}

StepResult compile_step(const plan::Collect& node, NodeContext& context) {
  auto step = std::make_unique<CollectStep>();
  RegisterAllocation& registers = context.registers;
  step->method = node.method;
  step->counted_collection = counted(node, context);
  if (step->method == plan::CollectMethod::kHash && !node.groups.empty()) {
    step->ordinal = registers.make();
    step->spilled = registers.live();
    step->spilled.push_back(step->ordinal);
    step->by_ordinal.push_back({make_register_read(step->ordinal)});
  }
  // Everything in front of it ends here.
  auto claim = [&](syntax::VariableId variable) { return registers.of(variable); };
  for (const auto& group : node.groups) step->groups.push_back({claim(group.variable), nullptr});
  for (const auto& aggregation : node.aggregations) {
    std::string_view name = aggregation.aggregate->name;
    step->aggregations.push_back(
        {claim(aggregation.variable), aggregation.aggregate, nullptr, name == "LENGTH" || name == "COUNT"});
  }
  if (node.into && registers.is_live(claim(*node.into))) step->into = claim(*node.into);
  std::vector<Register> outputs;
  for (const auto& group : step->groups) outputs.push_back(group.variable);
  for (const auto& aggregation : step->aggregations) outputs.push_back(aggregation.variable);
  if (node.into) outputs.push_back(claim(*node.into));
  for (Register which : outputs) registers.written(which);
  // What else is read behind it comes from outside of the loops (a subquery's outer row): it is the same in every row.
  step->carried = registers.live();
  for (size_t i = 0; i < node.groups.size(); ++i) {
    step->groups[i].expression = TRY(compile_expression(*node.groups[i].expression, registers));
  }
  for (size_t i = 0; i < node.aggregations.size(); ++i) {
    if (node.aggregations[i].argument == nullptr || step->aggregations[i].counts_rows) continue;
    step->aggregations[i].argument = TRY(compile_expression(*node.aggregations[i].argument, registers));
  }
  if (step->into == kNoRegister) return step;
  if (node.into_projection != nullptr) {
    step->into_projection = TRY(compile_expression(*node.into_projection, registers));
    return step;
  }
  for (const auto& [name, variable] : node.kept) {
    Register which = registers.of(variable);
    registers.read(which);
    step->kept.push_back({name, which});
  }
  return step;
}

}  // namespace workerdb::aql::execute

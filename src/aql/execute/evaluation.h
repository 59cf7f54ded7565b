#pragma once
// Expressions as they run: a tree that is compiled once and evaluated for each row.
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "aql/execute/batch.h"
#include "aql/execute/interrupt.h"
#include "aql/functions/context.h"
#include "value/builder.h"
#include "value/order.h"
#include "value/slice.h"

namespace workerdb::aql::execute {

// What an expression sees: the row, the variables of inline expressions (CURRENT), and where values are made.
// One an execution; results that are no part of a register's value or a constant live in functions.arena().
class Evaluation {
 public:
  Evaluation(functions::Context& functions_context, Interrupt& interrupt_of_query, size_t local_count)
      : functions(functions_context), interrupt(interrupt_of_query), locals_(local_count) {}

  functions::Context& functions;
  Interrupt& interrupt;

  // Which rows the next evaluations are about. Columns may be added to the batch afterwards.
  void set_batch(const Batch& batch) { columns_ = batch.columns(); }
  void set_row(size_t row) { row_ = row; }
  size_t row() const { return row_; }
  value::Slice at(Register which) const { return columns_[which][row_]; }

  value::Slice local(size_t which) const { return locals_[which]; }
  void set_local(size_t which, value::Slice value) { locals_[which] = value; }

  // The values of the program's bind parameters, by number; they outlive the evaluation.
  void set_parameters(std::vector<value::Slice> values) {
    parameters_ = std::move(values);
    parameter_sets_.resize(parameters_.size());
  }
  const std::vector<value::Slice>& parameters() const { return parameters_; }
  value::Slice parameter(size_t which) const { return parameters_[which]; }
  // Whether the parameter, an array, has this member. Made a hash once, for lists that are asked for many rows.
  bool parameter_contains(size_t which, value::Slice member);

  value::Arena& arena() { return functions.arena(); }

  // A builder for one value, given back at the end of the scope; they nest.
  class Scratch {
   public:
    explicit Scratch(Evaluation& evaluation) : evaluation_(evaluation) {
      if (evaluation.builders_used_ == evaluation.builders_.size()) {
        evaluation.builders_.push_back(std::make_unique<value::Builder>());
      }
      builder_ = evaluation.builders_[evaluation.builders_used_++].get();
      builder_->clear();
    }
    ~Scratch() { --evaluation_.builders_used_; }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    value::Builder& operator*() { return *builder_; }
    value::Builder* operator->() { return builder_; }
    // The value that was built, in the arena.
    value::Slice finish() { return evaluation_.arena().copy(builder_->slice()); }

   private:
    Evaluation& evaluation_;
    value::Builder* builder_;
  };

 private:
  friend class Scratch;
  value::Slice* const* columns_ = nullptr;
  size_t row_ = 0;
  struct MemberHash {
    size_t operator()(value::Slice member) const { return value::hash(member); }
  };
  struct MemberEqual {
    bool operator()(value::Slice left, value::Slice right) const { return value::equal(left, right); }
  };
  using Members = std::unordered_set<value::Slice, MemberHash, MemberEqual>;

  std::vector<value::Slice> parameters_;
  std::vector<std::unique_ptr<Members>> parameter_sets_;
  std::vector<value::Slice> locals_;
  std::vector<std::unique_ptr<value::Builder>> builders_;
  size_t builders_used_ = 0;
};

// A compiled expression. Immutable: any number of executions may evaluate it at once. Data-level problems are warnings
// of the functions' context and give null.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual value::Slice evaluate(Evaluation& evaluation) const = 0;
  // For conditions: no value is made.
  virtual bool is_true(Evaluation& evaluation) const { return value::is_truthy(evaluate(evaluation)); }
  // Writes the value into an open compound (or an empty builder): literals do without a copy of their own.
  virtual void append(Evaluation& evaluation, value::Builder& to) const { to.slice(evaluate(evaluation)); }
  // The value, where it does not depend on the row; none where it does.
  virtual value::Slice constant() const { return {}; }
  // The number of the bind parameter that it reads, where it does nothing else.
  virtual std::optional<size_t> parameter() const { return std::nullopt; }
};
using EvaluatorPtr = std::unique_ptr<const Evaluator>;

// Lets values be made in another arena for a scope.
class ArenaScope {
 public:
  ArenaScope(Evaluation& evaluation, value::Arena& arena) : context_(evaluation.functions), before_(&context_.arena()) {
    context_.set_arena(&arena);
  }
  ~ArenaScope() { context_.set_arena(before_); }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  functions::Context& context_;
  value::Arena* before_;
};

}  // namespace workerdb::aql::execute

// Statements to nodes.
#include "aql/plan/build.h"

#include <fmt/format.h>

#include <algorithm>

#include "aql/plan/builder.h"
#include "aql/plan/walk.h"

namespace workerdb::aql::plan {

using base::Error;
using base::ErrorCode;
using syntax::make_expression;

namespace {

value::Slice option(const ExpressionPtr& options, std::string_view name) {
  const syntax::Constant* constant = options ? options->get_if<syntax::Constant>() : nullptr;
  return constant != nullptr ? constant->value.slice().get(name) : value::Slice();
}

ExpressionPtr integer(int64_t number) {
  value::Builder builder;
  builder.integer(number);
  return make_expression(syntax::Constant{builder.take()});
}

uint64_t limit_number(const ExpressionPtr& expression) {
  value::Slice slice = expression->get_if<syntax::Constant>()->value.slice();
  if (slice.is_null()) return UINT64_MAX;
  return slice.is_int64() ? uint64_t(slice.as_int64()) : uint64_t(slice.as_double());
}

}  // namespace

base::Result<std::unique_ptr<Plan>> build(semantics::AnalyzedQuery&& query) {
  auto plan = TRY(PlanBuilder(std::move(query)).run());
  estimate(*plan);
  return plan;
}

ScanHints read_hints(const ExpressionPtr& options) {
  ScanHints hints;
  value::Slice names = option(options, "indexHint");
  if (names.is_string()) hints.index_hint.emplace_back(names.as_string());
  for (value::ArrayIterator name(names); name.valid(); name.next()) {
    if (name.value().is_string()) hints.index_hint.emplace_back(name.value().as_string());
  }
  hints.force_index_hint = option(options, "forceIndexHint").is_true();
  hints.disable_index = option(options, "disableIndex").is_true();
  hints.use_cache = option(options, "useCache").is_none() || option(options, "useCache").is_true();
  value::Slice projections = option(options, "maxProjections");
  if (projections.is_int64() && projections.as_int64() >= 0) hints.max_projections = size_t(projections.as_int64());
  return hints;
}

base::Result<std::unique_ptr<Plan>> PlanBuilder::run() {
  for (std::string& name : query_.variable_names) root_->variables.push_back({std::move(name), false});
  auto chain = TRY(build_chain(query_.query));
  root_->nodes = std::move(chain->nodes);
  root_->read_collections = std::move(query_.read_collections);
  root_->written_collections = std::move(query_.written_collections);
  root_->graphs = std::move(query_.graphs);
  root_->parameters = std::move(query_.parameters);
  root_->depends_on_values = query_.depends_on_values;
  if (!query_.views.empty()) attach_scores(*root_);
  return std::move(root_);
}

base::Result<> PlanBuilder::push(Node::Kind kind) {
  if (node_count_ >= kMaxNodes) {
    return Error(ErrorCode::kQueryTooMuchNesting,
                 fmt::format("too much nesting or too many objects: more than {} execution nodes", kMaxNodes));
  }
  auto node = std::make_unique<Node>();
  node->id = ++node_count_;
  node->kind = std::move(kind);
  chain_->nodes.push_back(std::move(node));
  return {};
}

VariableId PlanBuilder::internal_variable() {
  auto variable = VariableId(root_->variables.size());
  root_->variables.push_back({fmt::format("#{}", variable), true});
  return variable;
}

ExpressionPtr PlanBuilder::reference(VariableId variable) const {
  return make_reference(root_->variables[variable].name, variable);
}

const std::shared_ptr<const CollectionInfo>& PlanBuilder::collection(const std::string& name) const {
  return query_.collections.find(name)->second;
}

base::Result<std::unique_ptr<Plan>> PlanBuilder::build_chain(syntax::Query& query) {
  auto plan = std::make_unique<Plan>();
  Plan* before = chain_;
  chain_ = plan.get();
  TRY(push(Singleton{}));
  for (syntax::Statement& statement : query.statements) {
    TRY(std::visit([&](auto& node) { return add(node); }, statement.node));
  }
  chain_ = before;
  return plan;
}

base::Result<> PlanBuilder::take_apart(const syntax::Target& target, ExpressionPtr whole) {
  switch (target.kind) {
    case syntax::Target::Kind::kSkip: return {};
    case syntax::Target::Kind::kVariable: return push(Calculation{std::move(whole), target.declaration.variable});
    case syntax::Target::Kind::kArray:
      for (size_t i = 0; i < target.parts.size(); ++i) {
        auto part = make_expression(syntax::IndexedAccess{syntax::clone(*whole), integer(int64_t(i))});
        TRY(take_apart(target.parts[i], std::move(part)));
      }
      return {};
    case syntax::Target::Kind::kObject:
      for (size_t i = 0; i < target.parts.size(); ++i) {
        auto part = make_expression(syntax::AttributeAccess{syntax::clone(*whole), target.attributes[i]});
        TRY(take_apart(target.parts[i], std::move(part)));
      }
  }
  return {};
}

base::Result<> PlanBuilder::add(syntax::For& loop) {
  bool is_plain = loop.target.kind == syntax::Target::Kind::kVariable;
  VariableId variable = is_plain ? loop.target.declaration.variable : internal_variable();
  if (loop.is_view) {
    TRY(add_view(loop, variable));
  } else if (const auto* named = loop.source->get_if<syntax::CollectionReference>()) {
    EnumerateCollection scan;
    scan.collection = collection(named->name);
    scan.output.variable = variable;
    scan.hints = read_hints(loop.options);
    TRY(push(std::move(scan)));
  } else {
    TRY(extract(loop.source));
    TRY(push(EnumerateList{std::move(loop.source), variable}));
  }
  return is_plain ? base::Result<>() : take_apart(loop.target, reference(variable));
}

base::Result<> PlanBuilder::add(syntax::Filter& filter) {
  TRY(extract(filter.condition));
  return push(Filter{std::move(filter.condition)});
}

base::Result<> PlanBuilder::add(syntax::Let& let) {
  bool is_plain = let.target.kind == syntax::Target::Kind::kVariable;
  VariableId variable = is_plain ? let.target.declaration.variable : internal_variable();
  if (auto* subquery = let.value->get_if<syntax::Subquery>()) {
    TRY(add_subquery(TRY(build_chain(*subquery->query)), variable, nullptr));
  } else {
    TRY(extract(let.value));
    TRY(push(Calculation{std::move(let.value), variable}));
  }
  return is_plain ? base::Result<>() : take_apart(let.target, reference(variable));
}

base::Result<> PlanBuilder::add(syntax::Sort& sort) {
  Sort node;
  for (syntax::Sort::Key& key : sort.keys) {
    if (key.expression->is_constant()) continue;  // orders nothing
    TRY(extract(key.expression));
    node.keys.push_back({std::move(key.expression), key.ascending});
  }
  if (!node.keys.empty()) return push(std::move(node));
  // SORT null: the order does not matter, so COLLECT need not make one.
  if (sort_of_collect_ != nullptr && chain_->nodes.back().get() == sort_of_collect_) {
    chain_->nodes.pop_back();
    sort_of_collect_ = nullptr;
  }
  return {};
}

base::Result<> PlanBuilder::add(syntax::Limit& limit) {
  Limit node;
  node.offset = limit.offset ? limit_number(limit.offset) : 0;
  node.count = limit_number(limit.count);
  return push(node);
}

base::Result<> PlanBuilder::add_aggregations(std::vector<syntax::Assignment>& assignments,
                                             std::vector<Collect::Aggregation>& to) {
  for (syntax::Assignment& assignment : assignments) {
    auto& call = *assignment.expression->get_if<syntax::FunctionCall>();
    Collect::Aggregation aggregation;
    aggregation.variable = assignment.declaration.variable;
    aggregation.aggregate = functions::find_aggregate(call.name);
    if (!call.arguments.empty()) {
      TRY(extract(call.arguments[0]));
      aggregation.argument = std::move(call.arguments[0]);
    }
    to.push_back(std::move(aggregation));
  }
  return {};
}

// Sorted groups want their input sorted; hashed ones are sorted when they come out (collect.md, "method").
base::Result<> PlanBuilder::add_sort_of(const Collect& collect, bool of_expressions) {
  Sort sort;
  for (const Collect::Group& group : collect.groups) {
    sort.keys.push_back({of_expressions ? syntax::clone(*group.expression) : reference(group.variable), true});
  }
  return push(std::move(sort));
}

base::Result<> PlanBuilder::add(syntax::Collect& collect) {
  Collect node;
  for (syntax::Assignment& group : collect.groups) {
    TRY(extract(group.expression));
    node.groups.push_back({group.declaration.variable, std::move(group.expression)});
  }
  TRY(add_aggregations(collect.aggregations, node.aggregations));
  if (collect.counts) {
    node.aggregations.push_back({collect.into.variable, functions::find_aggregate("LENGTH"), nullptr});
  } else if (collect.has_into) {
    node.into = collect.into.variable;
    if (collect.into_projection) TRY(extract(collect.into_projection));
    node.into_projection = std::move(collect.into_projection);
    for (const syntax::Declaration& kept : collect.keep) node.kept.emplace_back(kept.name, kept.variable);
  }
  node.disables_index = option(collect.options, "disableIndex").is_true();
  value::Slice method = option(collect.options, "method");
  bool wants_sorted = method.is_string() && method.as_string() == "sorted";
  if (node.groups.empty()) {
    node.method = collect.counts ? CollectMethod::kCount : CollectMethod::kSorted;
    return push(std::move(node));
  }
  node.method = wants_sorted ? CollectMethod::kSorted : CollectMethod::kHash;
  if (wants_sorted) TRY(add_sort_of(node, true));
  TRY(push(std::move(node)));
  if (wants_sorted) return {};
  TRY(add_sort_of(*chain_->nodes.back()->get_if<Collect>(), false));
  sort_of_collect_ = chain_->nodes.back().get();
  return {};
}

base::Result<> PlanBuilder::add(syntax::Window& window) {
  Window node;
  auto bound = [&](std::string_view name) {
    value::Slice given = option(window.bounds, name);
    return make_expression(syntax::Constant{
        given.is_none() ? value::Buffer(integer(0)->get_if<syntax::Constant>()->value) : value::Buffer(given)});
  };
  node.preceding = bound("preceding");
  node.following = bound("following");
  if (window.range_value) {
    TRY(extract(window.range_value));
    node.range_value = std::move(window.range_value);
    Sort sort;
    sort.keys.push_back({syntax::clone(*node.range_value), true});
    TRY(push(std::move(sort)));
  }
  TRY(add_aggregations(window.aggregations, node.aggregations));
  return push(std::move(node));
}

base::Result<> PlanBuilder::add(syntax::Return& result) {
  TRY(extract(result.expression));
  if (!result.is_distinct) return push(Return{std::move(result.expression)});
  VariableId variable = internal_variable();
  Collect collect;
  collect.groups.push_back({variable, std::move(result.expression)});
  collect.is_distinct_return = true;
  TRY(push(std::move(collect)));
  return push(Return{reference(variable)});
}

}  // namespace workerdb::aql::plan

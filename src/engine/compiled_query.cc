#include "engine/compiled_query.h"

#include <algorithm>
#include <utility>

#include "aql/execute/constant_evaluator.h"
#include "aql/optimize/optimize.h"
#include "aql/plan/build.h"
#include "aql/plan/walk.h"
#include "aql/semantics/analyze.h"
#include "aql/syntax/statement.h"
#include "engine/catalog_view.h"

namespace workerdb::engine {
namespace {

using aql::plan::Plan;
using aql::syntax::Expression;

// Each literal and call may put another level around what a query reads; one LET may do so with the LET before it.
// Values are compared, hashed and written by recursion, so the sum is bounded far below what a thread's stack carries.
constexpr size_t kLargestNesting = 5000;

size_t added_levels(const Expression& expression) {
  using namespace aql::syntax;
  if (const auto* constant = expression.get_if<Constant>()) return constant->value.slice().nesting(kLargestNesting);
  bool adds = expression.get_if<ArrayLiteral>() != nullptr || expression.get_if<ObjectLiteral>() != nullptr ||
              expression.get_if<FunctionCall>() != nullptr || expression.get_if<Expansion>() != nullptr;
  size_t inside = 0;
  aql::plan::for_each_operand(expression,
                              [&](const Expression& operand) { inside = std::max(inside, added_levels(operand)); });
  return inside + (adds ? 1 : 0);
}

size_t added_levels(const Plan& plan) {
  constexpr size_t kOfGroups = 2;  // COLLECT INTO makes arrays of objects
  size_t levels = 0;
  for (const auto& node : plan.nodes) {
    aql::plan::for_each_expression(std::as_const(*node),
                                   [&](const Expression& expression) { levels += added_levels(expression); });
    if (node->get_if<aql::plan::Collect>() != nullptr || node->get_if<aql::plan::Window>() != nullptr)
      levels += kOfGroups;
    if (const auto* inner = aql::plan::subplan(std::as_const(*node))) levels += 1 + added_levels(*inner);
  }
  return levels;
}

bool only_calls_cacheable(const Expression& expression) {
  const auto* call = expression.get_if<aql::syntax::FunctionCall>();
  if (call != nullptr && (call->function == nullptr || !call->function->is_cacheable())) return false;
  bool all = true;
  aql::plan::for_each_operand(expression,
                              [&](const Expression& operand) { all = all && only_calls_cacheable(operand); });
  return all;
}

// Asked before the optimizer, which may put something else in a function's place.
bool only_calls_cacheable(const Plan& plan) {
  for (const auto& node : plan.nodes) {
    bool all = true;
    aql::plan::for_each_expression(
        std::as_const(*node), [&](const Expression& expression) { all = all && only_calls_cacheable(expression); });
    const auto* inner = aql::plan::subplan(std::as_const(*node));
    if (!all || (inner != nullptr && !only_calls_cacheable(*inner))) return false;
  }
  return true;
}

bool reads_by_ids(const Plan& plan) {
  return std::ranges::any_of(plan.nodes, [](const auto& node) {
    const auto* inner = aql::plan::subplan(std::as_const(*node));
    return node->template get_if<aql::plan::Traversal>() != nullptr ||
           node->template get_if<aql::plan::ShortestPath>() != nullptr ||
           node->template get_if<aql::plan::EnumeratePaths>() != nullptr || (inner != nullptr && reads_by_ids(*inner));
  });
}

// Remembers what it was asked.
class RecordingCatalogView : public StoreCatalogView {
 public:
  // `phases` may be null.
  RecordingCatalogView(const storage::Store& store, const storage::Database& database, PhaseClock* phases)
      : StoreCatalogView(store, database), store_(store), database_(database), phases_(phases) {}

  std::shared_ptr<const aql::semantics::CollectionInfo> find_collection(std::string_view name) const override {
    PhaseClock::Within loading(phases_, Phase::kLoadingCollections);
    auto info = StoreCatalogView::find_collection(name);
    if (std::ranges::find(sources_, name, &CompiledQuery::Source::name) == sources_.end()) {
      sources_.push_back(
          {std::string(name), store_.find_collection(database_, name), info != nullptr ? info->document_count : 0});
    }
    return info;
  }
  std::shared_ptr<const aql::semantics::GraphInfo> find_graph(std::string_view name) const override {
    PhaseClock::Within loading(phases_, Phase::kLoadingCollections);
    auto info = StoreCatalogView::find_graph(name);
    if (info != nullptr) graphs_.push_back({std::string(name), info->revision});
    return info;
  }
  std::shared_ptr<const aql::semantics::ViewInfo> find_view(std::string_view name) const override {
    PhaseClock::Within loading(phases_, Phase::kLoadingCollections);
    auto found = store_.find_view(database_, name);
    auto info = StoreCatalogView::find_view(name);
    if (std::ranges::find(views_, name, &CompiledQuery::View::name) == views_.end()) {
      views_.push_back({std::string(name), std::move(found)});
      // A plan also ends with the names of the collections that it reads through the view.
      if (info != nullptr)
        std::ranges::for_each(info->collections, [this](const auto& linked) { find_collection(linked); });
    }
    return info;
  }
  std::vector<CompiledQuery::View> take_views() { return std::move(views_); }
  std::vector<CompiledQuery::Source> take_sources() { return std::move(sources_); }
  std::vector<CompiledQuery::Graph> take_graphs() { return std::move(graphs_); }

 private:
  const storage::Store& store_;
  const storage::Database& database_;
  PhaseClock* const phases_;
  mutable std::vector<CompiledQuery::Source> sources_;
  mutable std::vector<CompiledQuery::Graph> graphs_;
  mutable std::vector<CompiledQuery::View> views_;
};

// Kinds of nodes whose making looks at no value of a bind parameter, but for those that semantics marks. Another kind
// keeps a plan to the values that it was made for.
struct IsIndifferentToValues {
  template <typename T>
  bool operator()(const T&) const {
    return false;
  }
  bool operator()(const aql::plan::Singleton&) const { return true; }
  bool operator()(const aql::plan::EnumerateCollection&) const { return true; }
  bool operator()(const aql::plan::IndexScan&) const { return true; }
  bool operator()(const aql::plan::Traversal&) const { return true; }
  bool operator()(const aql::plan::ShortestPath&) const { return true; }
  bool operator()(const aql::plan::EnumeratePaths&) const { return true; }
  bool operator()(const aql::plan::EnumerateView&) const { return true; }
  bool operator()(const aql::plan::Materialize&) const { return true; }
  bool operator()(const aql::plan::EnumerateList&) const { return true; }
  bool operator()(const aql::plan::Filter&) const { return true; }
  bool operator()(const aql::plan::Calculation&) const { return true; }
  bool operator()(const aql::plan::Subquery&) const { return true; }
  bool operator()(const aql::plan::Sort&) const { return true; }
  bool operator()(const aql::plan::Limit&) const { return true; }
  bool operator()(const aql::plan::Collect&) const { return true; }
  bool operator()(const aql::plan::Insert&) const { return true; }
  bool operator()(const aql::plan::Update&) const { return true; }
  bool operator()(const aql::plan::Remove&) const { return true; }
  bool operator()(const aql::plan::Return&) const { return true; }
};

void count_parameters(const Expression& expression, std::vector<uint32_t>& counts) {
  const auto* constant = expression.get_if<aql::syntax::Constant>();
  if (constant != nullptr && constant->parameter != 0) ++counts[constant->parameter - 1];
  aql::plan::for_each_operand(expression, [&](const Expression& operand) { count_parameters(operand, counts); });
}

// False for a plan with a node that may look at values.
bool count_parameters(const Plan& plan, std::vector<uint32_t>& counts) {
  for (const auto& node : plan.nodes) {
    if (!std::visit(IsIndifferentToValues(), node->kind)) return false;
    aql::plan::for_each_expression(std::as_const(*node),
                                   [&](const Expression& expression) { count_parameters(expression, counts); });
    const Plan* inner = aql::plan::subplan(std::as_const(*node));
    if (inner != nullptr && !count_parameters(*inner, counts)) return false;
  }
  return true;
}

// Who folds a value into something, or decides by it, says so. Where a use is gone besides, that counts as well.
bool serves_other_values(const Plan& plan) {
  if (plan.depends_on_values) return false;
  std::vector<uint32_t> counts(plan.parameters.size(), 0);
  if (!count_parameters(plan, counts)) return false;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < plan.parameters[i].as_value) return false;
  }
  return true;
}

bool holds_upsert(const Plan& plan) {
  return std::ranges::any_of(plan.nodes, [](const auto& node) {
    const auto* subquery = node->template get_if<aql::plan::Subquery>();
    return node->template get_if<aql::plan::Upsert>() != nullptr ||
           (subquery != nullptr && holds_upsert(*subquery->plan));
  });
}

}  // namespace

Result<CompiledQueryPtr> compile_query(const storage::Store& store, const storage::Database& database,
                                       std::string_view text, Slice bind_variables, const QueryOptions& options,
                                       bool with_program, PhaseClock* phases) {
  auto enter = [phases](Phase phase) {
    if (phases != nullptr) phases->enter(phase);
  };
  enter(Phase::kParsing);
  auto parsed = TRY(aql::syntax::parse(text));
  enter(Phase::kOptimizingAst);
  RecordingCatalogView catalog(store, database, phases);
  aql::execute::ProgramEvaluator evaluator;
  auto analyzed = TRY(aql::semantics::analyze(std::move(*parsed), bind_variables, catalog, &evaluator));
  if (options.fail_on_warning && !analyzed.warnings.empty()) {
    return Error(analyzed.warnings.front().code, analyzed.warnings.front().message);
  }
  auto compiled = std::make_shared<CompiledQuery>();
  compiled->warnings = std::move(analyzed.warnings);
  enter(Phase::kInstantiatingPlan);
  auto plan = TRY(aql::plan::build(std::move(analyzed)));
  compiled->is_cacheable = !plan->modifies() && only_calls_cacheable(*plan);
  compiled->reads_by_ids = reads_by_ids(*plan);
  if (added_levels(*plan) > kLargestNesting) return ErrorCode::kQueryTooMuchNesting;
  aql::optimize::RuleSettings rules = TRY(aql::optimize::parse_rule_settings(options.optimizer_rules));
  rules.full_count = options.full_count;
  enter(Phase::kOptimizingPlan);
  rules.max_plans = options.max_plans;
  rules.all_plans = options.all_plans;
  aql::optimize::Report report;
  TRY(aql::optimize::optimize(*plan, catalog, rules, &report));
  compiled->plans_created = report.plans_created;
  compiled->rules_executed = report.rules_executed;
  compiled->rules_skipped = report.rules_skipped;
  if (options.all_plans) std::ranges::move(report.others, std::back_inserter(compiled->other_plans));
  compiled->serves_other_values = serves_other_values(*plan);
  compiled->plan = std::move(plan);
  compiled->sources = catalog.take_sources();
  compiled->graphs = catalog.take_graphs();
  compiled->views = catalog.take_views();
  enter(Phase::kInstantiatingExecutors);
  if (with_program) {
    compiled->program = TRY(aql::execute::compile(compiled->plan, compiled->serves_other_values));
  }
  return compiled;
}

bool means_the_same(const storage::Store& store, const storage::Database& database, const CompiledQuery& query) {
  for (const auto& graph : query.graphs) {
    auto now = StoreCatalogView(store, database).find_graph(graph.name);
    if (now == nullptr || now->revision != graph.revision) return false;
  }
  for (const auto& view : query.views) {
    if (store.find_view(database, view.name) != view.view) return false;
  }
  return std::ranges::all_of(query.sources, [&](const auto& source) {
    return store.find_collection(database, source.name) == source.collection;
  });
}

void append_warnings(const std::vector<aql::functions::Warning>& warnings, Builder& to) {
  for (const auto& warning : warnings) {
    to.open_object();
    to.add("code", int(warning.code));
    to.add("message", warning.message);
    to.close();
  }
}

Result<> authorize(const storage::Store& store, const storage::Database& database, const Plan& plan,
                   const QueryOptions& options) {
  if (options.read_only && plan.modifies()) {
    return Error(ErrorCode::kReadOnly, "the query writes, but only reading is allowed");
  }
  if (!options.authorize) return {};
  auto ask = [&](const std::string& named, bool writes) -> Result<> {
    auto collection = store.find_collection(database, named);
    if (collection == nullptr) return Error(ErrorCode::kCollectionNotFound, "collection or view not found: " + named);
    return options.authorize(collection->name, writes);
  };
  for (const auto& name : plan.read_collections) TRY(ask(name, false));
  for (const auto& name : plan.written_collections) TRY(ask(name, true));
  return {};
}

std::string reason_against_plan_cache(const CompiledQuery& query, const QueryOptions& options) {
  if (!options.optimizer_rules.empty()) return "optimizer rules are set";
  if (options.all_plans) return "all plans are asked for";
  if (!query.warnings.empty()) return "it has warnings";
  if (holds_upsert(*query.plan)) return "it holds an UPSERT";
  for (const auto& parameter : query.plan->parameters) {
    if (parameter.decides && !parameter.name.starts_with('@')) {
      return "the value of bind parameter '" + parameter.name + "' decides about its plan";
    }
  }
  return {};
}

std::vector<OptimizerRule> optimizer_rules() {
  std::vector<OptimizerRule> result;
  for (const auto& rule : aql::optimize::rule_descriptions()) {
    result.push_back(
        {rule.name, rule.is_hidden, rule.can_be_disabled, rule.can_create_plans, rule.is_disabled_by_default});
  }
  return result;
}

}  // namespace workerdb::engine

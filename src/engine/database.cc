#include "engine/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "aql/execute/constant_evaluator.h"
#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"
#include "aql/syntax/tree_json.h"
#include "base/time.h"
#include "engine/compiled_query.h"
#include "engine/core.h"
#include "engine/query_names.h"
#include "engine/query_run.h"

namespace workerdb::engine {

Result<Collection> Database::collection(std::string_view name) const {
  auto found = core_->store->find_collection(*database_, name);
  if (found == nullptr) {
    return Error(ErrorCode::kCollectionNotFound, fmt::format("collection or view not found: {}", name));
  }
  return Collection(core_, database_, std::move(found));
}

std::vector<Collection> Database::collections() const {
  std::vector<Collection> result;
  for (auto& found : core_->store->collections(*database_)) {
    result.push_back(Collection(core_, database_, std::move(found)));
  }
  return result;
}

Result<Collection> Database::create_collection(std::string_view name, const CollectionOptions& options) {
  storage::Collection definition;
  definition.name = name;
  definition.type = options.type;
  definition.is_system = options.is_system || name.starts_with('_');
  definition.wait_for_sync = options.wait_for_sync;
  definition.key_options = options.key_options;
  definition.schema = options.schema;
  definition.computed_values = options.computed_values;
  return Collection(core_, database_, TRY(core_->store->create_collection(*database_, definition)));
}

Result<> Database::drop_collection(std::string_view name, bool allow_system) {
  auto found = TRY(collection(name));
  if (found.description().is_system && !allow_system) {
    return Error(ErrorCode::kForbidden, fmt::format("'{}' is a system collection", name));
  }
  return core_->store->drop_collection(*database_, found.name());
}

Transaction Database::begin(const TransactionOptions& options) {
  return Transaction(core_, core_->store->begin(options));
}

namespace {

// What an io thread may spend on one query while others wait.
constexpr uint64_t kQuick_ns = 300'000;

// What expressions without variables would warn of, each once: a plan that is only explained runs none of them.
void append_constant_warnings(const aql::syntax::Expression& expression, aql::execute::ProgramEvaluator& evaluator,
                              std::vector<aql::functions::Warning>& to) {
  if (expression.is_constant()) return;
  if (auto warnings = evaluator.warnings_of(expression)) {
    to.insert(to.end(), warnings->begin(), warnings->end());
    return;
  }
  bool is_lazy = expression.get_if<aql::syntax::Ternary>() != nullptr;
  if (const auto* binary = expression.get_if<aql::syntax::Binary>()) {
    is_lazy = binary->op == aql::syntax::BinaryOperator::kAnd || binary->op == aql::syntax::BinaryOperator::kOr;
  }
  bool is_first = true;
  aql::plan::for_each_operand(expression, [&](const aql::syntax::Expression& operand) {
    if (is_first || !is_lazy) append_constant_warnings(operand, evaluator, to);
    is_first = false;
  });
}

void append_constant_warnings(const aql::plan::Plan& plan, aql::execute::ProgramEvaluator& evaluator,
                              std::vector<aql::functions::Warning>& to) {
  for (const auto& node : plan.nodes) {
    aql::plan::for_each_expression(std::as_const(*node), [&](const aql::syntax::Expression& expression) {
      append_constant_warnings(expression, evaluator, to);
    });
    if (const auto* inner = aql::plan::subplan(std::as_const(*node))) append_constant_warnings(*inner, evaluator, to);
  }
}

}  // namespace

namespace {

// About what a plan takes in memory.
uint64_t bytes_of(const aql::plan::Plan& plan) {
  uint64_t bytes = sizeof(plan) + plan.variables.size() * sizeof(aql::plan::Variable);
  std::function<void(const aql::syntax::Expression&)> add = [&](const aql::syntax::Expression& expression) {
    bytes += sizeof(expression);
    aql::plan::for_each_operand(expression, add);
  };
  for (const auto& node : plan.nodes) {
    bytes += sizeof(*node);
    aql::plan::for_each_expression(std::as_const(*node), add);
    if (const auto* inner = aql::plan::subplan(std::as_const(*node))) bytes += bytes_of(*inner);
  }
  return bytes;
}

}  // namespace

Result<Buffer> Database::explain(std::string_view text, Slice bind_variables, const QueryOptions& options) {
  int64_t start_ns = base::steady_time_ns();
  auto query = TRY(compile_query(*core_->store, *database_, text, bind_variables, options, false));
  const CompiledQuery& compiled = *query;
  TRY(authorize(*core_->store, *database_, *compiled.plan, options));
  std::optional<uint64_t> key;
  if (options.use_plan_cache) key = TRY(plan_of_query(*core_, *database_, text, bind_variables, options, nullptr)).key;
  Builder to;
  to.open_object();
  if (key) to.add("planCacheKey", std::to_string(*key));
  if (options.all_plans) {
    to.key("plans");
    to.open_array();
    aql::plan::append_explain(*compiled.plan, to);
    for (const auto& other : compiled.other_plans) aql::plan::append_explain(*other, to);
    to.close();
  } else {
    to.key("plan");
    aql::plan::append_explain(*compiled.plan, to);
  }
  to.key("warnings");
  to.open_array();
  std::vector<aql::functions::Warning> warnings = compiled.warnings;
  aql::execute::ProgramEvaluator evaluator;
  append_constant_warnings(*compiled.plan, evaluator, warnings);
  if (warnings.size() > options.max_warnings) warnings.resize(options.max_warnings);
  append_warnings(warnings, to);
  to.close();
  to.key("stats");
  to.open_object();
  to.add("rulesExecuted", compiled.rules_executed);
  to.add("rulesSkipped", compiled.rules_skipped);
  to.add("plansCreated", compiled.plans_created);
  to.add("peakMemoryUsage", bytes_of(*compiled.plan) * compiled.plans_created);
  to.add("executionTime", double(base::steady_time_ns() - start_ns) / 1e9);
  to.close();
  to.add("cacheable", compiled.is_cacheable && warnings.empty());
  to.close();
  return to.take();
}

std::vector<CachedPlanDescription> Database::cached_plans() const { return core_->plans.list(*database_); }
void Database::clear_cached_plans() { core_->plans.clear(*database_); }
std::vector<CachedResultDescription> Database::cached_results() const { return core_->results.list(*database_); }
void Database::clear_cached_results() { core_->results.clear(*database_); }
QueryTracking Database::tracking() const { return core_->queries.tracking(name()); }
void Database::set_tracking(const QueryTracking& tracking) { core_->queries.set_tracking(name(), tracking); }
bool Database::is_quick(std::string_view text) const { return core_->plans.is_quick(*database_, text, kQuick_ns); }

Result<Buffer> Database::parse(std::string_view text) {
  auto parsed = TRY(aql::syntax::parse(text));
  Builder to;
  to.open_object();
  to.add("parsed", true);
  auto names = names_of(*parsed);
  auto append_names = [&](std::string_view attribute, const std::set<std::string>& list) {
    to.key(attribute);
    to.open_array();
    for (const auto& name : list) to.string(name);
    to.close();
  };
  append_names("collections", names.collections);
  append_names("bindVars", names.parameters);
  to.key("ast");
  to.open_array();
  aql::syntax::append_tree(*parsed, to);
  to.close();
  to.key("warnings");
  to.open_array();
  to.close();
  to.close();
  return to.take();
}

}  // namespace workerdb::engine

#include "engine/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "aql/execute/constant_evaluator.h"
#include "aql/execute/execution.h"
#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/syntax/statement.h"
#include "aql/syntax/tree_json.h"
#include "base/time.h"
#include "engine/compiled_query.h"
#include "engine/core.h"
#include "engine/cursor.h"
#include "engine/query_names.h"

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

// The plan of a query: one that was kept, or a new one, which is kept then.
struct PlanOfQuery {
  CompiledQueryPtr compiled;
  CachedPlanPtr cached;
  bool is_new = false;
  std::optional<uint64_t> key;   // of a plan that was kept for users
};

Result<PlanOfQuery> plan_of_query(Core& core, const storage::Database& database, std::string_view text,
                                  Slice bind_variables, const QueryOptions& options) {
  PlanOfQuery result;
  result.cached = core.plans.find(*core.store, database, text, bind_variables, options);
  if (result.cached != nullptr) {
    result.compiled = result.cached->query;
  } else {
    result.compiled = TRY(compile_query(*core.store, database, text, bind_variables, options, true));
    result.is_new = true;
    result.cached = core.plans.add(database, text, bind_variables, options, result.compiled);
  }
  if (!options.use_plan_cache) return result;
  std::string reason = reason_against_plan_cache(*result.compiled, options);
  if (!reason.empty()) {
    return Error(ErrorCode::kQueryNotEligibleForPlanCaching, "query is not eligible for plan caching: " + reason);
  }
  if (result.cached != nullptr && result.cached->is_listed.exchange(true)) result.key = result.cached->key;
  return result;
}

// What expressions without variables would warn of, each once: a plan that is only explained runs none of them.
void append_constant_warnings(const aql::syntax::Expression& expression, std::vector<aql::functions::Warning>& to) {
  if (expression.is_constant()) return;
  if (auto warnings = aql::execute::ProgramEvaluator().warnings_of(expression)) {
    to.insert(to.end(), warnings->begin(), warnings->end());
    return;
  }
  bool is_lazy = expression.get_if<aql::syntax::Ternary>() != nullptr;
  if (const auto* binary = expression.get_if<aql::syntax::Binary>()) {
    is_lazy = binary->op == aql::syntax::BinaryOperator::kAnd || binary->op == aql::syntax::BinaryOperator::kOr;
  }
  bool is_first = true;
  aql::plan::for_each_operand(expression, [&](const aql::syntax::Expression& operand) {
    if (is_first || !is_lazy) append_constant_warnings(operand, to);
    is_first = false;
  });
}

void append_constant_warnings(const aql::plan::Plan& plan, std::vector<aql::functions::Warning>& to) {
  for (const auto& node : plan.nodes) {
    aql::plan::for_each_expression(std::as_const(*node), [&](const aql::syntax::Expression& expression) {
      append_constant_warnings(expression, to);
    });
    if (const auto* inner = aql::plan::subplan(std::as_const(*node))) append_constant_warnings(*inner, to);
  }
}

}  // namespace

Result<Cursor> Database::query(std::string_view text, Slice bind_variables, const QueryOptions& options,
                               Transaction* transaction) {
  auto state = std::make_unique<Cursor::State>();
  state->core = core_;
  state->stream = options.stream;
  state->profile = options.profile;
  state->tracked = core_->queries.start(core_->store->new_tick(), database_->name, options.user, text, bind_variables,
                                        options.stream);
  auto planned = TRY(plan_of_query(*core_, *database_, text, bind_variables, options));
  state->compiled = std::move(planned.compiled);
  state->cached = std::move(planned.cached);
  state->compiled_now = planned.is_new;
  state->plan_cache_key = planned.key;
  if (bind_variables.is_object()) state->bind_variables = Buffer(bind_variables);
  TRY(authorize(*core_->store, *database_, *state->compiled->plan, options));
  if (transaction == nullptr) {
    storage::TransactionOptions own;
    own.read_only = !state->compiled->plan->modifies();
    state->own_transaction = core_->store->begin(own);
  }
  const EngineOptions& defaults = core_->options;
  aql::execute::ExecutionOptions run;
  run.memory_limit_bytes =
      options.memory_limit_bytes != 0 ? options.memory_limit_bytes : defaults.query_memory_limit_bytes;
  state->memory_limit_bytes = run.memory_limit_bytes;
  double runtime_s = options.max_runtime_s > 0 ? options.max_runtime_s : defaults.query_max_runtime_s;
  constexpr double kLongest_s = 1e9;   // more would overflow the clock
  if (runtime_s > 0) run.deadline_ns = base::steady_time_ns() + int64_t(std::min(runtime_s, kLongest_s) * 1e9);
  if (options.batch_size != 0) run.batch_rows = options.batch_size;
  run.spill_folder = core_->folder;
  if (options.spill_from_bytes) run.spill_from_bytes = *options.spill_from_bytes;
  if (options.spill_from_rows) run.spill_from_rows = *options.spill_from_rows;
  run.threads = options.threads;
  if (options.join_table_from) run.join_table_from = *options.join_table_from;
  run.max_warnings = options.max_warnings;
  run.fail_on_warning = options.fail_on_warning;
  run.full_count = options.full_count;
  run.profile = uint8_t(options.profile);
  run.database = database_->name;
  run.user = options.user;
  run.bind_variables = state->bind_variables.slice();
  if (defaults.graph_cache_bytes != 0) run.adjacency = &core_->adjacency;
  if (options.authorize) {
    // A stream's rows are made by later requests, so the answers are asked for as of now's user.
    run.authorize_read = [authorize = options.authorize](std::string_view name) { return authorize(name, false); };
  }
  storage::Transaction& in = transaction != nullptr ? *transaction->transaction_ : *state->own_transaction;
  state->execution = TRY(aql::execute::Execution::create(state->compiled->program, *core_->store, *database_, in, run));
  state->tracked->attach(state->execution.get());
  if (!options.stream) TRY(state->materialize());
  return Cursor(std::move(state));
}

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
  if (options.use_plan_cache) key = TRY(plan_of_query(*core_, *database_, text, bind_variables, options)).key;
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
  append_constant_warnings(*compiled.plan, warnings);
  if (warnings.size() > options.max_warnings) warnings.resize(options.max_warnings);
  for (const auto& warning : warnings) {
    to.open_object();
    to.add("code", int(warning.code));
    to.add("message", warning.message);
    to.close();
  }
  to.close();
  to.key("stats");
  to.open_object();
  to.add("rulesExecuted", compiled.rules_executed);
  to.add("rulesSkipped", compiled.rules_skipped);
  to.add("plansCreated", compiled.plans_created);
  to.add("peakMemoryUsage", bytes_of(*compiled.plan) * compiled.plans_created);
  to.add("executionTime", double(base::steady_time_ns() - start_ns) / 1e9);
  to.close();
  to.add("cacheable", !compiled.plan->modifies());
  to.close();
  return to.take();
}

std::vector<CachedPlanDescription> Database::cached_plans() const { return core_->plans.list(*database_); }
void Database::clear_cached_plans() { core_->plans.clear(*database_); }
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

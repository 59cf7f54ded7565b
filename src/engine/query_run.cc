#include "engine/query_run.h"

#include <algorithm>
#include <utility>

#include "aql/execute/execution.h"
#include "base/time.h"
#include "engine/cursor.h"
#include "engine/database.h"

namespace workerdb::engine {

Result<PlanOfQuery> plan_of_query(Core& core, const storage::Database& database, std::string_view text,
                                  Slice bind_variables, const QueryOptions& options, PhaseClock* phases) {
  PlanOfQuery result;
  result.cached = core.plans.find(*core.store, database, text, bind_variables, options);
  if (result.cached != nullptr) {
    result.compiled = result.cached->query;
  } else {
    result.compiled = TRY(compile_query(*core.store, database, text, bind_variables, options, true, phases));
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

// Steps of Database::query().
struct QueryRun {
  static int64_t deadline_of(const QueryOptions& options, const EngineOptions& defaults);
  static aql::execute::ExecutionOptions execution_options(Cursor::State& state);
  static Result<bool> serve_from_cache(Cursor::State& state, std::string_view text, Slice bind_variables);
  static Result<> prepare(Cursor::State& state, std::string_view text, Slice bind_variables,
                          storage::Transaction* of_caller, bool may_be_kept);
  static Result<> run(Cursor::State& state, std::string_view text, Slice bind_variables,
                      storage::Transaction* of_caller);
};

int64_t QueryRun::deadline_of(const QueryOptions& options, const EngineOptions& defaults) {
  constexpr double kLongest_s = 1e9;  // more would overflow the clock
  double runtime_s = options.max_runtime_s > 0 ? options.max_runtime_s : defaults.query_max_runtime_s;
  return runtime_s > 0 ? base::steady_time_ns() + int64_t(std::min(runtime_s, kLongest_s) * 1e9) : 0;
}

aql::execute::ExecutionOptions QueryRun::execution_options(Cursor::State& state) {
  const QueryOptions& options = state.options;
  const EngineOptions& defaults = state.core->options;
  aql::execute::ExecutionOptions run;
  run.memory_limit_bytes =
      options.memory_limit_bytes != 0 ? options.memory_limit_bytes : defaults.query_memory_limit_bytes;
  run.deadline_ns = state.tracked->deadline_ns;
  run.control = state.tracked->control;
  if (options.batch_size != 0) run.batch_rows = options.batch_size;
  run.spill_folder = state.core->folder;
  run.spill_from_bytes = options.spill_from_bytes.value_or(defaults.spill_from_bytes);
  run.memory_pool = &state.core->query_memory;
  if (options.spill_from_rows) run.spill_from_rows = *options.spill_from_rows;
  run.threads = options.threads;
  if (options.join_table_from) run.join_table_from = *options.join_table_from;
  run.max_warnings = options.max_warnings;
  run.fail_on_warning = options.fail_on_warning;
  run.full_count = options.full_count;
  run.profile = uint8_t(options.profile);
  run.database = state.database->name;
  run.user = options.user;
  run.bind_variables = state.bind_variables.slice();
  if (defaults.graph_cache_bytes != 0) run.adjacency = &state.core->adjacency;
  if (options.authorize || state.recorder != nullptr) {
    // A stream's rows are made by later requests, so the answers are asked for as of now's user.
    run.authorize_read = [authorize = options.authorize, recorder = state.recorder](std::string_view name) -> Result<> {
      if (recorder != nullptr) recorder->add(name);
      return authorize ? authorize(name, false) : Result<>();
    };
  }
  return run;
}

// Rows of an earlier run, where the query may have them. True: they are there.
Result<bool> QueryRun::serve_from_cache(Cursor::State& state, std::string_view text, Slice bind_variables) {
  Core& core = *state.core;
  state.result_generation = core.results.generation();
  auto transaction = core.store->begin({.read_only = true});
  auto result = core.results.find(*core.store, *state.database, *transaction, text, bind_variables, state.options);
  if (result == nullptr) return false;
  TRY(authorize(*core.store, *state.database, *result->query->plan, state.options));
  if (state.options.authorize) {
    for (const auto& name : result->also_read) TRY(state.options.authorize(name, false));
  }
  state.serve(std::move(result));
  TRY(state.finish());
  return true;
}

// The plan, and its execution in a transaction.
Result<> QueryRun::prepare(Cursor::State& state, std::string_view text, Slice bind_variables,
                           storage::Transaction* of_caller, bool may_be_kept) {
  Core& core = *state.core;
  TrackedQuery& tracked = *state.tracked;
  auto planned = TRY(plan_of_query(core, *state.database, text, bind_variables, state.options, &tracked.phases));
  tracked.phases.enter(Phase::kInstantiatingExecutors);
  state.compiled = std::move(planned.compiled);
  state.cached = std::move(planned.cached);
  state.plan_cache_key = planned.key;
  tracked.modifies = state.compiled->plan->modifies();
  if (bind_variables.is_object()) state.bind_variables = Buffer(bind_variables);
  TRY(authorize(*core.store, *state.database, *state.compiled->plan, state.options));
  if (of_caller == nullptr) {
    storage::TransactionOptions own;
    own.read_only = !tracked.modifies;
    state.own_transaction = core.store->begin(own);
  }
  if (may_be_kept && state.compiled->is_cacheable) {
    state.recorder = std::make_shared<ReadRecorder>();
    state.text = text;
  }
  storage::Transaction& in = of_caller != nullptr ? *of_caller : *state.own_transaction;
  state.execution = TRY(aql::execute::Execution::create(state.compiled->program, *core.store, *state.database, in,
                                                        execution_options(state)));
  return {};
}

Result<> QueryRun::run(Cursor::State& state, std::string_view text, Slice bind_variables,
                       storage::Transaction* of_caller) {
  constexpr int kMostPlans = 5;
  bool may_be_kept = of_caller == nullptr && state.core->results.is_wanted(state.options);
  if (may_be_kept && TRY(serve_from_cache(state, text, bind_variables))) return {};
  for (int plans = 1;; ++plans) {
    auto prepared = prepare(state, text, bind_variables, of_caller, may_be_kept);
    if (prepared) break;
    // An index was dropped since the plan was made: another plan does without.
    if (prepared.error().code() != ErrorCode::kIndexNotFound || plans == kMostPlans) return prepared;
  }
  state.tracked->phases.enter(Phase::kExecuting);
  return state.options.stream ? Result<>() : state.materialize();
}

Result<Cursor> Database::query(std::string_view text, Slice bind_variables, const QueryOptions& options,
                               Transaction* transaction) {
  auto state = std::make_unique<Cursor::State>();
  state->core = core_;
  state->database = database_;
  state->options = options;
  state->largest_result_bytes =
      options.memory_limit_bytes != 0 ? options.memory_limit_bytes : core_->options.largest_result_bytes;
  state->spill_from_bytes = options.spill_from_bytes.value_or(core_->options.spill_results_from_bytes);
  state->tracked =
      core_->queries.start({core_->store->new_tick(), database_->name, options.user, text, bind_variables,
                            options.stream, QueryRun::deadline_of(options, core_->options), options.cancelled});
  auto ran =
      QueryRun::run(*state, text, bind_variables, transaction != nullptr ? transaction->transaction_.get() : nullptr);
  if (!ran) {
    state->fail(ran.error());
    return std::move(ran).error();
  }
  return Cursor(std::move(state));
}

}  // namespace workerdb::engine

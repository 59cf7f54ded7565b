#include "engine/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aql/execute/constant_evaluator.h"
#include "aql/execute/execution.h"
#include "aql/optimize/optimize.h"
#include "aql/plan/build.h"
#include "aql/plan/explain.h"
#include "aql/plan/walk.h"
#include "aql/semantics/analyze.h"
#include "aql/syntax/statement.h"
#include "base/time.h"
#include "engine/catalog_view.h"
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

struct Compiled {
  std::shared_ptr<const aql::plan::Plan> plan;
  std::vector<aql::functions::Warning> warnings;
};

// Each literal and call may put another level around what a query reads; one LET may do so with the LET before it.
// Values are compared, hashed and written by recursion, so the sum is bounded far below what a thread's stack carries.
constexpr size_t kLargestNesting = 5000;

size_t added_levels(const aql::syntax::Expression& expression) {
  using namespace aql::syntax;
  if (const auto* constant = expression.get_if<Constant>()) return constant->value.slice().nesting(kLargestNesting);
  bool adds = expression.get_if<ArrayLiteral>() != nullptr || expression.get_if<ObjectLiteral>() != nullptr ||
              expression.get_if<FunctionCall>() != nullptr || expression.get_if<Expansion>() != nullptr;
  size_t inside = 0;
  aql::plan::for_each_operand(expression, [&](const Expression& operand) {
    inside = std::max(inside, added_levels(operand));
  });
  return inside + (adds ? 1 : 0);
}

size_t added_levels(const aql::plan::Plan& plan) {
  constexpr size_t kOfGroups = 2;   // COLLECT INTO makes arrays of objects
  size_t levels = 0;
  for (const auto& node : plan.nodes) {
    aql::plan::for_each_expression(std::as_const(*node), [&](const aql::syntax::Expression& expression) {
      levels += added_levels(expression);
    });
    if (node->get_if<aql::plan::Collect>() != nullptr || node->get_if<aql::plan::Window>() != nullptr) levels += kOfGroups;
    if (const auto* inner = aql::plan::subplan(std::as_const(*node))) levels += 1 + added_levels(*inner);
  }
  return levels;
}

// syntax → semantics → plan → optimize.
Result<Compiled> compile_query(const storage::Store& store, const storage::Database& database, std::string_view text,
                               Slice bind_variables, const QueryOptions& options) {
  auto parsed = TRY(aql::syntax::parse(text));
  StoreCatalogView catalog(store, database);
  aql::execute::ProgramEvaluator evaluator;
  auto analyzed = TRY(aql::semantics::analyze(std::move(*parsed), bind_variables, catalog, &evaluator));
  if (options.fail_on_warning && !analyzed.warnings.empty()) {
    return Error(analyzed.warnings.front().code, analyzed.warnings.front().message);
  }
  Compiled compiled;
  compiled.warnings = std::move(analyzed.warnings);
  auto plan = TRY(aql::plan::build(std::move(analyzed)));
  if (added_levels(*plan) > kLargestNesting) return ErrorCode::kQueryTooMuchNesting;
  aql::optimize::RuleSettings rules = TRY(aql::optimize::parse_rule_settings(options.optimizer_rules));
  rules.full_count = options.full_count;
  TRY(aql::optimize::optimize(*plan, catalog, rules));
  compiled.plan = std::move(plan);
  return compiled;
}

// By the collections' own names: a query may also name one by its number, and rights go by names.
Result<> authorize(const storage::Store& store, const storage::Database& database, const aql::plan::Plan& plan,
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

}  // namespace

Result<Cursor> Database::query(std::string_view text, Slice bind_variables, const QueryOptions& options,
                               Transaction* transaction) {
  auto state = std::make_unique<Cursor::State>();
  state->core = core_;
  state->stream = options.stream;
  state->profile = options.profile;
  state->tracked = core_->queries.start(core_->store->new_tick(), database_->name, options.user, text, bind_variables,
                                        options.stream);
  auto compiled = TRY(compile_query(*core_->store, *database_, text, bind_variables, options));
  TRY(authorize(*core_->store, *database_, *compiled.plan, options));
  state->compile_warnings = std::move(compiled.warnings);
  state->program = TRY(aql::execute::compile(compiled.plan));
  if (transaction == nullptr) {
    storage::TransactionOptions own;
    own.read_only = !compiled.plan->modifies();
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
  run.max_warnings = options.max_warnings;
  run.fail_on_warning = options.fail_on_warning;
  run.full_count = options.full_count;
  run.profile = uint8_t(options.profile);
  run.database = database_->name;
  run.user = options.user;
  if (options.authorize) {
    // A stream's rows are made by later requests, so the answers are asked for as of now's user.
    run.authorize_read = [authorize = options.authorize](std::string_view name) { return authorize(name, false); };
  }
  storage::Transaction& in = transaction != nullptr ? *transaction->transaction_ : *state->own_transaction;
  state->execution = TRY(aql::execute::Execution::create(state->program, *core_->store, *database_, in, run));
  state->tracked->attach(state->execution.get());
  if (!options.stream) TRY(state->materialize());
  return Cursor(std::move(state));
}

Result<Buffer> Database::explain(std::string_view text, Slice bind_variables, const QueryOptions& options) {
  auto compiled = TRY(compile_query(*core_->store, *database_, text, bind_variables, options));
  TRY(authorize(*core_->store, *database_, *compiled.plan, options));
  Builder to;
  to.open_object();
  if (options.all_plans) {
    to.key("plans");
    to.open_array();
    aql::plan::append_explain(*compiled.plan, to);
    to.close();
  } else {
    to.key("plan");
    aql::plan::append_explain(*compiled.plan, to);
  }
  to.key("warnings");
  to.open_array();
  for (const auto& warning : compiled.warnings) {
    to.open_object();
    to.add("code", int(warning.code));
    to.add("message", warning.message);
    to.close();
  }
  to.close();
  to.key("stats");
  to.open_object();
  to.add("rulesExecuted", compiled.plan->applied_rules.size());
  to.add("rulesSkipped", 0);
  to.add("plansCreated", 1);
  to.close();
  to.add("cacheable", !compiled.plan->modifies());
  to.close();
  return to.take();
}

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
  to.close();
  to.close();
  return to.take();
}

}  // namespace workerdb::engine

#pragma once
// From a query's text to a program: syntax → semantics → plan → optimize → execute. Private to this folder.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aql/execute/execution.h"
#include "aql/functions/context.h"
#include "aql/plan/node.h"
#include "engine/phases.h"
#include "engine/query.h"
#include "storage/store.h"

namespace workerdb::engine {

// Immutable, shared by every run of the query.
struct CompiledQuery {
  std::shared_ptr<const aql::plan::Plan> plan;
  std::shared_ptr<const aql::execute::Program> program;  // null where only the plan was wanted
  std::vector<aql::functions::Warning> warnings;
  // The program reads its bind parameters when it runs, so it serves every value of the same kind. False: the plan
  // holds for the very values that it was made for.
  bool serves_other_values = false;
  // It only reads, and comes to the same rows as long as what it reads is the same.
  bool is_cacheable = false;
  // It may read collections that it does not name: the vertices that edges lead to.
  bool reads_by_ids = false;
  // Each collection that was asked for by name, as it was found (null: there was none), with its number of documents.
  struct Source {
    std::string name;
    storage::CollectionPtr collection;
    uint64_t documents = 0;
  };
  std::vector<Source> sources;
  // Each named graph that the plan was made of, and which definition of it.
  struct Graph {
    std::string name, revision;
  };
  std::vector<Graph> graphs;
  // Each name that may have been a view's, and the view as it was (null: it was none).
  struct View {
    std::string name;
    storage::ViewPtr view;
  };
  std::vector<View> views;
  // What the optimizer did; `other_plans` were not chosen, and are there where all plans were asked for.
  size_t plans_created = 1, rules_executed = 0, rules_skipped = 0;
  std::vector<std::shared_ptr<const aql::plan::Plan>> other_plans;
};
using CompiledQueryPtr = std::shared_ptr<const CompiledQuery>;

Result<CompiledQueryPtr> compile_query(const storage::Store& store, const storage::Database& database,
                                       std::string_view text, Slice bind_variables, const QueryOptions& options,
                                       bool with_program, PhaseClock* phases = nullptr);

// Whether each name that the query was made with still stands for the very same thing.
bool means_the_same(const storage::Store& store, const storage::Database& database, const CompiledQuery& query);

// {"code", "message"} of each, into an open array.
void append_warnings(const std::vector<aql::functions::Warning>& warnings, Builder& to);

// Asks options.authorize for every collection of the plan, by their own names: a query may also name one by its number,
// and rights go by names. kReadOnly for a query that writes where only reading is allowed.
Result<> authorize(const storage::Store& store, const storage::Database& database, const aql::plan::Plan& plan,
                   const QueryOptions& options);

// Why the documentation keeps the query out of the plan cache ("Cache eligibility"); empty where it does not.
std::string reason_against_plan_cache(const CompiledQuery& query, const QueryOptions& options);

}  // namespace workerdb::engine

#pragma once
// One database: its collections, its queries, its transactions. A cheap handle; it stays valid while the engine lives,
// and answers kDatabaseNotFound or kCollectionNotFound once the thing is dropped.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/collection.h"
#include "engine/query.h"
#include "engine/transaction.h"
#include "engine/types.h"
#include "engine/view.h"

namespace workerdb::engine {

struct CollectionOptions {
  CollectionType type = CollectionType::kDocument;
  bool is_system = false;
  bool wait_for_sync = false;
  KeyOptions key_options;
  Buffer schema;  // {"rule": {…}, "level": "strict", "message": "…"}, or null
  Buffer computed_values;
};

class Database {
 public:
  const std::string& name() const { return database_->name; }
  uint64_t id() const { return database_->id; }
  Slice properties() const { return database_->properties.slice(); }

  // By name (or its id as text). kCollectionNotFound.
  Result<Collection> collection(std::string_view name) const;
  // By name, system collections included.
  std::vector<Collection> collections() const;
  // kDuplicateName, kIllegalName, kValidationBadParameter, kInvalidKeyGenerator.
  Result<Collection> create_collection(std::string_view name, const CollectionOptions& options = {});
  Result<> drop_collection(std::string_view name, bool allow_system = false);

  // Views (engine/view.h). `definition`: {"type": "arangosearch", "links": {…}, …}. kCollectionNotFound for a view that
  // is not there or a link to no collection; kDuplicateName, kIllegalName, kBadParameter.
  Result<View> view(std::string_view name) const;
  std::vector<View> views() const;  // by name
  Result<View> create_view(std::string_view name, Slice definition);
  Result<> drop_view(std::string_view name);

  // Analyzers: {"name", "type", "properties", "features"}, as users see them, built-in ones included. kDocumentNotFound
  // for one that is not there; kBadParameter for a definition that is wrong, or differs from the one of that name.
  Result<Buffer> analyzer(std::string_view name) const;
  Buffer analyzers() const;
  struct EnsuredAnalyzer {
    Buffer definition;
    bool created;
  };
  Result<EnsuredAnalyzer> ensure_analyzer(Slice definition);
  // kConflict while a view uses it, unless `force`; kForbidden for built-in ones.
  Result<> drop_analyzer(std::string_view name, bool force = false);

  // Runs an AQL query. `bind_variables`: an object, or none. With options.stream rows are made while the cursor is
  // read; otherwise all are made, and data is committed, before this returns. In a transaction the query's writes are
  // part of it and a failed query leaves nothing in it. Errors: 15xx, kCollectionNotFound and those of the writes.
  Result<Cursor> query(std::string_view text, Slice bind_variables = {}, const QueryOptions& options = {},
                       Transaction* transaction = nullptr);
  // The plan in the shape of POST /_api/explain's answer, as an object; nothing is run.
  Result<Buffer> explain(std::string_view text, Slice bind_variables = {}, const QueryOptions& options = {});
  // Syntax only, in the shape of POST /_api/query's answer (collections, bindVars, ast).
  Result<Buffer> parse(std::string_view text);

  // The entries of the plan cache that queries asked for, and their end.
  std::vector<CachedPlanDescription> cached_plans() const;
  void clear_cached_plans();
  // Likewise of the cache of results.
  std::vector<CachedResultDescription> cached_results() const;
  void clear_cached_results();
  // What is kept of queries for Engine::running_queries() and slow_queries(); until the engine is closed.
  QueryTracking tracking() const;
  void set_tracking(const QueryTracking& tracking);
  // A query of this text ran before, only reads, and takes less than a moment: a thread that must not wait may run it.
  bool is_quick(std::string_view text) const;

  // Reads at a snapshot of now; see transaction.h.
  Transaction begin(const TransactionOptions& options = {});

 private:
  friend class Engine;
  Database(std::shared_ptr<Core> core, storage::DatabasePtr database)
      : core_(std::move(core)), database_(std::move(database)) {}

  std::shared_ptr<Core> core_;
  storage::DatabasePtr database_;
};

}  // namespace workerdb::engine

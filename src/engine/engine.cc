#include "engine/engine.h"

#include "engine/core.h"

namespace workerdb::engine {

Result<std::unique_ptr<Engine>> Engine::open(const std::string& folder, const EngineOptions& options) {
  auto core = std::make_shared<Core>(options);
  core->folder = folder;
  storage::StoreOptions store_options;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.memtables_in_block_cache = options.memtables_in_block_cache;
  store_options.write_buffer_bytes = options.write_buffer_bytes;
  store_options.document_cache_bytes = options.document_cache_bytes;
  store_options.transaction_limit_bytes = options.transaction_limit_bytes;
  if (options.memory_budget_bytes != 0)
    store_options.all_transactions_limit_bytes = 2 * options.transaction_limit_bytes;
  store_options.sync_interval_ms = options.sync_interval_ms;
  store_options.ttl_interval_ms = options.ttl_interval_ms;
  core->store = TRY(storage::Store::open(folder, store_options));
  return std::unique_ptr<Engine>(new Engine(std::move(core)));
}

Engine::Engine(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Engine::~Engine() = default;

Result<Database> Engine::database(std::string_view name) {
  auto found = core_->store->find_database(name);
  if (found == nullptr) return ErrorCode::kDatabaseNotFound;
  return Database(core_, std::move(found));
}

Result<Database> Engine::create_database(std::string_view name, Slice properties) {
  return Database(core_, TRY(core_->store->create_database(name, properties)));
}

Result<> Engine::set_database_properties(std::string_view name, Slice properties) {
  return core_->store->set_database_properties(name, properties);
}

Result<> Engine::drop_database(std::string_view name) {
  auto found = core_->store->find_database(name);
  TRY(core_->store->drop_database(name));
  core_->queries.forget(name);
  if (found == nullptr) return {};
  core_->plans.clear(*found);
  core_->results.clear(*found);
  return {};
}

std::vector<std::string> Engine::databases() const {
  std::vector<std::string> names;
  for (const auto& database : core_->store->databases()) names.push_back(database->name);
  return names;
}

std::vector<RunningQuery> Engine::running_queries(std::string_view database) const {
  return core_->queries.running(database);
}
std::vector<RunningQuery> Engine::slow_queries(std::string_view database) const {
  return core_->queries.slow(database);
}
void Engine::clear_slow_queries(std::string_view database) { core_->queries.clear_slow(database); }

Result<> Engine::kill_query(std::string_view database, uint64_t id, std::string_view user) {
  if (!core_->queries.kill(database, user, id)) return ErrorCode::kQueryNotFound;
  return {};
}

ResultCacheProperties Engine::result_cache() const { return core_->results.properties(); }
void Engine::set_result_cache(const ResultCacheProperties& properties) { core_->results.set_properties(properties); }

Result<> Engine::sync() { return core_->store->sync(); }
uint64_t Engine::new_tick() { return core_->store->new_tick(); }

EngineStatistics Engine::statistics() const {
  auto store = core_->store->statistics();
  return {store.live_bytes,        store.memtable_bytes,     store.block_cache_bytes, store.wal_bytes,
          store.open_transactions, core_->queries.started(), core_->queries.failed(), core_->queries.running_count()};
}

}  // namespace workerdb::engine

#include "aql/execute/runtime.h"

#include <algorithm>

#include "base/time.h"

namespace workerdb::aql::execute {

Runtime::Runtime(const ExecutionOptions& execution_options, const storage::Store& store_used,
                 const storage::Database& database_used, storage::Transaction& transaction_used, size_t registers,
                 size_t locals)
    : options(execution_options),
      store(store_used),
      database(database_used),
      transaction(transaction_used),
      register_count(registers),
      local_count(locals),
      interrupt(options.memory_limit_bytes, options.deadline_ns, options.memory_pool, options.control),
      arenas(&interrupt),
      data(store_used, database_used, transaction_used, options.authorize_read),
      constants(&interrupt),
      evaluation(functions, interrupt, locals),
      join_tables(std::make_shared<JoinTables>(interrupt)) {
  start(options.now_ms != 0 ? options.now_ms : base::unix_time_ms());
}

Runtime::Runtime(Runtime& main, storage::Transaction& reader)
    : options(main.options),
      store(main.store),
      database(main.database),
      transaction(reader),
      register_count(main.register_count),
      local_count(main.local_count),
      interrupt(main.interrupt),
      arenas(&interrupt),
      data(store, database, reader, options.authorize_read),
      constants(&interrupt),
      evaluation(functions, interrupt, local_count),
      join_tables(main.join_tables) {
  start(main.functions.now_ms);
  evaluation.set_parameters(main.evaluation.parameters());
}

void Runtime::start(int64_t now_ms) {
  functions.set_arena(&constants);
  functions.max_warnings = options.max_warnings;
  // What a function builds counts only when it is whole.
  if (size_t limit = options.memory_limit_bytes; limit != 0) {
    functions.largest_value_bytes = std::min(functions.largest_value_bytes, limit);
  }
  functions.fail_on_warning = options.fail_on_warning;
  functions.now_ms = now_ms;
  functions.database = options.database;
  functions.user = options.user;
  functions.data = &data;
  functions.stop_ = interrupt.flag();
  functions.deadline_ns = options.deadline_ns;
}

base::Result<> Runtime::check() {
  if (functions.failed()) [[unlikely]]
    return functions.error();
  return interrupt.check();
}

base::Result<storage::CollectionPtr> Runtime::collection(const plan::CollectionInfo& planned) const {
  storage::CollectionPtr found = store.find_collection(database, planned.name);
  if (found == nullptr || (planned.id != 0 && found->id != planned.id)) {
    return base::Error(base::ErrorCode::kCollectionNotFound, "collection or view not found: " + planned.name);
  }
  return found;
}

}  // namespace workerdb::aql::execute

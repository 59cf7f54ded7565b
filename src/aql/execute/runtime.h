#pragma once
// What the operators of one execution share.
#include "aql/execute/batch.h"
#include "aql/execute/evaluation.h"
#include "aql/execute/execution.h"
#include "aql/execute/interrupt.h"
#include "aql/execute/join_table.h"
#include "aql/execute/transaction_data.h"

namespace workerdb::aql::execute {

// The largest array or object that a node may build: the format's lengths have 32 bits, with room to spare.
constexpr size_t kLargestValueBytes = size_t(1) << 30;

struct Runtime {
  Runtime(const ExecutionOptions& execution_options, const storage::Store& store_used,
          const storage::Database& database_used, storage::Transaction& transaction_used, size_t registers,
          size_t local_count);
  // For a thread that helps `main`, which outlives it, reading through a transaction of its own.
  Runtime(Runtime& main, storage::Transaction& reader);

  const ExecutionOptions options;
  const storage::Store& store;
  const storage::Database& database;
  storage::Transaction& transaction;
  const size_t register_count, local_count;

  Interrupt interrupt;
  ArenaPool arenas;
  TransactionData data;
  functions::Context functions;
  value::Arena constants;  // values that live as long as the execution
  Evaluation evaluation;
  ExecutionStatistics statistics;
  // The part of a collection that the scan of this node is held to, while threads share it; empty: all.
  struct KeyRange {
    uint32_t node_id = 0;
    std::string lower, upper;
  };
  KeyRange key_range;
  std::shared_ptr<JoinTables> join_tables;  // shared by all threads of the execution
  // With a profile: what the operators called by the one that runs have taken and filtered, and the memory they took.
  struct Called {
    uint64_t runtime_ns = 0, filtered = 0;
    int64_t bytes = 0;
  };
  Called called;

  // Whether the query is to end, and why. Called at least once a batch and before anything leaves the execution.
  base::Result<> check();
  // Whether an operator that keeps so many rows should put them on the disk. When memory is short it need not wait for
  // its threshold, but what goes to the disk at a time stays worth the way.
  bool should_spill(uint64_t rows, size_t bytes) const {
    if (options.spill_folder.empty()) return false;
    return rows > options.spill_from_rows || bytes > options.spill_from_bytes ||
           (bytes > options.spill_from_bytes / 8 && interrupt.is_memory_short());
  }
  // The collection as it is now. kCollectionNotFound.
  base::Result<storage::CollectionPtr> collection(const plan::CollectionInfo& planned) const;

 private:
  void start(int64_t now_ms);
};

}  // namespace workerdb::aql::execute

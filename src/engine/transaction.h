#pragma once
// Several operations that become visible together, or not at all. Snapshot isolation; a write to a document that
// somebody else committed since the snapshot fails with kConflict (1200): roll back and try again.
#include <memory>

#include "engine/types.h"

namespace workerdb::engine {

struct Core;

// Not for two threads at once. Destroyed without commit(): rolled back.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept = default;
  Transaction& operator=(Transaction&&) noexcept = default;

  Result<> commit() { return transaction_->commit(); }
  void rollback() { transaction_->rollback(); }
  uint64_t id() const { return transaction_->id(); }

 private:
  friend class Database;
  friend class Collection;
  Transaction(std::shared_ptr<Core> core, std::unique_ptr<storage::Transaction> transaction)
      : core_(std::move(core)), transaction_(std::move(transaction)) {}

  std::shared_ptr<Core> core_;  // keeps the store open; declared first, so destroyed last
  std::unique_ptr<storage::Transaction> transaction_;
};

}  // namespace workerdb::engine

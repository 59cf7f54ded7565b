#pragma once
// Transactions and advisory locks as scopes: what was not ended by its owner is undone when the scope ends.
#include <string>
#include <string_view>

#include "base/result.h"
#include "stores/relational/connection.h"

namespace workerdb::stores::relational {

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };

// Rolls back in its destructor unless commit() succeeded. Borrows the connection, which must outlive it.
class Transaction {
 public:
  static base::Result<Transaction> begin(Connection& connection, Isolation isolation = Isolation::kReadCommitted,
                                         bool read_only = false);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Fails with kTransactionAborted when a statement failed before (the server then rolls back), and with
  // SQLSTATE 40001 when a serializable transaction has to be repeated (see is_retryable).
  base::Result<> commit();
  base::Result<> rollback();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

// A lock between sessions of one database, named by a text. Held until release(), the destructor, or the end
// of the session (also when the client dies), so it can never be left behind.
class AdvisoryLock {
 public:
  // Waits at most `timeout_ms` (0: does not wait); then fails with kLockTimeout.
  static base::Result<AdvisoryLock> acquire(Connection& connection, std::string_view name, int timeout_ms);
  AdvisoryLock(AdvisoryLock&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)), name_(std::move(other.name_)) {}
  AdvisoryLock& operator=(AdvisoryLock&&) = delete;
  ~AdvisoryLock();
  base::Result<> release();

 private:
  AdvisoryLock(Connection* connection, std::string name) : connection_(connection), name_(std::move(name)) {}
  Connection* connection_;
  std::string name_;
};

}  // namespace workerdb::stores::relational

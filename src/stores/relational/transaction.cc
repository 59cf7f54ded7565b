#include "stores/relational/transaction.h"

#include <fmt/format.h>

#include <array>

#include "base/log.h"

namespace workerdb::stores::relational {

using base::Error;
using base::ErrorCode;
using base::Result;

Result<Transaction> Transaction::begin(Connection& connection, Isolation isolation, bool read_only) {
  std::string_view level = isolation == Isolation::kSerializable     ? "SERIALIZABLE"
                           : isolation == Isolation::kRepeatableRead ? "REPEATABLE READ"
                                                                     : "READ COMMITTED";
  if (connection.in_transaction()) return Error(ErrorCode::kTransactionNested);
  TRY(connection.execute(fmt::format("BEGIN ISOLATION LEVEL {}{}", level, read_only ? " READ ONLY" : "")));
  return Transaction(&connection);
}

Transaction::~Transaction() {
  if (connection_ != nullptr && connection_->is_open()) (void)rollback();
}

Result<> Transaction::commit() {
  if (connection_ == nullptr) return Error(ErrorCode::kIllegalState, "the transaction has ended already");
  Connection* connection = std::exchange(connection_, nullptr);
  Rows answer = TRY(connection->query("COMMIT"));
  // After a failed statement the server answers COMMIT with ROLLBACK and calls it a success.
  if (answer.command_tag() != "COMMIT") {
    return Error(ErrorCode::kTransactionAborted, "rolled back, because a statement of the transaction failed");
  }
  return {};
}

Result<> Transaction::rollback() {
  if (connection_ == nullptr) return {};
  return std::exchange(connection_, nullptr)->execute("ROLLBACK");
}

namespace {
constexpr std::string_view kTryLock = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";
constexpr std::string_view kLock = "SELECT pg_advisory_lock(hashtextextended($1, 0))";
constexpr std::string_view kUnlock = "SELECT pg_advisory_unlock(hashtextextended($1, 0))";
}  // namespace

Result<AdvisoryLock> AdvisoryLock::acquire(Connection& connection, std::string_view name, int timeout_ms) {
  std::array<Parameter, 1> parameters{std::string(name)};
  Rows taken = TRY(connection.query(kTryLock, parameters));
  if (taken.is_true(0, 0)) return AdvisoryLock(&connection, std::string(name));
  auto refused = [&] {
    return Error(ErrorCode::kLockTimeout,
                 fmt::format("another session holds the lock '{}' (waited {} ms)", name, timeout_ms));
  };
  if (timeout_ms <= 0) return refused();
  Rows before = TRY(connection.query("SHOW lock_timeout"));
  TRY(connection.set_lock_timeout_ms(timeout_ms));
  auto locked = connection.query(kLock, parameters);
  TRY(connection.execute(fmt::format("SET lock_timeout = {}", quote_literal(before.text_or_empty(0, 0)))));
  if (!locked && sqlstate(locked.error()) == "55P03") return refused();
  if (!locked) return std::move(locked).error();
  return AdvisoryLock(&connection, std::string(name));
}

AdvisoryLock::~AdvisoryLock() {
  if (connection_ != nullptr && connection_->is_open()) {
    auto released = release();
    if (!released) base::log_warning("stores", "releasing a lock failed: {}", released.error().message());
  }
}

Result<> AdvisoryLock::release() {
  if (connection_ == nullptr) return {};
  std::array<Parameter, 1> parameters{name_};
  TRY(std::exchange(connection_, nullptr)->query(kUnlock, parameters));
  return {};
}

}  // namespace workerdb::stores::relational

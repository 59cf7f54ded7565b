#include "server/transactions.h"

#include <fmt/format.h>

#include "base/number.h"
#include "base/time.h"

namespace workerdb::server {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kEndedKept = 4096;
constexpr auto kWaitForOtherRequest = std::chrono::seconds(2);

}  // namespace

const char* to_string(TransactionStatus status) {
  switch (status) {
    case TransactionStatus::kRunning: return "running";
    case TransactionStatus::kCommitted: return "committed";
    case TransactionStatus::kAborted: return "aborted";
  }
  return "";
}

Result<> DeclaredCollections::check(std::string_view collection, bool writes) const {
  if (written.contains(collection)) return {};
  if (!writes && (allow_implicit || read.contains(collection))) return {};
  return Error(
      ErrorCode::kTransactionUnregisteredCollection,
      fmt::format("unregistered collection used in transaction: {} [{}]", collection, writes ? "write" : "read"));
}

void StreamTransactions::add(std::shared_ptr<StreamTransaction> transaction) {
  int64_t now = base::steady_time_ns();
  transaction->ends_ns = now + int64_t(kLongest_s * 1e9);
  transaction->expires_ns = now + int64_t(kIdleTimeout_s * 1e9);
  base::MutexLock lock(mutex_);
  running_[transaction->id] = std::move(transaction);
}

Result<StreamTransactions::Held> StreamTransactions::hold(std::string_view text, std::string_view database,
                                                          std::string_view user) {
  // "123 begin" would begin one inside another API: not offered, as the documentation does not offer it either.
  auto number = base::parse_integer<uint64_t>(text);
  if (!number) {
    return Error(ErrorCode::kBadParameter, "x-arango-trx-id must be a transaction's number");
  }
  uint64_t id = *number;
  base::MutexLock lock(mutex_);
  auto give_up = std::chrono::steady_clock::now() + kWaitForOtherRequest;
  for (;;) {
    auto found = running_.find(id);
    if (found == running_.end() || found->second->database != database || found->second->user != user) {
      auto ended = ended_.find(id);
      bool aborted = ended != ended_.end() && ended->second.status == TransactionStatus::kAborted;
      return aborted ? ErrorCode::kTransactionAborted : ErrorCode::kTransactionNotFound;
    }
    auto entry = found->second;
    if (!entry->busy) {
      entry->busy = true;
      std::shared_ptr<void> hold(nullptr, [this, entry](void*) {
        base::MutexLock give_back(mutex_);
        entry->busy = false;
        entry->expires_ns = base::steady_time_ns() + int64_t(kIdleTimeout_s * 1e9);
        given_back_.notify_all();
      });
      return Held{&entry->transaction, entry, std::move(hold)};
    }
    if (given_back_.wait_until(lock, give_up) == std::cv_status::timeout) {
      return Error(ErrorCode::kLocked, "another request is using this transaction");
    }
  }
}

Result<std::shared_ptr<StreamTransaction>> StreamTransactions::take(uint64_t id, std::string_view database,
                                                                    std::string_view user, TransactionStatus wanted) {
  base::MutexLock lock(mutex_);
  auto found = running_.find(id);
  if (found == running_.end() || found->second->database != database || found->second->user != user) {
    auto ended = ended_.find(id);
    if (ended == ended_.end() || ended->second.database != database || ended->second.user != user) {
      return ErrorCode::kTransactionNotFound;
    }
    if (ended->second.status == wanted) return nullptr;
    return Error(ErrorCode::kTransactionDisallowedOperation,
                 std::string("the transaction is already ") + to_string(ended->second.status));
  }
  if (found->second->busy) return Error(ErrorCode::kLocked, "another request is using this transaction");
  auto taken = std::move(found->second);
  running_.erase(found);
  return taken;
}

void StreamTransactions::remember(const StreamTransaction& ended, TransactionStatus status) {
  base::MutexLock lock(mutex_);
  ended_[ended.id] = {ended.database, ended.user, status};
  if (ended_.size() > kEndedKept) ended_.erase(ended_.begin());
}

Result<TransactionStatus> StreamTransactions::commit(uint64_t id, std::string_view database, std::string_view user) {
  auto taken = TRY(take(id, database, user, TransactionStatus::kCommitted));
  if (taken == nullptr) return TransactionStatus::kCommitted;
  auto committed = taken->transaction.commit();
  remember(*taken, committed ? TransactionStatus::kCommitted : TransactionStatus::kAborted);
  if (!committed) return std::move(committed).error();
  return TransactionStatus::kCommitted;
}

Result<TransactionStatus> StreamTransactions::abort(uint64_t id, std::string_view database, std::string_view user) {
  auto taken = TRY(take(id, database, user, TransactionStatus::kAborted));
  if (taken == nullptr) return TransactionStatus::kAborted;
  taken->transaction.rollback();
  remember(*taken, TransactionStatus::kAborted);
  return TransactionStatus::kAborted;
}

Result<TransactionStatus> StreamTransactions::status(uint64_t id, std::string_view database,
                                                     std::string_view user) const {
  base::MutexLock lock(mutex_);
  auto found = running_.find(id);
  if (found != running_.end() && found->second->database == database && found->second->user == user) {
    return TransactionStatus::kRunning;
  }
  auto ended = ended_.find(id);
  if (ended == ended_.end() || ended->second.database != database || ended->second.user != user) {
    return ErrorCode::kTransactionNotFound;
  }
  return ended->second.status;
}

std::vector<uint64_t> StreamTransactions::running(std::string_view database, std::string_view user) const {
  base::MutexLock lock(mutex_);
  std::vector<uint64_t> ids;
  for (const auto& [id, entry] : running_) {
    if (entry->database == database && entry->user == user) ids.push_back(id);
  }
  return ids;
}

void StreamTransactions::abort_expired() {
  std::vector<std::shared_ptr<StreamTransaction>> expired;
  int64_t now = base::steady_time_ns();
  {
    base::MutexLock lock(mutex_);
    std::erase_if(running_, [&](auto& item) {
      auto& entry = item.second;
      if (entry->busy || (now < entry->expires_ns && now < entry->ends_ns)) return false;
      expired.push_back(entry);
      return true;
    });
  }
  for (const auto& entry : expired) {
    entry->transaction.rollback();
    remember(*entry, TransactionStatus::kAborted);
  }
}

void StreamTransactions::abort_all() {
  base::MutexLock lock(mutex_);
  running_.clear();
}

}  // namespace workerdb::server

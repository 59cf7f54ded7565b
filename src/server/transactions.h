#pragma once
// Stream transactions: begun by one request, used by others, ended by another or by time. Thread-safe.
// Limits: rules.md, "Transactions" (idle 60 s, at most 120 s, no nesting).
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "engine/transaction.h"

namespace workerdb::server {

enum class TransactionStatus : uint8_t { kRunning, kCommitted, kAborted };
// "running" …
const char* to_string(TransactionStatus status);

// What a transaction said at its start that it would use. Names of collections.
struct DeclaredCollections {
  std::set<std::string, std::less<>> read, written;  // what may be written may be read
  bool allow_implicit = true;                        // reads of undeclared ones

  // kTransactionUnregisteredCollection.
  base::Result<> check(std::string_view collection, bool writes) const;
};

struct StreamTransaction {
  StreamTransaction(uint64_t number, engine::Transaction begun) : id(number), transaction(std::move(begun)) {}

  const uint64_t id;
  engine::Transaction transaction;
  std::string database, user;
  std::shared_ptr<const DeclaredCollections> declared;
  int64_t ends_ns = 0, expires_ns = 0;  // steady clock: at the latest; when idle
  bool busy = false;
};

class StreamTransactions {
 public:
  static constexpr double kIdleTimeout_s = 60, kLongest_s = 120;

  void add(std::shared_ptr<StreamTransaction> transaction);

  struct Held {
    engine::Transaction* transaction;
    std::shared_ptr<StreamTransaction> entry;
    std::shared_ptr<void> hold;  // its end gives the transaction back
  };
  // For one request. kBadParameter for what is no number, kTransactionNotFound, kTransactionAborted,
  // kLocked when another request uses it for longer than a moment.
  base::Result<Held> hold(std::string_view id, std::string_view database, std::string_view user);

  // kTransactionNotFound; committing an ended one twice is answered by its status, changing it is
  // kTransactionDisallowedOperation.
  base::Result<TransactionStatus> commit(uint64_t id, std::string_view database, std::string_view user);
  base::Result<TransactionStatus> abort(uint64_t id, std::string_view database, std::string_view user);
  base::Result<TransactionStatus> status(uint64_t id, std::string_view database, std::string_view user) const;
  std::vector<uint64_t> running(std::string_view database, std::string_view user) const;

  // Aborts the ones whose time is over.
  void abort_expired();
  void abort_all();

 private:
  struct Ended {
    std::string database, user;
    TransactionStatus status;
  };
  // Takes a running one out of the list, to end it.
  base::Result<std::shared_ptr<StreamTransaction>> take(uint64_t id, std::string_view database, std::string_view user,
                                                        TransactionStatus wanted) EXCLUDES(mutex_);
  void remember(const StreamTransaction& ended, TransactionStatus status) EXCLUDES(mutex_);

  mutable base::Mutex mutex_;
  std::condition_variable_any given_back_;
  std::map<uint64_t, std::shared_ptr<StreamTransaction>> running_ GUARDED_BY(mutex_);
  std::map<uint64_t, Ended> ended_ GUARDED_BY(mutex_);  // the last ones, so that their status can be asked for
};

}  // namespace workerdb::server

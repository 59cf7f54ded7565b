#pragma once
// A PostgreSQL server as a whole: connects to any of its databases and keeps a few idle sessions for the next
// caller.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "stores/relational/connection.h"

namespace workerdb::stores::relational {

class RelationalStore;

// A pooled session; gives it back when the scope ends. A session that is lost, or still inside a transaction,
// is closed instead. Must not outlive its store.
class Lease {
 public:
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  Connection& operator*() { return connection_; }
  Connection* operator->() { return &connection_; }
  // Closes the session when the scope ends, instead of giving it back.
  void discard() { is_discarded_ = true; }

 private:
  friend class RelationalStore;
  struct Giver {
    void operator()(RelationalStore*) const {}  // only the "moved from" state of unique_ptr is used
  };
  Lease(RelationalStore* store, std::string database, Connection connection)
      : store_(store), database_(std::move(database)), connection_(std::move(connection)) {}
  std::unique_ptr<RelationalStore, Giver> store_;
  std::string database_;
  Connection connection_;
  bool is_discarded_ = false;
};

// Thread-safe.
class RelationalStore {
 public:
  // `options` is what every session starts from; its database is the one of an empty name below.
  explicit RelationalStore(ConnectionOptions options, size_t idle_sessions_per_database = 8);

  // A session of its own. Errors as Connection::connect.
  base::Result<Connection> connect(const std::string& database = "") const;
  // An idle session of the pool that still is what target_session_attrs demands, or a new one.
  base::Result<Lease> lease(const std::string& database = "") EXCLUDES(mutex_);
  // Runs work on a session of the pool, from its start on another session when is_failover() or
  // is_retryable() holds for its error, until `timeout_ms` are over. Only for work that has the effect of one
  // run however often it runs: reads, and writes that are idempotent. Any number of runs may have happened
  // when it fails.
  base::Result<> run_repeatably(const std::string& database, const std::function<base::Result<>(Connection&)>& work,
                                int timeout_ms = 15'000);
  // Closes the idle sessions (before a database is dropped, which no session may use).
  void close_idle(const std::string& database) EXCLUDES(mutex_);

  const ConnectionOptions& options() const { return options_; }

 private:
  friend class Lease;
  void give_back(const std::string& database, Connection connection) EXCLUDES(mutex_);

  const ConnectionOptions options_;
  const size_t idle_sessions_per_database_;
  base::Mutex mutex_;
  std::map<std::string, std::vector<Connection>> idle_ GUARDED_BY(mutex_);
};

}  // namespace workerdb::stores::relational

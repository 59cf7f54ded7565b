#include "stores/relational/relational_store.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/time.h"

namespace workerdb::stores::relational {

using base::MutexLock;
using base::Result;

namespace {

constexpr int64_t kFirstPause_ms = 20, kLongestPause_ms = 500;

}  // namespace

Lease::~Lease() {
  if (store_ != nullptr && !is_discarded_) store_->give_back(database_, std::move(connection_));
}

RelationalStore::RelationalStore(ConnectionOptions options, size_t idle_sessions_per_database)
    : options_(std::move(options)), idle_sessions_per_database_(idle_sessions_per_database) {}

Result<Connection> RelationalStore::connect(const std::string& database) const {
  ConnectionOptions options = options_;
  if (!database.empty()) options.database = database;
  return Connection::connect(options);
}

Result<Lease> RelationalStore::lease(const std::string& database) {
  while (true) {
    std::optional<Connection> idle;
    {
      MutexLock lock(mutex_);
      auto& sessions = idle_[database];
      if (!sessions.empty()) {
        idle = std::move(sessions.back());
        sessions.pop_back();
      }
    }
    if (!idle) return Lease(this, database, TRY(connect(database)));
    // A server that restarted leaves dead sessions behind, and a failover sessions with a mere standby.
    if (idle->is_still_wanted()) return Lease(this, database, *std::move(idle));
  }
}

Result<> RelationalStore::run_repeatably(const std::string& database, const std::function<Result<>(Connection&)>& work,
                                         int timeout_ms) {
  const int64_t deadline_ns = base::steady_time_ns() + int64_t{timeout_ms} * 1'000'000;
  for (int64_t pause_ms = kFirstPause_ms;; pause_ms = std::min(pause_ms * 2, kLongestPause_ms)) {
    Result<> done = [&]() -> Result<> {
      Lease session = TRY(lease(database));
      Result<> outcome = work(*session);
      // It would be handed out again, though it leads to the wrong server.
      if (!outcome && is_failover(outcome.error())) session.discard();
      return outcome;
    }();
    if (done || !(is_failover(done.error()) || is_retryable(done.error()))) return done;
    if (base::steady_time_ns() + pause_ms * 1'000'000 > deadline_ns) return done;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  }
}

void RelationalStore::close_idle(const std::string& database) {
  std::vector<Connection> closed;
  MutexLock lock(mutex_);
  closed.swap(idle_[database]);
}

void RelationalStore::give_back(const std::string& database, Connection connection) {
  if (!connection.is_open() || connection.in_transaction()) return;
  MutexLock lock(mutex_);
  auto& sessions = idle_[database];
  if (sessions.size() < idle_sessions_per_database_) sessions.push_back(std::move(connection));
}

}  // namespace workerdb::stores::relational

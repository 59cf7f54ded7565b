#include "stores/relational/relational_store.h"

namespace workerdb::stores::relational {

using base::MutexLock;
using base::Result;

Lease::~Lease() {
  if (store_ != nullptr) store_->give_back(database_, std::move(connection_));
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
    // A server that restarted leaves dead sessions behind; an empty statement finds out.
    if (idle->query("")) return Lease(this, database, *std::move(idle));
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

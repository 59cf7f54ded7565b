#include "cli/lease_sweeper.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "access/credentials/lease.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/document_service.h"
#include "cli/stack/postgres_service.h"
#include "cli/stack/redis_service.h"

namespace workerdb::cli {

using base::Result;

namespace {

constexpr std::chrono::seconds kPause{15};

// Thread-safe.
class Sweeper {
 public:
  Sweeper(bool with_tables, bool with_keys, std::function<Result<StoreEndpoints>()> endpoints)
      : with_tables_(with_tables), with_keys_(with_keys), endpoints_(std::move(endpoints)) {}
  ~Sweeper() { stop(); }

  Result<> start() {
    stop();
    {
      std::lock_guard lock(mutex_);
      is_stopping_ = false;
    }
    if (with_tables_) {
      Session session(TRY(endpoints_()));
      TRY(access::close_to_public(session.relational()));
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
      lock.unlock();
      sweep();
      lock.lock();
      wake_.wait_for(lock, kPause, [this] { return is_stopping_; });
    }
  }

  void sweep() {
    auto endpoints = endpoints_();
    if (!endpoints) return base::log_warning("leases", "no sweep: {}", endpoints.error().message());
    Session session(*std::move(endpoints));
    int64_t now_s = base::unix_time_ms() / 1000;
    note("documents", access::sweep_documents(session.documents(), now_s));
    if (with_tables_) note("relational", access::sweep_relational(session.relational(), now_s));
    if (with_keys_) note("cache", access::sweep_cache(session.cache(), now_s));
  }

  static void note(const char* store, const Result<size_t>& removed) {
    if (!removed) {
      base::log_warning("leases", "{}: {}", store, removed.error().message());
    } else if (*removed > 0) {
      base::log_info("leases", "{}: {} removed whose end has passed", store, *removed);
    }
  }

  const bool with_tables_, with_keys_;
  const std::function<Result<StoreEndpoints>()> endpoints_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;  // touched by the service's thread alone
};

}  // namespace

InProcessService lease_sweeper(const StackContext& context, std::function<Result<StoreEndpoints>()> endpoints) {
  auto sweeper =
      std::make_shared<Sweeper>(context.options.with_postgres, context.options.with_redis, std::move(endpoints));
  InProcessService service;
  service.name = kLeaseService;
  // Behind the catalog, so that the roles that are there keep what is taken from PUBLIC.
  service.depends_on = {"catalog"};
  service.start = [sweeper] { return sweeper->start(); };
  service.stop = [sweeper] { sweeper->stop(); };
  return service;
}

}  // namespace workerdb::cli

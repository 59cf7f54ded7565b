#pragma once
// Which queries run, which were slow, and the thread that ends those whose time is over or whose client has left.
// Private to this folder.
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "aql/execute/interrupt.h"
#include "base/thread_annotations.h"
#include "engine/phases.h"
#include "engine/query.h"

namespace workerdb::engine {

// One query while it runs. The query's thread and whoever ends or lists it share it.
struct TrackedQuery {
  uint64_t id = 0;
  std::string database, user;
  std::string text;       // what is shown of it
  Buffer bind_variables;  // likewise; none where they are not tracked
  int64_t started_unix_ms = 0, started_steady_ns = 0;
  int64_t deadline_ns = 0;  // steady clock; 0: none
  bool stream = false;
  bool is_listed = true;
  std::atomic<bool> modifies = false;
  std::atomic<uint64_t> warnings = 0;
  PhaseClock phases;
  const std::shared_ptr<aql::execute::QueryControl> control = std::make_shared<aql::execute::QueryControl>();

  bool killed() const { return is_killed; }
  std::atomic<bool> is_killed = false;

 private:
  friend class QueryRegistry;
  CancelledFlag cancelled_;  // guarded by the registry's mutex
  bool is_watched_ = false;  // likewise
};

// Thread-safe.
class QueryRegistry {
 public:
  explicit QueryRegistry(double slow_s);
  ~QueryRegistry();

  struct Start {
    uint64_t id;
    std::string_view database, user, text;
    Slice bind_variables;
    bool stream;
    int64_t deadline_ns;
    CancelledFlag cancelled;
  };
  std::shared_ptr<TrackedQuery> start(const Start& query) EXCLUDES(mutex_);
  // From now on the query ends when this flag turns true: its rows go to another request.
  void set_cancelled(TrackedQuery& query, CancelledFlag cancelled) EXCLUDES(mutex_);
  // `failed_with`: 0 where it did not. Keeps it among the slow ones if it was one.
  void finish(const TrackedQuery& query, int failed_with) EXCLUDES(mutex_);
  // False: no such query. An empty database: of any; an empty user: of any.
  bool kill(std::string_view database, std::string_view user, uint64_t id) EXCLUDES(mutex_);

  // An empty database: all.
  std::vector<RunningQuery> running(std::string_view database) const EXCLUDES(mutex_);
  std::vector<RunningQuery> slow(std::string_view database) const EXCLUDES(mutex_);
  void clear_slow(std::string_view database) EXCLUDES(mutex_);

  QueryTracking tracking(std::string_view database) const EXCLUDES(mutex_);
  void set_tracking(std::string_view database, const QueryTracking& tracking) EXCLUDES(mutex_);
  // The database was dropped: another one of its name begins anew.
  void forget(std::string_view database) EXCLUDES(mutex_);

  uint64_t started() const { return started_; }
  uint64_t failed() const { return failed_; }
  uint64_t running_count() const EXCLUDES(mutex_);

 private:
  const QueryTracking& tracking_of(std::string_view database) const REQUIRES(mutex_);
  void watch_if_needed(TrackedQuery& query) REQUIRES(mutex_);
  void watch(std::stop_token stop) EXCLUDES(mutex_);

  const QueryTracking default_tracking_;
  mutable base::Mutex mutex_;
  std::condition_variable_any wake_;
  std::map<uint64_t, std::shared_ptr<TrackedQuery>> running_ GUARDED_BY(mutex_);
  std::map<std::string, QueryTracking, std::less<>> tracking_ GUARDED_BY(mutex_);
  std::map<std::string, std::deque<RunningQuery>, std::less<>> slow_ GUARDED_BY(mutex_);
  size_t watched_ GUARDED_BY(mutex_) = 0;
  bool is_asleep_ GUARDED_BY(mutex_) = false;
  std::atomic<uint64_t> started_{0}, failed_{0};
  std::jthread watch_;  // made by the first query that needs it; destroyed first
};

}  // namespace workerdb::engine

#pragma once
// Which queries run, and which were slow. Private to this folder.
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aql/execute/execution.h"
#include "base/thread_annotations.h"
#include "engine/query.h"

namespace workerdb::engine {

// One query while it runs. The query's thread and whoever kills it share it.
struct TrackedQuery {
  uint64_t id = 0;
  std::string database, user, text;
  Buffer bind_variables;
  int64_t started_unix_ms = 0, started_steady_ns = 0;
  bool stream = false;
  std::atomic<uint64_t> peak_memory_bytes{0};

  // The execution that kill() ends; null before it is made and after the query's end.
  void attach(aql::execute::Execution* execution) EXCLUDES(mutex_);
  void kill() EXCLUDES(mutex_);
  bool killed() const { return killed_; }

 private:
  base::Mutex mutex_;
  aql::execute::Execution* execution_ GUARDED_BY(mutex_) = nullptr;
  std::atomic<bool> killed_{false};
};

// Thread-safe.
class QueryRegistry {
 public:
  std::shared_ptr<TrackedQuery> start(uint64_t id, std::string_view database, std::string_view user,
                                      std::string_view text, Slice bind_variables, bool stream);
  // Keeps it among the slow ones when it ran longer than `slow_s`.
  void finish(const TrackedQuery& query, bool failed, double slow_s);
  // False: no such query in this database.
  bool kill(std::string_view database, uint64_t id);

  std::vector<RunningQuery> running(std::string_view database) const;
  std::vector<RunningQuery> slow(std::string_view database) const;
  void clear_slow(std::string_view database);

  uint64_t started() const { return started_; }
  uint64_t failed() const { return failed_; }
  uint64_t running_count() const;

 private:
  mutable base::Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<TrackedQuery>> running_ GUARDED_BY(mutex_);
  std::deque<RunningQuery> slow_ GUARDED_BY(mutex_);
  std::atomic<uint64_t> started_{0}, failed_{0};
};

}  // namespace workerdb::engine

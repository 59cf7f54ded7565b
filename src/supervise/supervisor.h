#pragma once
// Starts services in the order of their dependencies, keeps them running, stops them in reverse.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "supervise/service.h"

namespace workerdb::supervise {

class ServiceRunner;
class WakeUp;

// Thread-safe. One thread of its own forks, watches and reaps; every service has one more for its probe.
// It ends only processes that it started. Should it die, the kernel ends its children (death_signal).
class Supervisor {
 public:
  // `on_change` is told each change of state, from the supervisor's thread; it must be quick and may not call
  // back except for status(). Fails with kBadParameter when the dependencies make no order.
  static base::Result<std::unique_ptr<Supervisor>> create(std::vector<ServiceSpec> services,
                                                          std::function<void(const ServiceStatus&)> on_change = {});
  // Stops everything first.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Begins to start all services and returns at once.
  void start();
  // Waits until every service is ready and on_change has been told so. Fails with the reason of the first service that
  // failed or could not be prepared, or with kLockTimeout, naming who is not ready and why.
  base::Result<> wait_until_ready(int64_t timeout_ms) const;
  // Begins the ordered stop and returns at once. A supervisor does not start again.
  void begin_stop();
  // From now on a stop kills at once, also one that is under way.
  void hurry();
  // Whether everything has stopped after begin_stop(); waits at most timeout_ms for it.
  bool wait_until_stopped(int64_t timeout_ms) const;

  // In start order.
  std::vector<ServiceStatus> status() const;
  // The last lines that a service said, oldest first; empty for an unknown name.
  std::vector<std::string> last_lines(const std::string& service, size_t count) const;

 private:
  explicit Supervisor(std::function<void(const ServiceStatus&)> on_change);
  void run();
  void start_what_can_start(int64_t now_ms);
  // True once nothing runs any more.
  bool stop_what_can_stop(int64_t now_ms);
  void wait_for_work(int64_t now_ms);
  void note_change(const ServiceStatus& status);
  const ServiceRunner* find(const std::string& name) const;

  const std::function<void(const ServiceStatus&)> on_change_;
  const std::shared_ptr<WakeUp> wake_;
  std::vector<std::unique_ptr<ServiceRunner>> services_;  // in start order; the vector never changes
  std::vector<bool> launched_;                            // loop only
  std::atomic<bool> wanted_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> hurrying_{false};

  mutable base::Mutex mutex_;
  mutable std::condition_variable_any changed_;
  int64_t changes_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, State> announced_ GUARDED_BY(mutex_);  // what on_change was told last
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread loop_;
};

}  // namespace workerdb::supervise

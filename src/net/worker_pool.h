#pragma once
// A fixed number of threads and a bounded queue for requests that are not quick.
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"

namespace workerdb::net {

class WorkerPool {
 public:
  class Job {
   public:
    virtual ~Job() = default;
    // On a thread of the pool. Must not throw.
    virtual void run() = 0;
  };

  explicit WorkerPool(size_t queue_limit) : queue_limit_(queue_limit) {}
  ~WorkerPool() { stop(); }

  void start(int threads);
  // False when the queue is full or the pool is stopped; then the job is not kept.
  bool submit(std::shared_ptr<Job> job) EXCLUDES(mutex_);
  // Forgets what no thread has begun.
  void drop_queued() EXCLUDES(mutex_);
  // Drops the queue, waits for the running jobs and ends the threads. May be called again.
  void stop() EXCLUDES(mutex_);

  size_t queued() const EXCLUDES(mutex_);
  size_t running() const { return running_.load(std::memory_order_relaxed); }

 private:
  void work() EXCLUDES(mutex_);

  const size_t queue_limit_;
  mutable base::Mutex mutex_;
  std::condition_variable_any wakeup_;
  std::deque<std::shared_ptr<Job>> queue_ GUARDED_BY(mutex_);
  bool is_stopped_ GUARDED_BY(mutex_) = false;
  std::atomic<size_t> running_{0};
  std::vector<std::thread> threads_;
};

}  // namespace workerdb::net

#include "net/worker_pool.h"

#include <utility>

namespace workerdb::net {

void WorkerPool::start(int threads) {
  threads_.reserve(static_cast<size_t>(threads));
  for (int index = 0; index < threads; ++index) threads_.emplace_back([this] { work(); });
}

bool WorkerPool::submit(std::shared_ptr<Job> job) {
  {
    base::MutexLock lock(mutex_);
    if (is_stopped_ || queue_.size() >= queue_limit_) return false;
    queue_.push_back(std::move(job));
  }
  wakeup_.notify_one();
  return true;
}

void WorkerPool::drop_queued() {
  std::deque<std::shared_ptr<Job>> dropped;  // destroyed without the lock
  base::MutexLock lock(mutex_);
  dropped.swap(queue_);
}

void WorkerPool::stop() {
  drop_queued();
  {
    base::MutexLock lock(mutex_);
    is_stopped_ = true;
  }
  wakeup_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

size_t WorkerPool::queued() const {
  base::MutexLock lock(mutex_);
  return queue_.size();
}

void WorkerPool::work() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      base::MutexLock lock(mutex_);
      while (queue_.empty() && !is_stopped_) wakeup_.wait(lock);
      if (is_stopped_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    running_.fetch_add(1, std::memory_order_relaxed);
    job->run();
    running_.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace workerdb::net

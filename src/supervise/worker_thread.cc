#include "supervise/worker_thread.h"

#include <condition_variable>
#include <deque>

#include "base/thread_annotations.h"

namespace workerdb::supervise {

struct WorkerThread::Queue {
  base::Mutex mutex;
  std::condition_variable_any changed;
  std::deque<std::function<void()>> jobs GUARDED_BY(mutex);
  bool closing GUARDED_BY(mutex) = false;
};

WorkerThread::WorkerThread() : queue_(std::make_shared<Queue>()), thread_(&WorkerThread::run, queue_) {}

WorkerThread::~WorkerThread() {
  {
    base::MutexLock lock(queue_->mutex);
    queue_->closing = true;
    queue_->jobs.clear();
  }
  queue_->changed.notify_all();
  if (abandoned_) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void WorkerThread::post(std::function<void()> job) {
  {
    base::MutexLock lock(queue_->mutex);
    queue_->jobs.push_back(std::move(job));
  }
  queue_->changed.notify_one();
}

void WorkerThread::abandon() { abandoned_ = true; }

void WorkerThread::run(std::shared_ptr<Queue> queue) {
  while (true) {
    std::function<void()> job;
    {
      base::MutexLock lock(queue->mutex);
      while (queue->jobs.empty() && !queue->closing) queue->changed.wait(lock);
      if (queue->closing) return;
      job = std::move(queue->jobs.front());
      queue->jobs.pop_front();
    }
    job();
  }
}

}  // namespace workerdb::supervise

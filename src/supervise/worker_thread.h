#pragma once
// One thread that runs jobs in their order: probes, hooks and in-process services may block, the supervisor's
// loop may not.
#include <functional>
#include <memory>
#include <thread>

namespace workerdb::supervise {

class WorkerThread {
 public:
  WorkerThread();
  // Waits for the job that runs, drops the others. After abandon() it waits for nobody.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  void post(std::function<void()> job);
  // The running job hangs: the destructor lets it go. What the job uses must then outlive the process.
  void abandon();

 private:
  struct Queue;
  static void run(std::shared_ptr<Queue> queue);

  std::shared_ptr<Queue> queue_;
  bool abandoned_ = false;
  std::thread thread_;
};

}  // namespace workerdb::supervise

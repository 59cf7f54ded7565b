#pragma once
// Clang's thread-safety analysis (checked by the `tidy` preset), and the mutex that it understands.
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define WORKERDB_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define WORKERDB_THREAD_ATTRIBUTE(x)
#endif

#define GUARDED_BY(x) WORKERDB_THREAD_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) WORKERDB_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) WORKERDB_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace workerdb::base {

class WORKERDB_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() WORKERDB_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() WORKERDB_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  bool try_lock() WORKERDB_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

// Scoped lock; also what a std::condition_variable_any waits on: `condition.wait(lock)`.
class WORKERDB_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) WORKERDB_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() WORKERDB_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // For std::condition_variable_any, which unlocks while it waits.
  void lock() WORKERDB_THREAD_ATTRIBUTE(no_thread_safety_analysis) { mutex_.lock(); }
  void unlock() WORKERDB_THREAD_ATTRIBUTE(no_thread_safety_analysis) { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace workerdb::base

#pragma once
// Ends a script that a person interrupts, or that passes its limits of memory or time.
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace workerdb::cli {

enum class StopReason : uint8_t { kNone, kInterrupt, kMemory, kDeadline };

struct WatchdogOptions {
  size_t memory_bytes = 0;                         // resident, of the whole process; 0: no limit
  int64_t deadline_ms = 0;                         // of one run; 0: no limit
  const std::atomic<bool>* interrupted = nullptr;  // set by the handler of SIGINT; may be null
};

// One thread starts and finishes runs; a thread of its own looks every 20 ms while one runs, and sleeps between.
class Watchdog {
 public:
  // `on_stop` is called from the watching thread, repeatedly until the run ends. `stopped` outlives this and is
  // true from the stop until the run is finished: requests to the server end by it.
  Watchdog(const WatchdogOptions& options, std::atomic<bool>& stopped, std::function<void()> on_stop);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void start();
  StopReason finish();
  bool is_stopped() const { return stopped_; }

 private:
  void watch();
  StopReason look(int64_t started_ms) const;

  WatchdogOptions options_;
  std::atomic<bool>& stopped_;
  std::function<void()> on_stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_running_ = false, is_ending_ = false;
  int64_t started_ms_ = 0;
  StopReason reason_ = StopReason::kNone;
  std::thread thread_;
};

// Bytes of this process that are in memory; 0 when the system does not say.
size_t resident_bytes();

}  // namespace workerdb::cli

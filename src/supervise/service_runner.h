#pragma once
// Drives one service: carries out the actions of the table and turns what happens into its events. Belongs to
// the supervisor's loop; only status() and log() may be used from other threads.
#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_annotations.h"
#include "supervise/service.h"
#include "supervise/worker_thread.h"

namespace workerdb::supervise {

// Where the service's thread leaves results for the loop; it outlives a runner whose job hangs.
class ResultInbox {
 public:
  enum class Kind { kStarted, kProbed, kPrepared, kStopped };
  struct Item {
    Kind kind;
    int64_t start_number;  // of the start it belongs to; results of an earlier life are dropped
    base::Result<> result;
  };
  // `wake` gets the loop out of its poll().
  explicit ResultInbox(std::function<void()> wake) : wake_(std::move(wake)) {}
  void put(Item item);
  std::vector<Item> take();

 private:
  std::function<void()> wake_;
  base::Mutex mutex_;
  std::vector<Item> items_ GUARDED_BY(mutex_);
};

class ServiceRunner {
 public:
  ServiceRunner(ServiceSpec spec, std::function<void()> wake, std::function<void(const ServiceStatus&)> on_change);
  ServiceRunner(const ServiceRunner&) = delete;
  ServiceRunner& operator=(const ServiceRunner&) = delete;

  const ServiceSpec& spec() const { return spec_; }
  State state() const { return state_; }
  const ServiceLog& log() const { return log_; }
  ServiceStatus status() const;

  // Loop only. start and stop are wishes; the table decides what they mean now.
  void start(int64_t now_ms);
  void stop(int64_t now_ms);
  // From now on nothing is waited for: a stop kills at once.
  void hurry(int64_t now_ms);
  // Takes in results, output, exits and timers.
  void step(int64_t now_ms);
  void add_poll_entries(std::vector<struct pollfd>& entries) const;
  // When step() must run again without any descriptor becoming readable.
  int64_t next_wake_ms(int64_t now_ms) const;

 private:
  void feed(Event event, int64_t now_ms);
  void carry_out(Action action, int64_t now_ms);
  void spawn(int64_t now_ms);
  void prepare();
  void signal_stop();
  void kill();
  void ended(const std::string& how, int64_t now_ms);
  void take_result(ResultInbox::Item& item, int64_t now_ms);
  void take_probe(const base::Result<>& result, int64_t now_ms);
  void maybe_probe(int64_t now_ms);
  bool probes_now() const;
  std::string last_words() const;
  void publish(int64_t now_ms);
  bool in_process() const { return std::holds_alternative<InProcessSpec>(spec_.body); }

  const ServiceSpec spec_;
  const std::function<void(const ServiceStatus&)> on_change_;
  ServiceLog log_;
  std::shared_ptr<ResultInbox> inbox_;
  CrashHistory crashes_;

  State state_ = State::kStopped;
  std::optional<Process> process_;
  bool up_ = false;  // the process was started, or the in-process start function has returned
  bool hurrying_ = false;
  bool stop_posted_ = false;  // the in-process stop function was queued in this life
  bool killed_ = false;       // by us, because it did not answer in time
  int64_t start_number_ = 0;
  int64_t started_at_ms_ = 0;  // steady
  int64_t deadline_ms_ = -1;   // steady; -1: no timer
  int64_t backoff_ms_ = 0;
  bool probe_running_ = false;
  int64_t next_probe_ms_ = 0;
  int failures_in_a_row_ = 0;

  mutable base::Mutex status_mutex_;
  ServiceStatus status_ GUARDED_BY(status_mutex_);
  // Last: its thread ends before what its jobs use.
  WorkerThread worker_;
};

}  // namespace workerdb::supervise

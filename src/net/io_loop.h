#pragma once
// One io thread: its event loop, its connections, a coarse clock and the timeouts that hang on it.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "net/http_server.h"
#include "net/worker_pool.h"

namespace boost::asio {
class io_context;
}

namespace workerdb::net {

// What all connections of a server share.
struct ServerContext {
  ServerContext(HttpServerOptions server_options, HttpHandler& server_handler)
      : options(std::move(server_options)), handler(server_handler), pool(options.max_queued_requests) {}

  const HttpServerOptions options;
  HttpHandler& handler;
  WorkerPool pool;
  std::atomic<bool> is_stopping{false};
  std::atomic<uint64_t> body_bytes{0};  // charged by large bodies

  // stop() waits here for the last connection.
  base::Mutex mutex;
  std::condition_variable_any all_closed;
  std::atomic<uint64_t> connections_open{0};
};

// Written by one io thread, read by any: a plain increment without a locked instruction.
class LoopCounter {
 public:
  void add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct LoopCounters {
  LoopCounter connections_accepted, connections_refused, requests, requests_quick, requests_refused;
  LoopCounter bytes_received, bytes_sent;
};

// What the loop asks of a connection; always on the loop's thread.
class LoopMember {
 public:
  virtual ~LoopMember() = default;
  virtual void check_deadline(int64_t now_ms) = 0;
  // No request after the one in progress.
  virtual void finish() = 0;
  // Now, whatever is in progress.
  virtual void abort() = 0;

 private:
  friend class IoLoop;
  size_t loop_slot_ = 0;
};

// All methods but the constructor, post(), run_thread(), stop_thread() and counters() belong to the loop's
// thread.
class IoLoop {
 public:
  explicit IoLoop(ServerContext& server);
  ~IoLoop();

  boost::asio::io_context& context() { return *context_; }
  ServerContext& server() { return server_; }
  LoopCounters& counters() { return counters_; }
  const LoopCounters& counters() const { return counters_; }

  void run_thread();
  // Closes all connections and ends the thread.
  void stop_thread();
  void post(std::function<void()> task);

  void add(std::shared_ptr<LoopMember> member);
  void remove(LoopMember& member);
  void finish_all();
  void abort_all();

  // The earliest value of check_deadline()'s clock at which `timeout_ms` have surely passed.
  int64_t deadline_after(int64_t timeout_ms) const { return now_ms_ + sweep_interval_ms_ + timeout_ms; }
  // An IMF-fixdate, at most a second old.
  std::string_view date() const { return date_; }

 private:
  class Timer;
  void schedule_sweep();
  void sweep();
  void read_clock();

  ServerContext& server_;
  LoopCounters counters_;
  std::unique_ptr<boost::asio::io_context> context_;
  std::unique_ptr<Timer> timer_;
  int64_t sweep_interval_ms_ = 1000;
  int64_t now_ms_ = 0;
  int64_t date_second_ = -1;
  std::string date_;
  std::vector<std::shared_ptr<LoopMember>> members_;
  std::thread thread_;
};

}  // namespace workerdb::net

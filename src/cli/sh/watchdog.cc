#include "cli/sh/watchdog.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string_view>

namespace workerdb::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{20};

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

size_t resident_bytes() {
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  ssize_t length = read(file, text, sizeof text);
  close(file);
  std::string_view words(text, length > 0 ? size_t(length) : 0);
  size_t blank = words.find(' ');
  if (blank == words.npos) return 0;
  size_t pages = 0;
  std::from_chars(words.data() + blank + 1, words.data() + words.size(), pages);
  return pages * size_t(sysconf(_SC_PAGESIZE));
}

Watchdog::Watchdog(const WatchdogOptions& options, std::atomic<bool>& stopped, std::function<void()> on_stop)
    : options_(options), stopped_(stopped), on_stop_(std::move(on_stop)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::start() {
  std::lock_guard lock(mutex_);
  reason_ = StopReason::kNone;
  started_ms_ = now_ms();
  is_running_ = true;
  changed_.notify_all();
}

StopReason Watchdog::finish() {
  std::lock_guard lock(mutex_);
  is_running_ = false;
  stopped_ = false;
  return reason_;
}

StopReason Watchdog::look(int64_t started_ms) const {
  if (options_.interrupted != nullptr && *options_.interrupted) return StopReason::kInterrupt;
  if (options_.deadline_ms > 0 && now_ms() - started_ms > options_.deadline_ms) return StopReason::kDeadline;
  if (options_.memory_bytes > 0 && resident_bytes() > options_.memory_bytes) return StopReason::kMemory;
  return StopReason::kNone;
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    if (!is_running_) {
      changed_.wait(lock);
      continue;
    }
    if (reason_ == StopReason::kNone) reason_ = look(started_ms_);
    if (reason_ != StopReason::kNone) {
      stopped_ = true;
      on_stop_();
    }
    changed_.wait_for(lock, kInterval);
  }
}

}  // namespace workerdb::cli

#pragma once
// Descriptors and what to do when they are ready: a thin cover of epoll, level-triggered. One thread.
#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace workerdb::access::tunnel {

class EventLoop {
 public:
  using Handler = std::function<void(uint32_t events)>;

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // With events 0 only errors and hang-ups are reported. False when the kernel refuses.
  bool watch(int descriptor, uint32_t events, Handler handler);
  void change(int descriptor, uint32_t events);
  // Nothing is reported until change(); without it a hang-up that cannot be handled yet would be reported
  // again and again.
  void pause(int descriptor);
  // Before the descriptor is closed. Safe from within any handler.
  void unwatch(int descriptor);
  // Calls the handlers of what is ready; waits for at most timeout_ms.
  void wait(int timeout_ms);

 private:
  struct Entry {
    uint32_t generation = 0;  // tells a descriptor from a later one with the same number
    uint32_t events = 0;
    bool paused = false;
    Handler handler;
  };

  int epoll_ = -1;
  uint32_t next_generation_ = 0;
  std::unordered_map<int, Entry> entries_;
};

}  // namespace workerdb::access::tunnel

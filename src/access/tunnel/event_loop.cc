#include "access/tunnel/event_loop.h"

#include <unistd.h>

#include <utility>

namespace workerdb::access::tunnel {
namespace {

epoll_event event_of(int descriptor, uint32_t generation, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = (uint64_t{generation} << 32) | static_cast<uint32_t>(descriptor);
  return event;
}

}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

EventLoop::~EventLoop() {
  if (epoll_ >= 0) ::close(epoll_);
}

bool EventLoop::watch(int descriptor, uint32_t events, Handler handler) {
  uint32_t generation = ++next_generation_;
  epoll_event event = event_of(descriptor, generation, events);
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
  entries_[descriptor] = {generation, events, false, std::move(handler)};
  return true;
}

void EventLoop::change(int descriptor, uint32_t events) {
  auto found = entries_.find(descriptor);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (!entry.paused && entry.events == events) return;
  epoll_event event = event_of(descriptor, entry.generation, events);
  ::epoll_ctl(epoll_, entry.paused ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
  entry.paused = false;
  entry.events = events;
}

void EventLoop::pause(int descriptor) {
  auto found = entries_.find(descriptor);
  if (found == entries_.end() || found->second.paused) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  found->second.paused = true;
}

void EventLoop::unwatch(int descriptor) {
  auto found = entries_.find(descriptor);
  if (found == entries_.end()) return;
  if (!found->second.paused) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  entries_.erase(found);
}

void EventLoop::wait(int timeout_ms) {
  epoll_event ready[128];
  int count = ::epoll_wait(epoll_, ready, 128, timeout_ms);
  for (int index = 0; index < count; ++index) {
    int descriptor = static_cast<int>(ready[index].data.u64 & 0xffffffffU);
    auto found = entries_.find(descriptor);
    // Unwatched, and perhaps watched anew, by a handler of this very round.
    if (found == entries_.end() || found->second.generation != ready[index].data.u64 >> 32) continue;
    if (found->second.paused) continue;
    Handler handler = found->second.handler;  // a copy: the handler may unwatch itself
    handler(ready[index].events);
  }
}

}  // namespace workerdb::access::tunnel

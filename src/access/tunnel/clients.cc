#include "access/tunnel/clients.h"

#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/time.h"

namespace workerdb::access::tunnel {
namespace {

constexpr int kAcceptsInARow = 64;
constexpr int64_t kBusyRetryMs = 10;
constexpr int64_t kOutOfDescriptorsMs = 100;

int64_t steady_ms() { return base::steady_time_ns() / 1'000'000; }

}  // namespace

Clients::Clients(EventLoop& loop, const std::vector<Forward>& forwards) : loop_(loop) {
  for (const Forward& forward : forwards) ports_.push_back({forward, {}, 0});
  listen_where_possible();
}

Clients::~Clients() {
  for (Port& port : ports_) {
    for (Descriptor& listener : port.listeners) loop_.unwatch(listener.get());
  }
  for (Waiting& waiting : waiting_) {
    loop_.unwatch(waiting.client.get());
    abort_connection(std::move(waiting.client));
  }
}

void Clients::listen_where_possible() {
  for (size_t index = 0; index < ports_.size(); ++index) {
    Port& port = ports_[index];
    if (!port.listeners.empty()) continue;
    auto listeners = listen_on_loopback(port.forward.local_port);
    if (!listeners) continue;
    port.listeners = *std::move(listeners);
    for (const Descriptor& listener : port.listeners) {
      int number = listener.get();
      loop_.watch(number, EPOLLIN, [this, index, number](uint32_t) { accept_at(index, number); });
    }
  }
}

void Clients::accept_at(size_t port, int listener) {
  for (int round = 0; round < kAcceptsInARow; ++round) {
    Descriptor client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) {
      take(port, std::move(client));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // The connection stays in the backlog; without a pause the loop would spin on it.
      loop_.pause(listener);
      accept_again_ms_ = steady_ms() + kOutOfDescriptorsMs;
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

void Clients::take(size_t port, Descriptor client) {
  constexpr int kOn = 1;
  ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  ++ports_[port].accepted;
  ++changes_;
  if (open_.size() + waiting_.size() >= kMostOpen) return abort_connection(std::move(client));
  // Those that came earlier go first.
  if (waiting_.empty() && connect(port, client)) return;
  if (hopeless_ && way_on_ == nullptr) return abort_connection(std::move(client));
  hold(port, std::move(client));
}

bool Clients::connect(size_t port, Descriptor& client) {
  Descriptor server;
  if (way_on_ == nullptr || connect_to(way_on_->sockets[port], server) != ConnectOutcome::kConnected) return false;
  open_.push_back({std::make_unique<Relay>(loop_, std::move(client), std::move(server)), port, way_on_->number});
  return true;
}

void Clients::hold(size_t port, Descriptor client) {
  int number = client.get();
  // What the client sends stays in the kernel; only its giving up is looked for.
  if (!loop_.watch(number, 0, [this, number](uint32_t) { let_go(number); })) return;
  waiting_.push_back({std::move(client), port, steady_ms() + kHoldMs});
}

void Clients::let_go(int client) {
  loop_.unwatch(client);
  std::erase_if(waiting_, [client](const Waiting& waiting) { return waiting.client.get() == client; });
  ++changes_;
}

void Clients::serve_waiting(int64_t now_ms) {
  std::vector<Waiting> still;
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    loop_.unwatch(waiting.client.get());
    if (connect(waiting.port, waiting.client)) continue;
    if (now_ms >= waiting.until_ms || (hopeless_ && way_on_ == nullptr)) {
      abort_connection(std::move(waiting.client));
      ++changes_;
      continue;
    }
    int number = waiting.client.get();
    if (loop_.watch(number, 0, [this, number](uint32_t) { let_go(number); })) still.push_back(std::move(waiting));
  }
  waiting_ = std::move(still);
}

void Clients::drop(int64_t number) {
  changes_ += std::erase_if(open_, [number](const Open& open) { return open.number == number; }) > 0 ? 1 : 0;
}

void Clients::step(int64_t now_ms) {
  if (now_ms >= accept_again_ms_) {
    accept_again_ms_ = INT64_MAX;
    for (const Port& port : ports_) {
      for (const Descriptor& listener : port.listeners) loop_.change(listener.get(), EPOLLIN);
    }
  }
  if (!all_listen() && now_ms >= next_listen_ms_) {
    listen_where_possible();
    next_listen_ms_ = now_ms + kPortRetryMs;
  }
  for (Open& open : open_) open.relay->step(now_ms);
  if (std::erase_if(open_, [](const Open& open) { return open.relay->is_done(); }) > 0) ++changes_;
  if (!waiting_.empty()) serve_waiting(now_ms);
}

int64_t Clients::next_wake_ms(int64_t now_ms) const {
  int64_t next = accept_again_ms_;
  if (!all_listen()) next = std::min(next, next_listen_ms_);
  for (const Open& open : open_) next = std::min(next, open.relay->next_wake_ms());
  for (const Waiting& waiting : waiting_) next = std::min(next, waiting.until_ms);
  if (!waiting_.empty() && way_on_ != nullptr) next = std::min(next, now_ms + kBusyRetryMs);
  return next;
}

bool Clients::all_listen() const {
  return std::none_of(ports_.begin(), ports_.end(), [](const Port& port) { return port.listeners.empty(); });
}

std::string Clients::taken_port() const {
  for (const Port& port : ports_) {
    if (port.listeners.empty()) {
      return fmt::format(
          "somebody else has the local port {0} of '{1}'; `ss -ltnp sport = :{0}` shows who. It is taken as soon as "
          "it is free",
          port.forward.local_port, port.forward.name);
    }
  }
  return {};
}

std::vector<ForwardStatus> Clients::status() const {
  std::vector<ForwardStatus> all;
  for (const Port& port : ports_) all.push_back({port.forward, !port.listeners.empty(), 0, port.accepted});
  for (const Open& open : open_) ++all[open.port].open;
  for (const Waiting& waiting : waiting_) ++all[waiting.port].open;
  return all;
}

}  // namespace workerdb::access::tunnel

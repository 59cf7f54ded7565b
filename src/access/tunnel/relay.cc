#include "access/tunnel/relay.h"

#include <errno.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "base/time.h"

namespace workerdb::access::tunnel {
namespace {

// One for all relays of a thread: what is read is sent on at once, as a rule whole.
char* scratch() {
  thread_local std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(Relay::kRelayBytes);
  return bytes.get();
}

bool is_passing(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

}  // namespace

Relay::Relay(EventLoop& loop, Descriptor client, Descriptor server) : loop_(loop) {
  sides_[kClient].socket = std::move(client);
  sides_[kServer].socket = std::move(server);
  for (size_t side : {kClient, kServer}) {
    if (!loop_.watch(sides_[side].socket.get(), EPOLLIN, [this, side](uint32_t events) { handle(side, events); })) {
      fail();
    }
  }
}

Relay::~Relay() {
  for (Side& side : sides_) loop_.unwatch(side.socket.get());
  if (state_ != State::kFinished) abort_connection(std::move(sides_[kClient].socket));
}

void Relay::fail() { state_ = State::kFailed; }

void Relay::handle(size_t side, uint32_t events) {
  if (is_done()) return;
  if ((events & EPOLLOUT) != 0 && !flush(sides_[side])) return fail();
  if (sides_[side].pending.empty()) pass_end(1 - side);
  bool may_read = !sides_[side].ended && sides_[1 - side].pending.empty();
  if (may_read && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    read_from(side);
  } else if ((events & EPOLLERR) != 0) {
    fail();
  }
  if (!is_done()) update_interest();
}

void Relay::read_from(size_t side) {
  Side& from = sides_[side];
  Side& to = sides_[1 - side];
  ssize_t got = ::recv(from.socket.get(), scratch(), kRelayBytes, 0);
  if (got < 0) {
    if (!is_passing(errno)) fail();
    return;
  }
  if (got == 0) {
    from.ended = true;
    if (side == kServer) {
      end_due_ms_ = base::steady_time_ns() / 1'000'000 + kEndHeldMs;
    } else {
      pass_end(side);
    }
    return;
  }
  size_t size = static_cast<size_t>(got);
  ssize_t sent = ::send(to.socket.get(), scratch(), size, MSG_NOSIGNAL);
  if (sent < 0 && !is_passing(errno)) return fail();
  size_t taken = sent > 0 ? static_cast<size_t>(sent) : 0;
  if (taken < size) to.pending.assign(scratch() + taken, size - taken);
}

bool Relay::flush(Side& side) {
  while (side.sent < side.pending.size()) {
    ssize_t sent =
        ::send(side.socket.get(), side.pending.data() + side.sent, side.pending.size() - side.sent, MSG_NOSIGNAL);
    if (sent < 0) return is_passing(errno);
    side.sent += static_cast<size_t>(sent);
  }
  // The memory goes too: most connections are idle most of the time.
  std::string().swap(side.pending);
  side.sent = 0;
  return true;
}

// Once everything before it has been taken.
void Relay::pass_end(size_t from) {
  Side& to = sides_[1 - from];
  bool held = from == kServer && end_due_ms_ != INT64_MAX;
  if (!sides_[from].ended || to.told || !to.pending.empty() || held) return;
  ::shutdown(to.socket.get(), SHUT_WR);
  to.told = true;
  if (sides_[kClient].told && sides_[kServer].told) state_ = State::kFinished;
}

void Relay::step(int64_t now_ms) {
  if (now_ms < end_due_ms_) return;
  end_due_ms_ = INT64_MAX;
  pass_end(kServer);
}

void Relay::update_interest() {
  for (size_t side : {kClient, kServer}) {
    uint32_t events = 0;
    if (!sides_[side].ended && sides_[1 - side].pending.empty()) events |= EPOLLIN;
    if (!sides_[side].pending.empty()) events |= EPOLLOUT;
    if (events != 0) {
      loop_.change(sides_[side].socket.get(), events);
    } else {
      loop_.pause(sides_[side].socket.get());
    }
  }
}

}  // namespace workerdb::access::tunnel

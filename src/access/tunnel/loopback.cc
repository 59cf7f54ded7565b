#include "access/tunnel/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

namespace workerdb::access::tunnel {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int kBacklog = 512;
constexpr int kOn = 1;

int listen_at(int family, const sockaddr* address, socklen_t length) {
  Descriptor listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return -1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  if (family == AF_INET6) ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOn, sizeof kOn);
  if (::bind(listener.get(), address, length) != 0 || ::listen(listener.get(), kBacklog) != 0) return -1;
  return listener.release();
}

}  // namespace

int Descriptor::release() { return std::exchange(number_, -1); }

void Descriptor::reset(int number) {
  if (number_ >= 0) ::close(number_);
  number_ = number;
}

Result<std::vector<Descriptor>> listen_on_loopback(uint16_t port) {
  std::vector<Descriptor> listeners;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listeners.emplace_back(listen_at(AF_INET, reinterpret_cast<sockaddr*>(&four), sizeof four));
  if (!listeners.back()) {
    return Error(ErrorCode::kSysError, fmt::format("port {} of 127.0.0.1: {}", port, ::strerror(errno)));
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  six.sin6_addr = in6addr_loopback;
  Descriptor second(listen_at(AF_INET6, reinterpret_cast<sockaddr*>(&six), sizeof six));
  if (second) {
    listeners.push_back(std::move(second));
  } else if (errno == EADDRINUSE) {
    return Error(ErrorCode::kSysError, fmt::format("port {} of ::1: {}", port, ::strerror(errno)));
  }
  return listeners;
}

ConnectOutcome connect_to(const std::string& socket_path, Descriptor& to) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return ConnectOutcome::kGone;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  Descriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor) return ConnectOutcome::kBusy;
  if (::connect(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    to = std::move(descriptor);
    return ConnectOutcome::kConnected;
  }
  return errno == EAGAIN || errno == EINTR ? ConnectOutcome::kBusy : ConnectOutcome::kGone;
}

void abort_connection(Descriptor client) {
  struct linger at_once {
    1, 0
  };
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace workerdb::access::tunnel

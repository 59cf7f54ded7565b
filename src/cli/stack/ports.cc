#include "cli/stack/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/time.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* pointer() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<SocketAddress> parse_address(const std::string& address, uint16_t port) {
  SocketAddress parsed;
  auto* four = reinterpret_cast<sockaddr_in*>(&parsed.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&parsed.storage);
  if (::inet_pton(AF_INET, address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    parsed.length = sizeof *four;
  } else if (::inet_pton(AF_INET6, address.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    parsed.length = sizeof *six;
  } else {
    return Error(ErrorCode::kBadParameter, fmt::format("'{}' is not an IP address", address));
  }
  return parsed;
}

class Socket {
 public:
  explicit Socket(int family) : descriptor_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int descriptor() const { return descriptor_; }
  // False when nothing happened until `end_ns`.
  bool wait(short events, int64_t end_ns) const {
    struct pollfd entry {
      descriptor_, events, 0
    };
    int64_t left_ms = std::max<int64_t>(0, (end_ns - base::steady_time_ns()) / 1'000'000);
    return ::poll(&entry, 1, static_cast<int>(left_ms)) > 0;
  }

 private:
  int descriptor_;
};

// The inode of the socket that listens on the port, from /proc/net/tcp (proc(5): local address, state 0A,
// inode).
std::string listening_inode(uint16_t port) {
  std::string suffix = fmt::format(":{:04X}", port);
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string line; std::getline(file, line);) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
      if (state == "0A" && local.ends_with(suffix)) return inode;
    }
  }
  return {};
}

// " (redis-server, pid 123)", or nothing when we may not see whose it is.
std::string listener_of(uint16_t port) {
  std::string inode = listening_inode(port);
  if (inode.empty()) return {};
  std::string wanted = "socket:[" + inode + "]";
  std::error_code code;
  for (std::filesystem::directory_iterator process("/proc", code), end; !code && process != end;
       process.increment(code)) {
    std::string pid = process->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code inner;
    for (std::filesystem::directory_iterator entry(process->path() / "fd", inner), last; !inner && entry != last;
         entry.increment(inner)) {
      std::error_code ignored;
      if (std::filesystem::read_symlink(entry->path(), ignored).string() != wanted) continue;
      std::ifstream name_file(process->path() / "comm");
      std::string name;
      std::getline(name_file, name);
      return fmt::format(" ({}, pid {})", name, pid);
    }
  }
  return {};
}

}  // namespace

Result<> check_port(const std::string& address, uint16_t port, const std::string& purpose, const std::string& option) {
  SocketAddress parsed = TRY(parse_address(address, port));
  Socket socket(parsed.storage.ss_family);
  int yes = 1;
  // As the servers do it: connections that linger after a close are no hindrance, a listener is.
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.descriptor(), parsed.pointer(), parsed.length) == 0 && ::listen(socket.descriptor(), 1) == 0) {
    return {};
  }
  int code = errno;
  if (code == EADDRINUSE) {
    return Error(ErrorCode::kSysError, fmt::format("port {} for {} is taken by another program{}; stop that one or "
                                                   "choose another port with {}",
                                                   port, purpose, listener_of(port), option));
  }
  if (code == EACCES) {
    return Error(
        ErrorCode::kSysError,
        fmt::format("you may not listen on port {} for {}; choose one above 1023 with {}", port, purpose, option));
  }
  return Error(ErrorCode::kSysError,
               fmt::format("cannot listen on {} port {} for {}: {}", address, port, purpose, ::strerror(code)));
}

Result<> check_ports(const StackOptions& options) {
  struct Use {
    uint16_t port;
    const char* purpose;
    const char* option;
    bool wanted;
  };
  const Use uses[] = {{options.ports.documents, "documents", "--documents-port", true},
                      {options.ports.postgres, "PostgreSQL", "--postgres-port", options.with_postgres},
                      {options.ports.redis, "Redis", "--redis-port", options.with_redis},
                      {options.ports.control, "the control port", "--control-port", true}};
  for (const Use& use : uses) {
    if (!use.wanted) continue;
    if (use.port == 0) return Error(ErrorCode::kBadParameter, fmt::format("{} must not be 0", use.option));
    for (const Use& other : uses) {
      if (&other == &use) break;
      if (!other.wanted || other.port != use.port) continue;
      return Error(ErrorCode::kBadParameter,
                   fmt::format("{} and {} both name port {}; they must differ", other.option, use.option, use.port));
    }
  }
  for (const Use& use : uses) {
    if (use.wanted) TRY(check_port(options.bind_address, use.port, use.purpose, use.option));
  }
  return {};
}

Result<std::string> exchange(const std::string& address, uint16_t port, std::string_view request,
                             const std::function<bool(std::string_view)>& is_complete, int64_t timeout_ms) {
  constexpr size_t kLongestAnswer = 64 * 1024;
  int64_t end_ns = base::steady_time_ns() + timeout_ms * 1'000'000;
  SocketAddress parsed = TRY(parse_address(address, port));
  Socket socket(parsed.storage.ss_family);
  int connected = ::connect(socket.descriptor(), parsed.pointer(), parsed.length);
  int code = connected == 0 ? 0 : errno;
  if (code == EINPROGRESS) {
    code = ETIMEDOUT;
    socklen_t size = sizeof code;
    if (socket.wait(POLLOUT, end_ns)) ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &code, &size);
  }
  if (code != 0) {
    return Error(ErrorCode::kSimpleClientCouldNotConnect,
                 fmt::format("no connection to {} port {}: {}", address, port, ::strerror(code)));
  }
  // Requests are far smaller than a socket's buffer.
  if (::send(socket.descriptor(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return Error(ErrorCode::kSimpleClientCouldNotWrite, fmt::format("{} port {} takes no request", address, port));
  }
  std::string answer;
  while (!is_complete(answer) && answer.size() < kLongestAnswer) {
    char buffer[4096];
    ssize_t got = socket.wait(POLLIN, end_ns) ? ::recv(socket.descriptor(), buffer, sizeof buffer, 0) : 0;
    if (got <= 0) {
      return Error(ErrorCode::kSimpleClientCouldNotRead, fmt::format("{} port {} gives no answer", address, port));
    }
    answer.append(buffer, static_cast<size_t>(got));
  }
  return answer;
}

std::string client_address(const std::string& bind_address) {
  if (bind_address == "0.0.0.0") return "127.0.0.1";
  if (bind_address == "::") return "::1";
  return bind_address;
}

}  // namespace workerdb::cli

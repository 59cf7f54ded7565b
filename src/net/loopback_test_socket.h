#pragma once
// For tests only: a plain TCP client that sends exactly the bytes it is told to, and a listener to play
// tricks.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace workerdb::net {

inline sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class TestSocket {
 public:
  explicit TestSocket(uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  struct Adopted {};
  TestSocket(Adopted, int descriptor) : descriptor_(descriptor) {}
  ~TestSocket() { close(); }
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  // False when the peer does not take the bytes any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(descriptor_, SHUT_WR); }
  void end_both() { ::shutdown(descriptor_, SHUT_RDWR); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  // Everything until the peer closes.
  std::string read_all() {
    while (receive()) {
    }
    return std::exchange(buffer_, {});
  }
  // The next complete response (head and Content-Length bytes), or what came before the peer closed.
  // `has_body` is false for HEAD, whose length announces what is not sent.
  std::string read_response(bool has_body = true) {
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::exchange(buffer_, {});
    }
    size_t length = end + 4;
    const size_t header = buffer_.find("Content-Length: ");
    if (has_body && header < end) {
      size_t body_bytes = 0;
      std::from_chars(buffer_.data() + header + 16, buffer_.data() + end, body_bytes);
      length += body_bytes;
    }
    while (buffer_.size() < length) {
      if (!receive()) return std::exchange(buffer_, {});
    }
    std::string response = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return response;
  }
  bool is_closed_by_peer() { return buffer_.empty() && !receive(); }

 private:
  bool receive() {
    char bytes[16 * 1024];
    // A hanging server must fail the test, not stop it.
    pollfd waits{descriptor_, POLLIN, 0};
    if (::poll(&waits, 1, 60'000) <= 0) {
      ADD_FAILURE() << "nothing was received for a minute";
      return false;
    }
    const ssize_t received = ::recv(descriptor_, bytes, sizeof(bytes), 0);
    if (received <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(received));
    return true;
  }

  int descriptor_;
  std::string buffer_;
};

class TestListener {
 public:
  TestListener() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(descriptor_, 16), 0);
    socklen_t length = sizeof(address);
    EXPECT_EQ(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
  }
  ~TestListener() { close(); }
  TestListener(const TestListener&) = delete;
  TestListener& operator=(const TestListener&) = delete;

  uint16_t port() const { return port_; }
  int accept() { return ::accept(descriptor_, nullptr, nullptr); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
  uint16_t port_ = 0;
};

// "200" of "HTTP/1.1 200 OK...".
inline std::string status_of(std::string_view response) {
  return response.starts_with("HTTP/1.1 ") ? std::string(response.substr(9, 3)) : "no response";
}
inline std::string body_of(std::string_view response) {
  const size_t end = response.find("\r\n\r\n");
  return end == response.npos ? "" : std::string(response.substr(end + 4));
}

}  // namespace workerdb::net

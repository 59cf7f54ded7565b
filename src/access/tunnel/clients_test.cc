// Clients and relays over real sockets of the loopback; the far side is a Unix socket of the test's own.
#include "access/tunnel/clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "base/time.h"

namespace workerdb::access::tunnel {
namespace {

class ClientsTest : public testing::Test {
 protected:
  ClientsTest() {
    char name[] = "/tmp/workerdb-clients-XXXXXX";
    folder_ = ::mkdtemp(name);
    way_on_ = {1, {folder_ + "/far"}};
    far_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    way_on_.sockets[0].copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(far_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(far_.get(), 16), 0);
    port_ = free_port();
  }
  ~ClientsTest() override { std::filesystem::remove_all(folder_); }

  static uint16_t free_port() {
    Descriptor any = bound(0);
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(any.get(), reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
  }

  static Descriptor bound(uint16_t port) {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  std::vector<Forward> forwards() const { return {{"echo", port_, "far", 1}}; }

  Descriptor connect() const {
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return client;
  }

  // Turns the loop until `condition` holds; the test's own timeout ends one that never does.
  template <typename Condition>
  void turn_until(Clients& clients, Condition condition) {
    while (!condition()) {
      clients.step(base::steady_time_ns() / 1'000'000);
      loop_.wait(1);
    }
  }

  static bool is_readable(const Descriptor& socket) {
    struct pollfd entry {
      socket.get(), POLLIN, 0
    };
    return ::poll(&entry, 1, 0) > 0;
  }

  std::string receive(Clients& clients, const Descriptor& socket, size_t size) {
    std::string text;
    while (text.size() < size) {
      turn_until(clients, [&] { return is_readable(socket); });
      char buffer[65536];
      ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      text.append(buffer, static_cast<size_t>(got));
    }
    return text;
  }

  // 0: an orderly end; an errno otherwise.
  int end_of(Clients& clients, const Descriptor& socket) {
    turn_until(clients, [&] { return is_readable(socket); });
    char byte;
    ssize_t got = ::recv(socket.get(), &byte, 1, 0);
    return got == 0 ? 0 : got < 0 ? errno : -1;
  }

  Descriptor accept_far(Clients& clients) {
    turn_until(clients, [&] { return is_readable(far_); });
    return Descriptor(::accept4(far_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  EventLoop loop_;
  std::string folder_;
  WayOn way_on_;
  Descriptor far_;
  uint16_t port_ = 0;
};

TEST_F(ClientsTest, CarriesBytesAndEndsOfBothDirections) {
  Clients clients(loop_, forwards());
  clients.use(&way_on_);
  Descriptor near = connect();
  Descriptor far = accept_far(clients);
  ASSERT_EQ(::send(near.get(), "question", 8, 0), 8);
  EXPECT_EQ(receive(clients, far, 8), "question");
  ::shutdown(near.get(), SHUT_WR);
  EXPECT_EQ(end_of(clients, far), 0);
  // The other direction goes on.
  ASSERT_EQ(::send(far.get(), "answer", 6, 0), 6);
  EXPECT_EQ(receive(clients, near, 6), "answer");
  EXPECT_EQ(clients.status()[0].open, 1);
  far.reset();
  EXPECT_EQ(end_of(clients, near), 0);
  turn_until(clients, [&] { return clients.status()[0].open == 0; });
  EXPECT_EQ(clients.status()[0].accepted, 1);
}

TEST_F(ClientsTest, AnEndThatComesWithTheEndOfSshIsAnError) {
  Clients clients(loop_, forwards());
  clients.use(&way_on_);
  Descriptor near = connect();
  Descriptor far = accept_far(clients);
  ASSERT_EQ(::send(far.get(), "half an ans", 11, 0), 11);
  EXPECT_EQ(receive(clients, near, 11), "half an ans");
  far.reset();
  loop_.wait(100);  // the relay has seen the end, and holds it back
  clients.drop(1);
  EXPECT_EQ(end_of(clients, near), ECONNRESET);
}

TEST_F(ClientsTest, ASlowReaderStopsTheSenderAndLosesNothing) {
  Clients clients(loop_, forwards());
  clients.use(&way_on_);
  Descriptor near = connect();
  Descriptor far = accept_far(clients);
  ::fcntl(far.get(), F_SETFL, O_NONBLOCK);
  std::string sent;
  // Until nothing more is taken although the loop turns: memory is bounded.
  for (int full = 0; full < 50;) {
    std::string block(32 * 1024, static_cast<char>('a' + sent.size() % 23));
    ssize_t taken = ::send(far.get(), block.data(), block.size(), MSG_NOSIGNAL);
    if (taken > 0) sent.append(block, 0, static_cast<size_t>(taken));
    full = taken > 0 ? 0 : full + 1;
    loop_.wait(1);
    ASSERT_LT(sent.size(), 64U * 1024 * 1024);
  }
  EXPECT_TRUE(receive(clients, near, sent.size()) == sent);
}

TEST_F(ClientsTest, ConnectionsWaitForAWayOn) {
  Clients clients(loop_, forwards());
  Descriptor near = connect();
  ASSERT_EQ(::send(near.get(), "early", 5, 0), 5);
  turn_until(clients, [&] { return clients.anyone_waits(); });
  clients.use(&way_on_);
  Descriptor far = accept_far(clients);
  EXPECT_EQ(receive(clients, far, 5), "early");
  EXPECT_FALSE(clients.anyone_waits());
}

TEST_F(ClientsTest, ConnectionsDoNotWaitForever) {
  Clients clients(loop_, forwards());
  Descriptor near = connect();
  turn_until(clients, [&] { return clients.anyone_waits(); });
  clients.step(base::steady_time_ns() / 1'000'000 + Clients::kHoldMs + 1);
  EXPECT_FALSE(clients.anyone_waits());
  EXPECT_EQ(end_of(clients, near), ECONNRESET);
}

TEST_F(ClientsTest, WithoutHopeConnectionsEndAtOnce) {
  Clients clients(loop_, forwards());
  clients.set_hopeless(true);
  Descriptor near = connect();
  EXPECT_EQ(end_of(clients, near), ECONNRESET);
}

TEST_F(ClientsTest, ATakenPortIsSaidAndTakenOnceItIsFree) {
  Descriptor other = bound(port_);
  ::listen(other.get(), 1);
  Clients clients(loop_, forwards());
  EXPECT_FALSE(clients.all_listen());
  EXPECT_NE(clients.taken_port().find(std::to_string(port_)), std::string::npos);
  other.reset();
  turn_until(clients, [&] { return clients.all_listen(); });
  EXPECT_EQ(clients.taken_port(), "");
}

TEST_F(ClientsTest, OnlyTheConnectionsOfTheLostSshEnd) {
  Clients clients(loop_, forwards());
  clients.use(&way_on_);
  Descriptor first = connect();
  Descriptor first_far = accept_far(clients);
  WayOn second_way = way_on_;
  second_way.number = 2;
  clients.use(&second_way);
  Descriptor second = connect();
  Descriptor second_far = accept_far(clients);
  clients.drop(1);
  EXPECT_EQ(end_of(clients, first), ECONNRESET);
  ASSERT_EQ(::send(second.get(), "x", 1, 0), 1);
  EXPECT_EQ(receive(clients, second_far, 1), "x");
}

}  // namespace
}  // namespace workerdb::access::tunnel

#pragma once
// For tests only: a listener with a handler whose answers the path chooses.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/thread_annotations.h"
#include "net/http_server.h"
#include "net/loopback_test_socket.h"

namespace workerdb::net {

// "/quick..." is answered on the io thread; "/wait" runs until release() or until its client is gone.
class TestHandler : public HttpHandler {
 public:
  bool is_quick(const HttpRequest& request) const override { return request.path().starts_with("/quick"); }

  uint64_t body_limit(const HttpRequest& head) const override {
    return head.path() == "/stranger" ? 0 : head.path() == "/guest" ? 1000 : UINT64_MAX;
  }

  HttpResponse handle(const HttpRequest& request) override {
    if (request.path() == "/wait") return wait(request);
    if (request.path() == "/throw") return {200, "text/plain", std::string().substr(1)};  // a foreign exception
    if (request.path() == "/large") return {200, "text/plain", std::string(3'000'000, 'x')};
    if (request.path() == "/none") return HttpResponse(204);
    if (request.path() == "/split") return HttpResponse(200).add_header("X-A", "a\r\nX-Evil: b");
    if (request.path() == "/peer") return {200, "text/plain", request.remote_address()};
    return {200, "text/plain", std::string(request.target()) + "|" + std::string(request.body())};
  }

  HttpResponse error_response(int, std::string_view reason) override {
    return {0, "application/json", "{\"reason\":\"" + std::string(reason) + "\"}"};
  }

  void await_waiting(int count) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    while (waiting_ < count) changed_.wait(lock);
  }
  void await_cancelled(int count) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    while (cancelled_ < count) changed_.wait(lock);
  }
  void release() EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
  }

 private:
  HttpResponse wait(const HttpRequest& request) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    while (!is_released_ && !request.cancelled()) changed_.wait_for(lock, std::chrono::milliseconds(1));
    if (request.cancelled()) ++cancelled_;
    changed_.notify_all();
    return {200, "text/plain", "waited"};
  }

  base::Mutex mutex_;
  std::condition_variable_any changed_;
  int waiting_ GUARDED_BY(mutex_) = 0;
  int cancelled_ GUARDED_BY(mutex_) = 0;
  bool is_released_ GUARDED_BY(mutex_) = false;
};

class HttpServerTest : public testing::Test {
 protected:
  void start() {
    server_ = std::make_unique<HttpServer>(options_, handler_);
    const auto started = server_->start();
    ASSERT_TRUE(started.has_value()) << started.error().message();
    ASSERT_NE(server_->port(), 0);
  }
  // Waits for a counter that changes a moment after the client saw the effect.
  template <typename Predicate>
  void await_counters(Predicate predicate) {
    while (!predicate(server_->counters())) std::this_thread::yield();
  }
  std::string exchange(std::string_view bytes) {
    TestSocket client(server_->port());
    EXPECT_TRUE(client.send(bytes));
    return client.read_response();
  }

  HttpServerOptions options_;
  TestHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

inline std::string get(std::string_view target, std::string_view headers = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace workerdb::net

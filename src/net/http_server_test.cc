#include "net/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"
#include "net/loopback_test_socket.h"

namespace workerdb::net {
namespace {

// "/quick..." is answered on the io thread; "/wait" runs until release() or until its client is gone.
class TestHandler : public HttpHandler {
 public:
  bool is_quick(const HttpRequest& request) const override { return request.path().starts_with("/quick"); }

  HttpResponse handle(const HttpRequest& request) override {
    if (request.path() == "/wait") return wait(request);
    if (request.path() == "/throw") throw std::runtime_error("thrown by a handler");
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

std::string get(std::string_view target, std::string_view headers = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
}
std::string post(std::string_view target, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

TEST_F(HttpServerTest, AnswersOnTheIoThreadAndFromThePool) {
  start();
  TestSocket client(server_->port());
  for (const char* target : {"/quick?a=1", "/slow", "/quick", "/quick", "/slow"}) {
    ASSERT_TRUE(client.send(post(target, "body")));
    const std::string response = client.read_response();
    EXPECT_EQ(status_of(response), "200");
    EXPECT_EQ(body_of(response), std::string(target) + "|body");
    EXPECT_NE(response.find("\r\nContent-Type: text/plain\r\n"), std::string::npos);
    EXPECT_NE(response.find(" GMT\r\n"), std::string::npos);
    EXPECT_EQ(response.find("Connection:"), std::string::npos);
  }
  EXPECT_EQ(body_of(exchange(get("/peer"))), "127.0.0.1");
  const HttpServerCounters counters = server_->counters();
  EXPECT_EQ(counters.connections_accepted, 2u);
  EXPECT_EQ(counters.requests, 6u);
  EXPECT_EQ(counters.requests_quick, 3u);
  EXPECT_GT(counters.bytes_received, 100u);
  EXPECT_GT(counters.bytes_sent, 100u);
}

TEST_F(HttpServerTest, KeepsTheOrderOfPipelinedRequests) {
  options_.max_pipelined_requests = 7;
  start();
  TestSocket client(server_->port());
  std::string requests;
  for (int index = 0; index < 500; ++index) {
    requests += get((index % 5 == 3 ? "/slow" : "/quick") + std::to_string(index));
  }
  ASSERT_TRUE(client.send(requests));
  for (int index = 0; index < 500; ++index) {
    const std::string target = (index % 5 == 3 ? "/slow" : "/quick") + std::to_string(index);
    ASSERT_EQ(body_of(client.read_response()), target + "|");
  }
}

TEST_F(HttpServerTest, AnswersRequestsThatArriveByteByByte) {
  start();
  TestSocket client(server_->port());
  for (const char byte : post("/quick", "abc") + post("/slow", "def")) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(body_of(client.read_response()), "/quick|abc");
  EXPECT_EQ(body_of(client.read_response()), "/slow|def");
}

TEST_F(HttpServerTest, AnswersWhatWasSentBeforeTheClientEndedItsSide) {
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send(get("/quick1") + get("/slow") + get("/quick2")));
  client.end_sending();
  EXPECT_EQ(body_of(client.read_response()), "/quick1|");
  EXPECT_EQ(body_of(client.read_response()), "/slow|");
  EXPECT_EQ(body_of(client.read_response()), "/quick2|");
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(HttpServerTest, ClosesWhenTheRequestOrItsVersionSaysSo) {
  start();
  for (const std::string& bytes : {get("/quick", "Connection: close\r\n"), get("/slow", "Connection: close\r\n"),
                                   std::string("GET /quick HTTP/1.0\r\n\r\n")}) {
    TestSocket client(server_->port());
    ASSERT_TRUE(client.send(bytes + get("/never")));
    EXPECT_NE(client.read_response().find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.is_closed_by_peer());
  }
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send("GET /quick HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/again")));
  EXPECT_NE(client.read_response().find("\r\nConnection: keep-alive\r\n"), std::string::npos);
  EXPECT_EQ(body_of(client.read_response()), "/again|");
}

TEST_F(HttpServerTest, SendsNoBodyForHeadAndNoContent) {
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send("HEAD /large HTTP/1.1\r\nHost: h\r\n\r\n" + get("/none") + get("/quick")));
  EXPECT_NE(client.read_response(false).find("\r\nContent-Length: 3000000\r\n"), std::string::npos);
  const std::string none = client.read_response();
  EXPECT_EQ(status_of(none), "204");
  EXPECT_EQ(none.find("Content-Length"), std::string::npos);
  EXPECT_EQ(body_of(client.read_response()), "/quick|");
}

TEST_F(HttpServerTest, SendsLargeResponsesToReadersThatAreSlow) {
  start();
  TestSocket client(server_->port());
  std::string requests;
  for (int index = 0; index < 5; ++index) requests += get("/large") + get("/quick");
  ASSERT_TRUE(client.send(requests));
  for (int index = 0; index < 5; ++index) {
    EXPECT_EQ(body_of(client.read_response()), std::string(3'000'000, 'x'));
    EXPECT_EQ(body_of(client.read_response()), "/quick|");
  }
}

TEST_F(HttpServerTest, ReceivesLargeBodiesAndContinues) {
  start();
  TestSocket client(server_->port());
  const std::string body(5'000'000, 'b');
  const std::string request = post("/slow", body, "Expect: 100-continue\r\n");
  const size_t head = request.size() - body.size();
  ASSERT_TRUE(client.send(request.substr(0, head)));
  EXPECT_EQ(client.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send(body));
  EXPECT_EQ(body_of(client.read_response()), "/slow|" + body);
  ASSERT_TRUE(client.send(request));
  client.read_response();
  ASSERT_TRUE(client.send(get("/quick")));
}

TEST_F(HttpServerTest, TurnsExceptionsIntoServerErrorsAndLineBreaksIntoBlanks) {
  start();
  EXPECT_EQ(status_of(exchange(get("/throw"))), "500");
  EXPECT_EQ(exchange(get("/split")).find("\nX-Evil"), std::string::npos);
}

TEST_F(HttpServerTest, RefusesWithTheRightStatusAndCloses) {
  options_.limits = {.target_bytes = 200, .head_bytes = 2000, .header_count = 20, .body_bytes = 1000};
  start();
  const std::pair<std::string, std::string> cases[] = {
      {get("/" + std::string(300, 'a')), "414"},
      {get("/a", "X: " + std::string(3000, 'a') + "\r\n"), "431"},
      {post("/a", std::string(200'000, 'b')), "413"},
      {get("/a", "Transfer-Encoding: chunked\r\n"), "501"},
      {get("/a", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), "400"},
      {get("/a", "Content-Length: 1\r\nContent-Length: 2\r\n"), "400"},
      {"TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", "405"},
      {"GET / HTTP/3.0\r\n\r\n", "505"},
      {get("/%zz"), "400"},
  };
  for (const auto& [bytes, status] : cases) {
    TestSocket client(server_->port());
    client.send(bytes + get("/smuggled"));
    const std::string response = client.read_all();
    EXPECT_EQ(status_of(response), status);
    EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos);
    EXPECT_NE(response.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    EXPECT_NE(response.find("{\"reason\":\""), std::string::npos);
    EXPECT_EQ(response.find("smuggled"), std::string::npos);
  }
  EXPECT_EQ(server_->counters().requests, 0u);
  EXPECT_EQ(server_->counters().requests_refused, std::size(cases));
}

TEST_F(HttpServerTest, RefusesABodyThatEndsTooEarly) {
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  client.end_sending();
  EXPECT_EQ(status_of(client.read_all()), "400");
}

TEST_F(HttpServerTest, GivesUpOnSlowHeadersAndBodies) {
  options_.header_timeout_ms = 30;
  options_.body_timeout_ms = 30;
  start();
  TestSocket head(server_->port());
  TestSocket body(server_->port());
  ASSERT_TRUE(head.send("GET / HTTP/1.1\r\nHo"));
  ASSERT_TRUE(body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  EXPECT_EQ(status_of(head.read_all()), "408");
  EXPECT_EQ(status_of(body.read_all()), "408");
}

TEST_F(HttpServerTest, GivesUpOnHeadersThatDripIn) {
  options_.header_timeout_ms = 50;
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nX: "));
  while (client.send("a") && server_->counters().requests_refused == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(status_of(client.read_all()), "408");
}

TEST_F(HttpServerTest, ClosesIdleConnectionsWithoutAWord) {
  options_.idle_timeout_ms = 30;
  start();
  TestSocket fresh(server_->port());
  EXPECT_TRUE(fresh.is_closed_by_peer());
  TestSocket used(server_->port());
  ASSERT_TRUE(used.send(get("/quick")));
  EXPECT_EQ(status_of(used.read_response()), "200");
  EXPECT_TRUE(used.is_closed_by_peer());
}

TEST_F(HttpServerTest, ClosesOnReadersThatTakeNothing) {
  options_.write_timeout_ms = 30;
  start();
  TestSocket client(server_->port());
  std::string requests;
  for (int index = 0; index < 20; ++index) requests += get("/large");
  ASSERT_TRUE(client.send(requests));
  await_counters([](const HttpServerCounters& counters) {
    return counters.connections_accepted == 1 && counters.connections_open == 0;
  });
}

TEST_F(HttpServerTest, RefusesConnectionsOverTheLimit) {
  options_.max_connections = 2;
  start();
  TestSocket first(server_->port());
  TestSocket second(server_->port());
  for (TestSocket* client : {&first, &second}) {
    ASSERT_TRUE(client->send(get("/quick")));
    EXPECT_EQ(status_of(client->read_response()), "200");
  }
  TestSocket third(server_->port());
  EXPECT_EQ(status_of(third.read_all()), "503");
  third.close();
  first.close();
  await_counters([](const HttpServerCounters& counters) { return counters.connections_open == 1; });
  EXPECT_EQ(status_of(exchange(get("/quick"))), "200");
  EXPECT_EQ(server_->counters().connections_refused, 1u);
}

TEST_F(HttpServerTest, RefusesRequestsThatFindTheQueueFullButKeepsTheConnection) {
  options_.worker_threads = 1;
  options_.max_queued_requests = 1;
  start();
  TestSocket running(server_->port());
  ASSERT_TRUE(running.send(get("/wait")));
  handler_.await_waiting(1);
  TestSocket queued(server_->port());
  ASSERT_TRUE(queued.send(get("/slow")));
  await_counters([](const HttpServerCounters& counters) { return counters.requests_queued == 1; });
  TestSocket refused(server_->port());
  std::string requests;
  for (int index = 0; index < 1000; ++index) requests += get("/slow");
  ASSERT_TRUE(refused.send(requests + get("/quick")));
  for (int index = 0; index < 1000; ++index) ASSERT_EQ(status_of(refused.read_response()), "503");
  EXPECT_EQ(body_of(refused.read_response()), "/quick|");
  handler_.release();
  EXPECT_EQ(body_of(running.read_response()), "waited");
  EXPECT_EQ(body_of(queued.read_response()), "/slow|");
}

TEST_F(HttpServerTest, RefusesBodiesOverTheBudgetOfAll) {
  options_.total_body_bytes = 1'500'000;
  start();
  TestSocket first(server_->port());
  const std::string body(1'000'000, 'b');
  ASSERT_TRUE(first.send(post("/wait", body)));
  handler_.await_waiting(1);
  TestSocket second(server_->port());
  second.send(post("/slow", body));
  EXPECT_EQ(status_of(second.read_all()), "503");
  handler_.release();
  EXPECT_EQ(body_of(first.read_response()), "waited");
  EXPECT_EQ(status_of(exchange(post("/slow", body))), "200") << "the budget is given back";
}

TEST_F(HttpServerTest, TellsTheHandlerThatItsClientIsGone) {
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send(get("/wait")));
  handler_.await_waiting(1);
  client.close();
  handler_.await_cancelled(1);
  EXPECT_EQ(status_of(exchange(get("/slow"))), "200");
}

TEST_F(HttpServerTest, ReceivesTheNextRequestWhileOneRuns) {
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send(get("/wait")));
  handler_.await_waiting(1);
  const std::string body(300'000, 'b');
  ASSERT_TRUE(client.send(get("/quick1") + post("/slow", body)));
  handler_.release();
  EXPECT_EQ(body_of(client.read_response()), "waited");
  EXPECT_EQ(body_of(client.read_response()), "/quick1|");
  EXPECT_EQ(body_of(client.read_response()), "/slow|" + body);
}

TEST_F(HttpServerTest, ServesManyClientsAtOnce) {
  start();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      TestSocket client(server_->port());
      for (int index = 0; index < 200; ++index) {
        const std::string target = (index % 2 == 0 ? "/quick" : "/slow") + std::to_string(thread * 1000 + index);
        if (!client.send(post(target, std::string(index * 50, 'b')))) return;
        if (body_of(client.read_response()) == target + "|" + std::string(index * 50, 'b')) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), 1600);
}

TEST_F(HttpServerTest, LetsRunningRequestsEndWhenItStops) {
  start();
  TestSocket idle(server_->port());
  TestSocket running(server_->port());
  ASSERT_TRUE(idle.send(get("/quick")));
  idle.read_response();
  ASSERT_TRUE(running.send(get("/wait")));
  handler_.await_waiting(1);
  bool is_clean = false;
  std::thread stopper([&] { is_clean = server_->stop(60'000); });
  EXPECT_TRUE(idle.is_closed_by_peer());
  handler_.release();
  const std::string response = running.read_response();
  EXPECT_EQ(body_of(response), "waited");
  EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(running.is_closed_by_peer());
  running.close();
  stopper.join();
  EXPECT_TRUE(is_clean);
  EXPECT_TRUE(server_->stop(0));
}

TEST_F(HttpServerTest, CutsOffWhatOutlivesTheDeadline) {
  options_.worker_threads = 1;
  start();
  TestSocket running(server_->port());
  TestSocket queued(server_->port());
  ASSERT_TRUE(running.send(get("/wait")));
  handler_.await_waiting(1);
  ASSERT_TRUE(queued.send(get("/slow")));
  await_counters([](const HttpServerCounters& counters) { return counters.requests_queued == 1; });
  EXPECT_FALSE(server_->stop(10));
  handler_.await_cancelled(1);
  EXPECT_EQ(running.read_all(), "");
  EXPECT_EQ(queued.read_all(), "");
}

TEST_F(HttpServerTest, StopsUnderLoad) {
  start();
  std::latch started(4);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, port = server_->port()] {
      TestSocket client(port);
      bool is_counted = false;
      while (client.send(get("/quick") + get("/slow")) && status_of(client.read_response()) == "200") {
        if (!is_counted) started.count_down();
        is_counted = true;
        client.read_response();
      }
    });
  }
  started.wait();
  server_->stop(60'000);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server_->counters().connections_open, 0u);
}

TEST_F(HttpServerTest, NamesThePortThatIsTaken) {
  start();
  HttpServerOptions options;
  options.port = server_->port();
  HttpServer second(options, handler_);
  const auto started = second.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code(), base::ErrorCode::kSysError);
  EXPECT_NE(started.error().message().find("127.0.0.1:" + std::to_string(server_->port())), std::string::npos);
  EXPECT_NE(started.error().message().find("taken"), std::string::npos);
}

TEST_F(HttpServerTest, RefusesOptionsThatMakeNoSense) {
  for (auto change : {+[](HttpServerOptions& options) { options.address = "not-an-address"; },
                      +[](HttpServerOptions& options) { options.io_threads = 0; },
                      +[](HttpServerOptions& options) { options.limits.head_bytes = 2 << 20; },
                      +[](HttpServerOptions& options) { options.idle_timeout_ms = 0; }}) {
    HttpServerOptions options;
    change(options);
    const auto started = HttpServer(options, handler_).start();
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error().code(), base::ErrorCode::kBadParameter);
  }
}

}  // namespace
}  // namespace workerdb::net

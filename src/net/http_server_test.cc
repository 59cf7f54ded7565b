#include "net/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "net/http_server_test_fixture.h"

namespace workerdb::net {
namespace {

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

}  // namespace
}  // namespace workerdb::net

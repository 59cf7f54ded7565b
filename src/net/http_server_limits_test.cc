// What the listener refuses, and with which status.
#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "net/http_server_test_fixture.h"

namespace workerdb::net {
namespace {

class HttpServerLimits : public HttpServerTest {};

TEST_F(HttpServerLimits, RefusesWithTheRightStatusAndCloses) {
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

TEST_F(HttpServerLimits, AsksTheHandlerBeforeItReadsALargeBody) {
  options_.unasked_body_bytes = 500;
  start();
  auto status_of_head = [&](const std::string& path, int length) {
    TestSocket client(server_->port());
    client.send("POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n");
    return status_of(client.read_all());  // no byte of the body was sent
  };
  EXPECT_EQ(status_of_head("/stranger", 501), "401");
  EXPECT_EQ(status_of_head("/guest", 1001), "413");
  TestSocket known(server_->port());
  known.send(post("/stranger", std::string(500, 'a')) + post("/guest", std::string(1000, 'b')) +
             post("/friend", std::string(5000, 'c')) + get("/last", "Connection: close\r\n"));
  const std::string answers = known.read_all();
  EXPECT_NE(answers.find("/stranger|aaa"), std::string::npos);
  EXPECT_NE(answers.find("/guest|bbb"), std::string::npos);
  EXPECT_NE(answers.find("/friend|ccc"), std::string::npos);
  EXPECT_NE(answers.find("/last|"), std::string::npos);
}

TEST_F(HttpServerLimits, RefusesABodyThatEndsTooEarly) {
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  client.end_sending();
  EXPECT_EQ(status_of(client.read_all()), "400");
}

TEST_F(HttpServerLimits, GivesUpOnSlowHeadersAndBodies) {
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

TEST_F(HttpServerLimits, GivesUpOnHeadersThatDripIn) {
  options_.header_timeout_ms = 50;
  start();
  TestSocket client(server_->port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nX: "));
  while (client.send("a") && server_->counters().requests_refused == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(status_of(client.read_all()), "408");
}

TEST_F(HttpServerLimits, ClosesIdleConnectionsWithoutAWord) {
  options_.idle_timeout_ms = 30;
  start();
  TestSocket fresh(server_->port());
  EXPECT_TRUE(fresh.is_closed_by_peer());
  TestSocket used(server_->port());
  ASSERT_TRUE(used.send(get("/quick")));
  EXPECT_EQ(status_of(used.read_response()), "200");
  EXPECT_TRUE(used.is_closed_by_peer());
}

TEST_F(HttpServerLimits, ClosesOnReadersThatTakeNothing) {
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

TEST_F(HttpServerLimits, RefusesConnectionsOverTheLimit) {
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

TEST_F(HttpServerLimits, RefusesRequestsThatFindTheQueueFullButKeepsTheConnection) {
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

TEST_F(HttpServerLimits, RefusesBodiesOverTheBudgetOfAll) {
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

TEST_F(HttpServerLimits, NamesThePortThatIsTaken) {
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

TEST_F(HttpServerLimits, RefusesOptionsThatMakeNoSense) {
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

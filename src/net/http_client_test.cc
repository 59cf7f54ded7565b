#include "net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/http_server.h"
#include "net/loopback_test_socket.h"

namespace workerdb::net {
namespace {

using base::ErrorCode;

class EchoHandler : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    if (request.path() == "/teapot") return {418, "text/plain", "short and stout"};
    if (request.path() == "/large") return {200, "text/plain", std::string(100'000, 'x')};
    HttpResponse response(200, "application/test", std::string(http_method_name(request.method())));
    response.body += "|" + std::string(request.target()) + "|" + std::string(request.body());
    response.body += "|" + std::string(request.header("authorization").value_or("none"));
    return response;
  }
};

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() : server_(HttpServerOptions(), handler_) {
    EXPECT_TRUE(server_.start().has_value());
    options_.port = server_.port();
  }
  EchoHandler handler_;
  HttpServer server_;
  HttpClientOptions options_;
};

TEST_F(HttpClientTest, KeepsItsConnection) {
  options_.headers = {{"Authorization", basic_authorization("root", "pa:ss")}};
  HttpClient client(options_);
  const HttpResponse got = client.get("/a?b=c").value();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "GET|/a?b=c||Basic cm9vdDpwYTpzcw==");
  EXPECT_EQ(got.content_type, "application/test");
  EXPECT_EQ(got.header("CONTENT-TYPE"), "application/test");
  EXPECT_EQ(client.send(HttpMethod::kPost, "/x", "body", {{"Authorization", bearer_authorization("t")}}).value().body,
            "POST|/x|body|Bearer t");
  EXPECT_EQ(client.send(HttpMethod::kHead, "/x").value().body, "");
  EXPECT_EQ(client.get("/teapot").value().status, 418);
  EXPECT_EQ(server_.counters().connections_accepted, 1u);
}

TEST_F(HttpClientTest, ConnectsAgainWhenTheServerWasRestarted) {
  HttpClient client(options_);
  ASSERT_TRUE(client.get("/").has_value());
  const uint16_t port = server_.port();
  server_.stop(1000);
  HttpServerOptions same;
  same.port = port;
  HttpServer restarted(same, handler_);
  ASSERT_TRUE(restarted.start().has_value());
  EXPECT_TRUE(client.send(HttpMethod::kPost, "/").has_value());
  restarted.stop(1000);
  EXPECT_EQ(client.get("/").error().code(), ErrorCode::kSimpleClientCouldNotConnect);
}

TEST_F(HttpClientTest, BoundsTheResponse) {
  options_.max_response_bytes = 1000;
  HttpClient client(options_);
  const auto response = client.get("/large");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), ErrorCode::kSimpleClientCouldNotRead);
  EXPECT_NE(response.error().message().find("127.0.0.1:" + std::to_string(server_.port())), std::string::npos);
  EXPECT_TRUE(client.get("/small").has_value());
}

TEST_F(HttpClientTest, RefusesWhatCannotBeSent) {
  HttpClient client(options_);
  EXPECT_EQ(client.get("no-slash").error().code(), ErrorCode::kBadParameter);
  EXPECT_EQ(client.get("/a b").error().code(), ErrorCode::kBadParameter);
  EXPECT_EQ(client.get("/a\r\nX: y").error().code(), ErrorCode::kBadParameter);
  EXPECT_EQ(client.send(HttpMethod::kGet, "/", "", {{"X", "a\r\nY: b"}}).error().code(), ErrorCode::kBadParameter);
  EXPECT_EQ(client.send(HttpMethod::kOther, "/").error().code(), ErrorCode::kBadParameter);
}

TEST(HttpClientAlone, SaysWhenNobodyListens) {
  HttpClientOptions options;
  {
    TestListener listener;
    options.port = listener.port();
  }
  EXPECT_EQ(HttpClient(options).get("/").error().code(), ErrorCode::kSimpleClientCouldNotConnect);
  options.host = "name.invalid";
  EXPECT_EQ(HttpClient(options).get("/").error().code(), ErrorCode::kSimpleClientCouldNotConnect);
}

TEST(HttpClientAlone, GivesUpOnAServerThatDoesNotAnswer) {
  TestListener listener;  // the kernel accepts, nobody reads
  HttpClientOptions options;
  options.port = listener.port();
  options.read_timeout_ms = 30;
  EXPECT_EQ(HttpClient(options).get("/").error().code(), ErrorCode::kSimpleClientCouldNotRead);
}

TEST(HttpClientAlone, EndsARequestThatIsCancelled) {
  TestListener listener;  // the kernel accepts, nobody reads
  std::atomic<bool> cancelled{false};
  HttpClientOptions options;
  options.port = listener.port();
  options.read_timeout_ms = 3'600'000;  // longer than any test may run
  options.cancelled = &cancelled;
  std::thread other([&] {
    listener.accept();
    cancelled = true;
  });
  EXPECT_EQ(HttpClient(options).get("/").error().code(), ErrorCode::kSimpleClientCouldNotRead);
  other.join();
}

// What the client makes of a server that answers with exactly these bytes and closes.
base::Result<HttpResponse> response_to(std::string_view bytes) {
  TestListener listener;
  std::thread server([&] {
    TestSocket accepted(TestSocket::Adopted{}, listener.accept());
    accepted.read_response();  // the request's head
    accepted.send(bytes);
  });
  HttpClientOptions options;
  options.port = listener.port();
  auto response = HttpClient(options).get("/");
  server.join();
  return response;
}

TEST(HttpClientAlone, ReadsEveryFraming) {
  EXPECT_EQ(response_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").value().body,
            "abc");
  EXPECT_EQ(response_to("HTTP/1.1 200 OK\r\n\r\nuntil the end").value().body, "until the end");
  EXPECT_EQ(response_to("HTTP/1.1 204 No Content\r\n\r\n").value().status, 204);
}

TEST(HttpClientAlone, RefusesMalformedResponses) {
  for (const char* bytes : {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"}) {
    const auto response = response_to(bytes);
    ASSERT_FALSE(response.has_value()) << bytes;
    EXPECT_EQ(response.error().code(), ErrorCode::kSimpleClientCouldNotRead);
  }
}

}  // namespace
}  // namespace workerdb::net

#include "net/http_request_parser.h"

#include <gtest/gtest.h>

namespace workerdb::net {
namespace {

using Step = HttpRequestParser::Step;

HttpLimits small_limits() {
  return {.target_bytes = 100, .head_bytes = 1000, .header_count = 10, .body_bytes = 100'000};
}

// The status that the bytes are refused with; 0 when they are a complete request, -1 when more is needed.
int outcome(std::string_view bytes, size_t step_bytes) {
  const HttpLimits limits = small_limits();
  HttpRequestParser parser(limits);
  std::string input;
  Step step = Step::kNeedMore;
  while (step == Step::kNeedMore && !bytes.empty()) {
    const size_t taken = std::min(step_bytes, bytes.size());
    input.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    size_t consumed = 0;
    step = parser.parse(input, consumed);
    input.erase(0, consumed);
  }
  if (step == Step::kError) return parser.error().status;
  return step == Step::kComplete ? 0 : -1;
}

// However the bytes are cut, the outcome is the same.
int outcome(std::string_view bytes) {
  const int whole = outcome(bytes, bytes.size());
  EXPECT_EQ(outcome(bytes, 1), whole) << bytes;
  EXPECT_EQ(outcome(bytes, 7), whole) << bytes;
  return whole;
}

std::string with_headers(std::string_view headers, std::string_view rest = "") {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n" + std::string(rest);
}

TEST(HttpRequestParser, ReadsARequestWithABody) {
  const HttpLimits limits = small_limits();
  HttpRequestParser parser(limits);
  const std::string bytes = with_headers("X-A:  b c \r\nContent-Length: 5\r\nConnection: close\r\n", "helloNEXT");
  size_t consumed = 0;
  ASSERT_EQ(parser.parse(bytes, consumed), Step::kComplete);
  EXPECT_EQ(bytes.substr(consumed), "NEXT");
  const HttpRequest& request = parser.request();
  EXPECT_EQ(request.method(), HttpMethod::kPost);
  EXPECT_EQ(request.body(), "hello");
  EXPECT_EQ(request.header("x-a"), "b c");
  EXPECT_EQ(request.header_count(), 4u);
  EXPECT_FALSE(request.keep_alive());
  parser.reset();
  ASSERT_EQ(parser.parse("GET /b HTTP/1.1\r\nHost: h\r\n\r\n", consumed), Step::kComplete);
  EXPECT_EQ(parser.request().segment(0), "b");
  EXPECT_EQ(parser.request().body(), "");
  EXPECT_TRUE(parser.request().keep_alive());
}

TEST(HttpRequestParser, ReadsABodyInPiecesOfAnySize) {
  const HttpLimits limits = {.body_bytes = 1'000'000};
  HttpRequestParser parser(limits);
  size_t consumed = 0;
  ASSERT_EQ(parser.parse(with_headers("Content-Length: 300000\r\nExpect: 100-continue\r\n"), consumed),
            Step::kNeedMore);
  EXPECT_TRUE(parser.in_body());
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_LT(parser.body_capacity(), 300'000u) << "memory follows what was received";
  std::string sent;
  Step step = Step::kNeedMore;
  while (step == Step::kNeedMore) {
    ASSERT_GT(parser.body_space_bytes(), 0u);
    const size_t bytes = std::min<size_t>(parser.body_space_bytes(), 7777);
    const std::string piece(bytes, static_cast<char>('a' + sent.size() % 26));
    piece.copy(parser.body_space(), bytes);
    sent += piece;
    step = parser.body_received(bytes);
  }
  EXPECT_EQ(step, Step::kComplete);
  EXPECT_EQ(parser.request().body(), sent);
  EXPECT_EQ(sent.size(), 300'000u);
}

TEST(HttpRequestParser, KnowsVersionsAndKeepAlive) {
  EXPECT_EQ(outcome("GET / HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\n\r\n"), 400) << "HTTP/1.1 needs a Host";
  EXPECT_EQ(outcome("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(outcome("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(outcome("GET / HTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(outcome("GET /\r\n\r\n"), 400);
  EXPECT_EQ(outcome("\r\n\r\nGET / HTTP/1.0\r\n\r\n"), 0) << "left-over line breaks are forgiven";
}

TEST(HttpRequestParser, RefusesMethodsItDoesNotKnow) {
  EXPECT_EQ(outcome("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"), 405);
  EXPECT_EQ(outcome("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n"), 405);
  EXPECT_EQ(outcome("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"), 405);
}

TEST(HttpRequestParser, KeepsItsLimits) {
  EXPECT_EQ(outcome("GET /" + std::string(99, 'a') + " HTTP/1.0\r\n\r\n"), 0);
  EXPECT_EQ(outcome("GET /" + std::string(100, 'a') + " HTTP/1.0\r\n\r\n"), 414);
  EXPECT_EQ(outcome("GET /" + std::string(5000, 'a')), 414) << "without waiting for the end of the line";
  EXPECT_EQ(outcome(with_headers("X: " + std::string(2000, 'a') + "\r\n")), 431);
  EXPECT_EQ(outcome("POST /a HTTP/1.1\r\nX: " + std::string(2000, 'a')), 431) << "without waiting for the end";
  std::string many;
  for (int index = 0; index < 10; ++index) many += "A: b\r\n";
  EXPECT_EQ(outcome(with_headers(many)), 431);
  EXPECT_EQ(outcome(with_headers("Content-Length: 100001\r\n")), 413) << "before the body is sent";
  EXPECT_EQ(outcome(with_headers("Content-Length: 9999999999999999999\r\n")), 413);
}

TEST(HttpRequestParser, RefusesWhatTwoServersCouldReadDifferently) {
  EXPECT_EQ(outcome(with_headers("Content-Length: 1\r\nContent-Length: 2\r\n", "ab")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: 1\r\nContent-Length: 1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: 1, 1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: +1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: -1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: 0x1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: 1 1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: \r\n")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: 18446744073709551617\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(outcome(with_headers("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n")), 400);
  EXPECT_EQ(outcome(with_headers("Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "abc")), 400);
  EXPECT_EQ(outcome(with_headers("Transfer-Encoding: chunked\r\n", "0\r\n\r\n")), 501);
  EXPECT_EQ(outcome(with_headers("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")), 501);
  EXPECT_EQ(outcome("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(outcome(with_headers("Content-Length : 1\r\n", "a")), 400) << "a blank before the colon";
  EXPECT_EQ(outcome(with_headers("Host: other\r\n")), 400);
  EXPECT_EQ(outcome(with_headers("X: a\r\n b\r\n")), 400) << "a folded line";
  EXPECT_EQ(outcome(with_headers("X:\r\n\tb\r\n")), 400);
  EXPECT_EQ(outcome("GET / HTTP/1.1\nHost: h\n\n"), 400) << "bare line feeds";
  EXPECT_EQ(outcome(with_headers("X: a\nContent-Length: 1\r\n", "a")), 400);
  EXPECT_EQ(outcome(with_headers("X: a\rb\r\n")), 400);
  EXPECT_EQ(outcome(with_headers(std::string("X: a\0b\r\n", 8))), 400);
}

TEST(HttpRequestParser, RefusesGarbageAtOnce) {
  EXPECT_EQ(outcome("\x16\x03\x01\x02"), 400) << "TLS on a plain port";
  EXPECT_EQ(outcome(" GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(outcome("GET /a%zz HTTP/1.0\r\n\r\n"), 400);
  EXPECT_EQ(outcome("GET /%c0%af HTTP/1.0\r\n\r\n"), 400);
  EXPECT_EQ(outcome("GET /a?b=%ff HTTP/1.0\r\n\r\n"), 400);
  EXPECT_EQ(outcome("GET nothing HTTP/1.0\r\n\r\n"), 400);
  EXPECT_EQ(outcome(with_headers("Expect: 200-ok\r\n")), 417);
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: h\r\n"), -1);
}

}  // namespace
}  // namespace workerdb::net

#pragma once
// Bytes to requests, without sockets: the listener feeds it, and so do the fuzzer and the tests.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/http.h"
#include "net/http_server.h"

namespace workerdb::net {

// Why bytes are no request: the status to answer with, and a sentence for the client.
struct HttpProtocolError {
  int status = 0;
  std::string_view reason;  // static storage
};

// Strict on purpose where leniency lets two servers see different requests in the same bytes (RFC 9112,
// sections 6.3 and 11.2): a Transfer-Encoding, a second Content-Length or Host, folded lines and bare line
// feeds are errors. After an error the connection cannot be framed any more and must be closed.
class HttpRequestParser {
 public:
  enum class Step : uint8_t { kNeedMore, kComplete, kError };

  // The limits are borrowed.
  explicit HttpRequestParser(const HttpLimits& limits) : limits_(limits) {}

  // Reads from the front of `input`; `consumed` says how many bytes of it are done with, the rest is
  // presented again with more behind it. After kComplete, reset() before the next request.
  Step parse(std::string_view input, size_t& consumed);

  // True while kNeedMore waits for the body. Then bytes may be received into body_space() directly, without
  // parse() in between; body_received() says how many came.
  bool in_body() const { return state_ == State::kBody; }
  char* body_space() { return request_.body_.data() + received_; }
  size_t body_space_bytes() const { return request_.body_.size() - received_; }
  Step body_received(size_t bytes);

  // True when the client waits for "100 Continue" before it sends the body (RFC 9110, section 10.1.1).
  bool expects_continue() const { return expects_continue_ && state_ == State::kBody && received_ == 0; }
  uint64_t body_bytes_received() const { return received_; }
  // As the head says; 0 before it is complete.
  uint64_t content_length() const { return content_length_; }
  size_t body_capacity() const { return request_.body_.capacity(); }

  HttpRequest& request() { return request_; }
  const HttpRequest& request() const { return request_; }
  const HttpProtocolError& error() const { return error_; }

  // Ready for the next request. A large body's memory is given back.
  void reset();

 private:
  enum class State : uint8_t { kHead, kBody, kComplete, kError };
  class HeadReader;

  Step parse_head(std::string_view input, size_t& consumed);
  Step check_unfinished_head(std::string_view input);
  Step take_head(std::string_view head);
  Step begin_body();
  void grow_body();
  Step fail(int status, std::string_view reason);

  const HttpLimits& limits_;
  HttpRequest request_;
  State state_ = State::kHead;
  bool expects_continue_ = false;
  size_t scanned_ = 0;  // of an unfinished head: no end of head begins before
  uint64_t content_length_ = 0;
  uint64_t received_ = 0;
  HttpProtocolError error_;
};

}  // namespace workerdb::net

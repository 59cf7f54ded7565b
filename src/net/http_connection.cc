#include "net/http_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <exception>

#include "base/log.h"
#include "net/http_request_parser.h"
#include "net/http_response_writer.h"
#include "net/input_buffer.h"

namespace workerdb::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Step = HttpRequestParser::Step;

// What a client may send ahead while a request of it runs; more stays in the kernel.
constexpr size_t kInputAheadBytes = 64 * 1024;
// A body that is slower than this much in each body timeout is given up.
constexpr uint64_t kBodyProgressBytes = 16 * 1024;
// Bodies below are not charged to the server's budget.
constexpr uint64_t kUnchargedBodyBytes = 256 * 1024;
// How long a closing connection reads on: closing with unread input would reset the connection, and the
// client would lose the response (RFC 9112, section 9.6).
constexpr int64_t kLingerMs = 2'000;

}  // namespace

// Every member belongs to the loop's thread, but for the time between submit() and on_handled(): then the
// worker reads the request and writes `response_`.
class HttpConnection final : public LoopMember,
                             public WorkerPool::Job,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(IoLoop& loop, tcp::socket socket)
      : loop_(loop), server_(loop.server()), socket_(std::move(socket)), parser_(server_.options.limits) {}
  ~HttpConnection() override { charge_body(0); }

  void start(ConnectionRole role);
  void check_deadline(int64_t now_ms) override;
  void finish() override;
  void abort() override;
  void run() override;

 private:
  enum class Phase : uint8_t { kReading, kHandling, kWriting, kDraining, kClosed };
  enum class Wait : uint8_t { kNothing, kIdle, kHead, kBody, kWrite, kLinger };

  void identify_peer();
  void read();
  void on_read(const error_code& code, size_t bytes);
  void on_end_of_input(const error_code& code);
  void process();
  bool take_step(Step step);
  bool may_have_body();
  void wait_for_input();
  bool is_quick() const;
  HttpResponse guarded_handle();
  void dispatch();
  void on_handled();
  void respond(HttpResponse response);
  void refuse(int status, std::string_view reason, bool close_after);
  bool charge_body(uint64_t bytes);
  void flush();
  void after_write();
  void wait_until(Wait wait, int64_t timeout_ms) {
    wait_ = wait;
    deadline_ms_ = loop_.deadline_after(timeout_ms);
  }
  void drain();
  void close();

  IoLoop& loop_;
  ServerContext& server_;
  tcp::socket socket_;
  HttpRequestParser parser_;
  HttpResponseWriter writer_;
  InputBuffer input_;
  HttpResponse response_;
  Phase phase_ = Phase::kReading;
  Wait wait_ = Wait::kNothing;
  int64_t deadline_ms_ = 0;
  uint64_t body_mark_ = 0;      // body bytes when the body deadline was set
  uint64_t charged_bytes_ = 0;  // of the server's body budget
  uint32_t batched_ = 0;        // responses since the last write
  bool is_reading_ = false;     // a read is under way
  bool reads_body_ = false;     // ... into the request's body
  bool is_ended_ = false;       // the peer has closed its side
  bool is_broken_ = false;      // the peer takes nothing any more
  bool closes_ = false;         // after what is being written
  bool is_request_ready_ = false;
  bool said_continue_ = false;
  bool was_asked_ = false;  // the handler, about this request's body
  bool yields_ = false;     // lets other connections run before the next request
};

void HttpConnection::start(ConnectionRole role) {
  identify_peer();
  if (role == ConnectionRole::kRefuse) {
    loop_.counters().connections_refused.add(1);
    return refuse(503, "too many connections", true);
  }
  loop_.counters().connections_accepted.add(1);
  if (server_.is_stopping.load()) return close();
  wait_until(Wait::kIdle, server_.options.idle_timeout_ms);
  read();
}

void HttpConnection::identify_peer() {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  const tcp::endpoint peer = socket_.remote_endpoint(ignored);
  if (ignored) return;
  parser_.request().remote_address_ = peer.address().to_string();
  parser_.request().remote_port_ = peer.port();
}

void HttpConnection::read() {
  if (is_reading_ || is_ended_) return;
  asio::mutable_buffer space;
  reads_body_ = phase_ == Phase::kReading && parser_.in_body() && input_.empty();
  if (reads_body_) {
    space = asio::buffer(parser_.body_space(), parser_.body_space_bytes());
  } else {
    input_.make_space();
    space = asio::buffer(input_.space(), input_.space_bytes());
  }
  is_reading_ = true;
  socket_.async_read_some(
      space, [self = shared_from_this()](const error_code& code, size_t bytes) { self->on_read(code, bytes); });
}

void HttpConnection::on_read(const error_code& code, size_t bytes) {
  is_reading_ = false;
  if (phase_ == Phase::kClosed) return;
  if (code) return on_end_of_input(code);
  loop_.counters().bytes_received.add(bytes);
  if (phase_ == Phase::kDraining) return read();
  if (reads_body_) return take_step(parser_.body_received(bytes)) ? process() : void();
  input_.received(bytes);
  if (phase_ == Phase::kReading) return process();
  if (input_.unread().size() < kInputAheadBytes) read();
}

void HttpConnection::on_end_of_input(const error_code& code) {
  is_ended_ = true;
  is_broken_ = code != asio::error::eof;
  switch (phase_) {
    case Phase::kReading:
      if (is_broken_ || (input_.empty() && !parser_.in_body())) return close();
      return refuse(400, "the connection ended before the request did", true);
    case Phase::kHandling:
      if (const auto& flag = parser_.request().cancelled_) flag->store(true, std::memory_order_relaxed);
      return;
    case Phase::kWriting: return is_broken_ ? close() : void();
    case Phase::kDraining: return close();
    case Phase::kClosed: return;
  }
}

// Parses and answers what has been received, until something must be waited for.
void HttpConnection::process() {
  for (;;) {
    size_t consumed = 0;
    const Step step = parser_.parse(input_.unread(), consumed);
    input_.consume(consumed);
    if (!take_step(step)) return;
  }
}

// False when the connection now waits for something that will call process() again.
bool HttpConnection::take_step(Step step) {
  if (step == Step::kError) {
    refuse(parser_.error().status, parser_.error().reason, true);
    return false;
  }
  if (!charge_body(parser_.body_capacity())) {
    refuse(503, "too many large bodies are being received", true);
    return false;
  }
  if (step == Step::kNeedMore) {
    if (may_have_body()) wait_for_input();
    return false;
  }
  loop_.counters().requests.add(1);
  if (!is_quick()) {
    is_request_ready_ = true;
    if (writer_.empty()) {
      dispatch();
    } else {
      flush();
    }
    return false;
  }
  loop_.counters().requests_quick.add(1);
  parser_.request().cancelled_.reset();
  respond(guarded_handle());
  // A batch is written when it is full, and when the input is used up (wait_for_input).
  yields_ = ++batched_ >= server_.options.max_pipelined_requests;
  if (!closes_ && !yields_ && !input_.empty()) return true;
  flush();
  return false;
}

// Asks the handler once about a large body; false when the request was refused for it.
bool HttpConnection::may_have_body() {
  if (was_asked_ || !parser_.in_body() || parser_.content_length() <= server_.options.unasked_body_bytes) return true;
  was_asked_ = true;
  const uint64_t limit = server_.handler.body_limit(parser_.request());
  if (parser_.content_length() <= limit) return true;
  if (limit == 0) {
    refuse(401, "a body of this size needs a login", true);
  } else {
    refuse(413, "the body is larger than this request may have", true);
  }
  return false;
}

void HttpConnection::wait_for_input() {
  if (parser_.expects_continue() && !said_continue_) {
    said_continue_ = true;
    writer_.append_continue();
  }
  if (!writer_.empty()) return flush();
  if (parser_.in_body()) {
    const uint64_t received = parser_.body_bytes_received();
    if (wait_ != Wait::kBody || received - body_mark_ >= kBodyProgressBytes) {
      body_mark_ = received;
      wait_until(Wait::kBody, server_.options.body_timeout_ms);
    }
  } else if (input_.empty()) {
    if (server_.is_stopping.load(std::memory_order_relaxed)) return close();
    wait_until(Wait::kIdle, server_.options.idle_timeout_ms);
  } else if (wait_ != Wait::kHead) {
    wait_until(Wait::kHead, server_.options.header_timeout_ms);
  }
  if (is_ended_) return on_end_of_input(asio::error::eof);
  read();
}

bool HttpConnection::is_quick() const {
  try {
    return server_.handler.is_quick(parser_.request());
  } catch (...) {
    return false;  // handle() will meet the same trouble and report it
  }
}

HttpResponse HttpConnection::guarded_handle() {
  try {
    return server_.handler.handle(parser_.request());
  } catch (const std::exception& exception) {
    base::log_error("net", "a request handler threw: {}", exception.what());
  } catch (...) {
    base::log_error("net", "a request handler threw something that is no exception");
  }
  return HttpResponse(500);
}

void HttpConnection::dispatch() {
  is_request_ready_ = false;
  phase_ = Phase::kHandling;
  wait_ = Wait::kNothing;
  // A flag that nobody kept serves the next request as well.
  auto& flag = parser_.request().cancelled_;
  if (flag == nullptr || flag.use_count() > 1) flag = std::make_shared<std::atomic<bool>>(false);
  flag->store(is_ended_, std::memory_order_relaxed);
  if (!server_.pool.submit(shared_from_this())) {
    phase_ = Phase::kReading;
    yields_ = true;
    return refuse(503, "too many requests are waiting", false);
  }
  // Only to see the peer go, or to receive its next request meanwhile.
  if (input_.unread().size() < kInputAheadBytes) read();
}

void HttpConnection::run() {
  response_ = guarded_handle();
  asio::post(loop_.context(), [self = shared_from_this()] { self->on_handled(); });
}

void HttpConnection::on_handled() {
  if (phase_ == Phase::kClosed) return;
  if (is_broken_) return close();
  phase_ = Phase::kReading;
  respond(std::move(response_));
  flush();
}

// Appends the response of the parser's request and makes room for the next one.
void HttpConnection::respond(HttpResponse response) {
  const HttpRequest& request = parser_.request();
  closes_ = closes_ || response.close || !request.keep_alive() || server_.is_stopping.load(std::memory_order_relaxed);
  writer_.append(std::move(response), {.close = closes_,
                                       .is_http_10 = request.version() == 10,
                                       .without_body = request.method() == HttpMethod::kHead,
                                       .date = loop_.date()});
  parser_.reset();
  if (charged_bytes_ > 0) charge_body(0);
  said_continue_ = was_asked_ = false;
}

void HttpConnection::refuse(int status, std::string_view reason, bool close_after) {
  loop_.counters().requests_refused.add(1);
  HttpResponse response(status);
  try {
    response = server_.handler.error_response(status, reason);
  } catch (const std::exception& exception) {
    base::log_error("net", "the handler of protocol errors threw: {}", exception.what());
  }
  response.status = status;
  if (status == 405) response.add_header("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  closes_ = closes_ || close_after || response.close || !parser_.request().keep_alive();
  const bool is_head = parser_.request().method() == HttpMethod::kHead;
  writer_.append(std::move(response), {.close = closes_, .without_body = is_head, .date = loop_.date()});
  // Otherwise a read may still be under way into the request's body, whose memory must stay.
  if (!closes_) parser_.reset();
  if (!closes_ || !reads_body_ || !is_reading_) charge_body(0);
  flush();
}

// Brings what this connection takes of the server's body budget to `bytes`; false when there is not so much
// left.
bool HttpConnection::charge_body(uint64_t bytes) {
  if (bytes <= kUnchargedBodyBytes) bytes = 0;
  if (bytes == charged_bytes_) return true;
  const uint64_t before = server_.body_bytes.fetch_add(bytes - charged_bytes_);
  const bool fits = bytes < charged_bytes_ || before - charged_bytes_ + bytes <= server_.options.total_body_bytes;
  charged_bytes_ = bytes;
  return fits;
}

void HttpConnection::flush() {
  while (!writer_.empty()) {
    const auto parts = writer_.parts();
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return close();
    if (sent > 0) {
      loop_.counters().bytes_sent.add(static_cast<uint64_t>(sent));
      writer_.sent(static_cast<size_t>(sent));
      wait_ = Wait::kNothing;
      continue;
    }
    phase_ = Phase::kWriting;
    if (wait_ != Wait::kWrite) wait_until(Wait::kWrite, server_.options.write_timeout_ms);
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& code) {
      if (self->phase_ == Phase::kClosed) return;
      if (code) return self->close();
      self->flush();
    });
    return;
  }
  after_write();
}

void HttpConnection::after_write() {
  batched_ = 0;
  if (closes_) return drain();
  if (is_request_ready_) return dispatch();
  phase_ = Phase::kReading;
  // A client that sends without pause waits for others; and the stack does not grow with its requests.
  if (yields_) {
    yields_ = false;
    asio::post(loop_.context(), [self = shared_from_this()] {
      if (self->phase_ == Phase::kReading) self->process();
    });
    return;
  }
  if (input_.empty() && !parser_.in_body()) return wait_for_input();
  process();
}

void HttpConnection::check_deadline(int64_t now_ms) {
  if (wait_ == Wait::kNothing || now_ms < deadline_ms_) return;
  switch (wait_) {
    case Wait::kHead: return refuse(408, "the headers did not arrive in time", true);
    case Wait::kBody: return refuse(408, "the body did not arrive in time", true);
    default: return close();
  }
}

void HttpConnection::finish() {
  const bool is_idle = phase_ == Phase::kReading && wait_ == Wait::kIdle && input_.empty();
  if (is_idle) close();
}

void HttpConnection::abort() {
  if (phase_ == Phase::kHandling) parser_.request().cancelled_->store(true, std::memory_order_relaxed);
  close();
}

void HttpConnection::drain() {
  phase_ = Phase::kDraining;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  if (is_ended_) return close();
  input_.discard();
  wait_until(Wait::kLinger, kLingerMs);
  read();
}

void HttpConnection::close() {
  if (phase_ == Phase::kClosed) return;
  const auto self = shared_from_this();  // the loop may hold the last reference
  phase_ = Phase::kClosed;
  wait_ = Wait::kNothing;
  error_code ignored;
  socket_.close(ignored);
  loop_.remove(*this);
  if (server_.connections_open.fetch_sub(1) == 1 && server_.is_stopping.load()) {
    base::MutexLock lock(server_.mutex);
    server_.all_closed.notify_all();
  }
}

void open_connection(IoLoop& loop, int descriptor, ConnectionRole role) {
  tcp::socket socket(loop.context());
  sockaddr_storage local{};
  socklen_t length = sizeof(local);
  const bool is_known = ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &length) == 0;
  error_code code;
  socket.assign(is_known && local.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor, code);
  if (code) {
    ::close(descriptor);
    loop.server().connections_open.fetch_sub(1);
    return;
  }
  auto connection = std::make_shared<HttpConnection>(loop, std::move(socket));
  loop.add(connection);
  connection->start(role);
}

}  // namespace workerdb::net

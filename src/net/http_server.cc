#include "net/http_server.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <vector>

#include "base/log.h"
#include "net/http_connection.h"
#include "net/io_loop.h"

namespace workerdb::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::Error;
using base::ErrorCode;
using base::Result;
using boost::system::error_code;

constexpr uint32_t kMaximumHeadBytes = 1024 * 1024;
// Connections over the limit that may hear their 503; the ones above are closed without a word.
constexpr uint64_t kRefusedAtOnce = 128;
// When accept() fails (no descriptors left), trying again at once would only burn the processor.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

Result<> check_options(const HttpServerOptions& options) {
  const auto wrong = [](const char* what) {
    return Error(ErrorCode::kBadParameter, fmt::format("HTTP listener: {}", what));
  };
  if (options.io_threads < 1 || options.io_threads > 256) return wrong("io_threads must be 1 to 256");
  if (options.worker_threads < 1 || options.worker_threads > 1024) return wrong("worker_threads must be 1 to 1024");
  if (options.limits.head_bytes > kMaximumHeadBytes) return wrong("head_bytes must be at most 1 MiB");
  if (options.limits.target_bytes >= options.limits.head_bytes) return wrong("target_bytes must be below head_bytes");
  if (options.max_connections < 1) return wrong("max_connections must be at least 1");
  if (options.max_pipelined_requests < 1) return wrong("max_pipelined_requests must be at least 1");
  if (options.idle_timeout_ms < 1 || options.header_timeout_ms < 1 || options.body_timeout_ms < 1 ||
      options.write_timeout_ms < 1) {
    return wrong("timeouts must be at least 1 ms");
  }
  return {};
}

}  // namespace

HttpResponse HttpHandler::error_response(int status, std::string_view reason) {
  return {status, "text/plain; charset=utf-8", std::string(reason) + "\n"};
}

class HttpServer::State {
 public:
  State(HttpServerOptions options, HttpHandler& handler) : server_(std::move(options), handler) {}

  Result<> start();
  bool stop(int64_t deadline_ms);
  uint16_t port() const { return port_; }
  HttpServerCounters counters() const;

 private:
  Result<> listen();
  void accept();
  void on_accept(int descriptor);
  bool wait_until_all_closed(int64_t deadline_ms);

  ServerContext server_;
  std::vector<std::unique_ptr<IoLoop>> loops_;
  std::unique_ptr<tcp::acceptor> acceptor_;  // of the first loop, and used on its thread
  std::unique_ptr<asio::steady_timer> pause_;
  size_t next_loop_ = 0;
  std::atomic<uint64_t> refused_silently_{0};
  uint16_t port_ = 0;
  bool is_started_ = false;
  bool is_stopped_ = false;
};

Result<> HttpServer::State::start() {
  if (is_started_) return Error(ErrorCode::kIllegalState, "the HTTP listener was started before");
  TRY(check_options(server_.options));
  try {
    for (int index = 0; index < server_.options.io_threads; ++index) {
      loops_.push_back(std::make_unique<IoLoop>(server_));
    }
    TRY(listen());
    is_started_ = true;
    server_.pool.start(server_.options.worker_threads);
    accept();
    for (auto& loop : loops_) loop->run_thread();
  } catch (const std::exception& exception) {
    return Error(ErrorCode::kSysError, fmt::format("HTTP listener: {}", exception.what()));
  }
  return {};
}

Result<> HttpServer::State::listen() {
  const HttpServerOptions& options = server_.options;
  error_code code;
  const auto address = asio::ip::make_address(options.address, code);
  if (code) {
    return Error(ErrorCode::kBadParameter, fmt::format("'{}' is not an IP address to listen on", options.address));
  }
  const auto fails = [&](std::string_view reason) {
    const bool is_ipv6 = address.is_v6();
    return Error(ErrorCode::kSysError, fmt::format("cannot listen on {}{}{}:{}: {}", is_ipv6 ? "[" : "",
                                                   options.address, is_ipv6 ? "]" : "", options.port, reason));
  };
  const tcp::endpoint endpoint(address, options.port);
  asio::io_context& context = loops_.front()->context();
  pause_ = std::make_unique<asio::steady_timer>(context);
  acceptor_ = std::make_unique<tcp::acceptor>(context);
  acceptor_->open(endpoint.protocol(), code);
  if (!code) acceptor_->set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor_->bind(endpoint, code);
  if (!code) acceptor_->listen(asio::socket_base::max_listen_connections, code);
  if (code == asio::error::address_in_use) return fails("the port is taken by another program");
  if (code == asio::error::access_denied) return fails("not permitted; ports below 1024 need privileges");
  if (code) return fails(code.message());
  port_ = acceptor_->local_endpoint(code).port();
  return {};
}

void HttpServer::State::accept() {
  acceptor_->async_accept([this](const error_code& code, tcp::socket socket) {
    if (!acceptor_->is_open()) return;
    if (code == asio::error::connection_aborted) return accept();
    if (code) {
      base::log_warning("net", "cannot accept a connection: {}", code.message());
      pause_->expires_after(kAcceptPause);
      pause_->async_wait([this](const error_code& cancelled) {
        if (!cancelled && acceptor_->is_open()) accept();
      });
      return;
    }
    error_code not_released;
    const int descriptor = socket.release(not_released);
    if (!not_released) on_accept(descriptor);
    accept();
  });
}

void HttpServer::State::on_accept(int descriptor) {
  const uint64_t open = server_.connections_open.fetch_add(1);
  if (open >= server_.options.max_connections + kRefusedAtOnce) {
    server_.connections_open.fetch_sub(1);
    refused_silently_.fetch_add(1);
    error_code ignored;
    tcp::socket(loops_.front()->context(), tcp::v4(), descriptor).close(ignored);
    return;
  }
  const auto role = open >= server_.options.max_connections ? ConnectionRole::kRefuse : ConnectionRole::kServe;
  IoLoop& loop = *loops_[next_loop_++ % loops_.size()];
  loop.post([&loop, descriptor, role] { open_connection(loop, descriptor, role); });
}

bool HttpServer::State::wait_until_all_closed(int64_t deadline_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  base::MutexLock lock(server_.mutex);
  while (server_.connections_open.load() > 0) {
    if (server_.all_closed.wait_until(lock, deadline) == std::cv_status::timeout) {
      return server_.connections_open.load() == 0;
    }
  }
  return true;
}

bool HttpServer::State::stop(int64_t deadline_ms) {
  if (!is_started_ || is_stopped_) return true;
  is_stopped_ = true;
  server_.is_stopping.store(true);
  loops_.front()->post([this] {
    error_code ignored;
    acceptor_->close(ignored);
    pause_->cancel();
  });
  for (auto& loop : loops_) loop->post([&loop = *loop] { loop.finish_all(); });
  const bool is_clean = wait_until_all_closed(deadline_ms);
  server_.pool.drop_queued();
  if (!is_clean) {
    for (auto& loop : loops_) loop->post([&loop = *loop] { loop.abort_all(); });
  }
  server_.pool.stop();
  for (auto& loop : loops_) loop->stop_thread();
  return is_clean;
}

HttpServerCounters HttpServer::State::counters() const {
  HttpServerCounters sum;
  sum.connections_refused = refused_silently_.load();
  for (const auto& loop : loops_) {
    const LoopCounters& one = loop->counters();
    sum.connections_accepted += one.connections_accepted.value();
    sum.connections_refused += one.connections_refused.value();
    sum.requests += one.requests.value();
    sum.requests_quick += one.requests_quick.value();
    sum.requests_refused += one.requests_refused.value();
    sum.bytes_received += one.bytes_received.value();
    sum.bytes_sent += one.bytes_sent.value();
  }
  sum.connections_open = server_.connections_open.load();
  sum.requests_queued = server_.pool.queued();
  sum.requests_running = server_.pool.running();
  return sum;
}

HttpServer::HttpServer(HttpServerOptions options, HttpHandler& handler)
    : state_(std::make_unique<State>(std::move(options), handler)) {}

HttpServer::~HttpServer() { stop(0); }

Result<> HttpServer::start() { return state_->start(); }
uint16_t HttpServer::port() const { return state_->port(); }
bool HttpServer::stop(int64_t deadline_ms) { return state_->stop(deadline_ms); }
HttpServerCounters HttpServer::counters() const { return state_->counters(); }

}  // namespace workerdb::net

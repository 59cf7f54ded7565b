#include "net/http_client.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <exception>
#include <optional>

namespace workerdb::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using base::Error;
using base::ErrorCode;
using base::Result;
using boost::system::error_code;

constexpr uint32_t kResponseHeadBytes = 1024 * 1024;
constexpr std::chrono::milliseconds kCancelCheckInterval{20};

bool has_line_break(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

bool is_repeatable(HttpMethod method) { return method != HttpMethod::kPost && method != HttpMethod::kPatch; }

Result<> check_headers(const std::vector<HttpHeader>& headers) {
  for (const HttpHeader& header : headers) {
    if (header.name.empty() || header.name.find_first_of(" :\t") != std::string::npos || has_line_break(header.name) ||
        has_line_break(header.value)) {
      return Error(ErrorCode::kBadParameter, "HTTP client: a header cannot be sent");
    }
  }
  return {};
}

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

}  // namespace

std::string basic_authorization(std::string_view user, std::string_view password) {
  return "Basic " + base64(std::string(user) + ":" + std::string(password));
}

std::string bearer_authorization(std::string_view token) { return "Bearer " + std::string(token); }

// Beast's stream knows timeouts for asynchronous operations only, so each operation is started and the
// context runs until it has ended.
class HttpClient::State {
 public:
  explicit State(HttpClientOptions client_options) : options(std::move(client_options)) {}

  // What became of one attempt. `is_stale`: a kept connection broke before any byte of the response, so the
  // server cannot have answered.
  struct Failure {
    Error error;
    bool is_stale = false;
  };
  using Request = http::request<http::string_body>;

  Result<> connect();
  std::optional<Failure> exchange(const Request& request, HttpResponse& response);
  bool is_connected() const { return stream.has_value(); }
  void drop_if_closed();
  void close();
  Result<Request> build(HttpMethod method, std::string_view target, std::string_view body,
                        const std::vector<HttpHeader>& headers) const;
  Error fail(ErrorCode code, std::string_view what, const error_code& reason) const {
    return Error(code, fmt::format("{} {}:{}: {}", what, options.host, options.port, reason.message()));
  }

  HttpClientOptions options;
  asio::io_context context{1};
  std::optional<beast::tcp_stream> stream;
  beast::flat_buffer buffer;

 private:
  // `start(handler)` begins an operation whose handler takes an error code first.
  template <typename Start>
  error_code run(int64_t timeout_ms, Start start) {
    error_code result = asio::error::operation_aborted;
    stream->expires_after(std::chrono::milliseconds(timeout_ms));
    start([&result](const error_code& code, auto&&...) { result = code; });
    context.restart();
    if (options.cancelled == nullptr) {
      context.run();
      return result;
    }
    while (!context.stopped()) {
      context.run_for(kCancelCheckInterval);
      if (*options.cancelled && !context.stopped()) stream->cancel();
    }
    return result;
  }
};

Result<> HttpClient::State::connect() {
  error_code code;
  tcp::resolver::results_type endpoints;
  const auto address = asio::ip::make_address(options.host, code);
  if (!code) {
    endpoints = tcp::resolver::results_type::create(tcp::endpoint(address, options.port), options.host, "");
  } else {
    tcp::resolver resolver(context);
    endpoints = resolver.resolve(options.host, std::to_string(options.port), code);
    if (code) return fail(ErrorCode::kSimpleClientCouldNotConnect, "cannot resolve", code);
  }
  for (const auto& entry : endpoints) {
    close();
    stream.emplace(context);
    code = run(options.connect_timeout_ms, [&](auto handler) { stream->async_connect(entry.endpoint(), handler); });
    if (code) continue;
    error_code ignored;
    stream->socket().set_option(tcp::no_delay(true), ignored);
    return {};
  }
  close();
  return fail(ErrorCode::kSimpleClientCouldNotConnect, "cannot connect to", code);
}

// A readable connection between requests has been closed by the server (or breaks the protocol).
void HttpClient::State::drop_if_closed() {
  if (!stream) return;
  char byte = 0;
  const ssize_t peeked = ::recv(stream->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (peeked >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) close();
}

void HttpClient::State::close() {
  if (stream) {
    error_code ignored;
    stream->socket().close(ignored);
    stream.reset();
  }
  buffer.clear();
}

std::optional<HttpClient::State::Failure> HttpClient::State::exchange(const Request& request, HttpResponse& response) {
  error_code code = run(options.write_timeout_ms, [&](auto handler) { http::async_write(*stream, request, handler); });
  // A server may refuse a request before it has read all of it: its response is then worth reading.
  const bool was_cut_off = code == asio::error::broken_pipe || code == asio::error::connection_reset;
  if (code && !was_cut_off) return Failure{fail(ErrorCode::kSimpleClientCouldNotWrite, "cannot write to", code)};
  const error_code write_code = code;
  http::response_parser<http::string_body> parser;
  parser.body_limit(options.max_response_bytes);
  parser.header_limit(kResponseHeadBytes);
  parser.skip(request.method() == http::verb::head);
  do {
    code = run(options.read_timeout_ms, [&](auto handler) { http::async_read(*stream, buffer, parser, handler); });
  } while (!code && !parser.is_done());
  if (code) {
    const bool is_stale = !parser.got_some() && code != beast::error::timeout;
    if (write_code)
      return Failure{fail(ErrorCode::kSimpleClientCouldNotWrite, "cannot write to", write_code), is_stale};
    return Failure{fail(ErrorCode::kSimpleClientCouldNotRead, "cannot read from", code), is_stale};
  }
  const bool keeps = parser.keep_alive() && !write_code;
  auto message = parser.release();
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    response.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  response.content_type = std::string(message[http::field::content_type]);
  response.body = std::move(message.body());
  response.close = !keeps;
  if (!keeps) close();
  return std::nullopt;
}

Result<HttpClient::State::Request> HttpClient::State::build(HttpMethod method, std::string_view target,
                                                            std::string_view body,
                                                            const std::vector<HttpHeader>& headers) const {
  if (method == HttpMethod::kOther) return Error(ErrorCode::kBadParameter, "HTTP client: the method cannot be sent");
  if (!target.starts_with('/') || target.find_first_of(" \t") != target.npos || has_line_break(target)) {
    return Error(ErrorCode::kBadParameter, "HTTP client: the target must start with '/' and be percent-encoded");
  }
  TRY(check_headers(options.headers));
  TRY(check_headers(headers));
  Request request;
  request.version(11);
  const std::string_view name = http_method_name(method);
  request.method(http::string_to_verb({name.data(), name.size()}));
  request.target({target.data(), target.size()});
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  request.set(http::field::host,
              fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", options.host, is_ipv6 ? "]" : "", options.port));
  for (const HttpHeader& header : options.headers) request.set(header.name, header.value);
  for (const HttpHeader& header : headers) request.set(header.name, header.value);
  request.body().assign(body);
  if (!body.empty() || method == HttpMethod::kPost || method == HttpMethod::kPut || method == HttpMethod::kPatch) {
    request.content_length(body.size());
  }
  return request;
}

HttpClient::HttpClient(HttpClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
void HttpClient::close() { state_->close(); }

Result<HttpResponse> HttpClient::send(HttpMethod method, std::string_view target, std::string_view body,
                                      const std::vector<HttpHeader>& headers) {
  State& state = *state_;
  try {
    const State::Request request = TRY(state.build(method, target, body, headers));
    state.drop_if_closed();
    const bool was_kept = state.is_connected();
    if (!was_kept) TRY(state.connect());
    HttpResponse response;
    auto failure = state.exchange(request, response);
    if (failure && failure->is_stale && was_kept && state.options.resends && is_repeatable(method)) {
      state.close();
      TRY(state.connect());
      response = HttpResponse();
      failure = state.exchange(request, response);
    }
    if (!failure) return response;
    state.close();
    return std::move(failure->error);
  } catch (const std::exception& exception) {
    state.close();
    return Error(ErrorCode::kSimpleClientCouldNotRead, fmt::format("HTTP client: {}", exception.what()));
  }
}

}  // namespace workerdb::net

#include "server/document_server.h"

#include <fmt/format.h>

#include <condition_variable>
#include <thread>

#include "base/base64.h"
#include "base/log.h"
#include "server/router.h"

namespace workerdb::server {

using net::HttpMethod;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr uint64_t kUnverifiedBodyBytes = 64ull * 1024 * 1024;
constexpr auto kExpiryInterval = std::chrono::seconds(1);

bool starts_with_database(const HttpRequest& request) { return request.segment(0) == "_db"; }

Error unauthorized() { return Error(ErrorCode::kForbidden, "not authorized to execute this request"); }

// What every answer carries (rules.md, "Recorded common response headers").
void add_common_headers(const HttpRequest& request, HttpResponse& response) {
  response.add_header("Server", "ArangoDB");
  response.add_header("X-Content-Type-Options", "nosniff");
  response.add_header("Cache-Control", "no-cache, no-store, must-revalidate");
  response.add_header("X-Arango-Queue-Time-Seconds", "0.000000");
  if (auto origin = request.header("origin")) {
    response.add_header("Access-Control-Allow-Origin", std::string(*origin));
    response.add_header("Access-Control-Expose-Headers",
                        "etag, content-encoding, content-length, location, server, x-arango-errors, "
                        "x-arango-async-id, x-arango-error-codes");
    response.add_header("Vary", "Origin");
  }
}

}  // namespace

class DocumentServer::Handler : public net::HttpHandler {
 public:
  explicit Handler(Services& services) : services_(services) {
    expiry_ = std::jthread([this](std::stop_token stop) { remove_expired(stop); });
  }

  bool is_quick(const HttpRequest& request) const override {
    auto match = router_.find(request, starts_with_database(request) ? 2 : 0, nullptr);
    // A read inside a stream transaction may wait for another request of the same transaction, and a password that
    // was not seen yet is hashed for milliseconds.
    if (match.route == nullptr || request.header("x-arango-trx-id") || !logs_in_quickly(request)) return false;
    if (match.route->is_quick == nullptr) return match.route->quick;
    return match.route->is_quick(request, starts_with_database(request) ? request.segment(1) : "_system", services_);
  }

  // A login that was seen already may send what the server takes. One that has to be hashed first, which is no work
  // for an io thread, may send enough for a batch of documents; who names none at all gets 401.
  uint64_t body_limit(const HttpRequest& head) const override {
    if (!services_.options.authentication) return UINT64_MAX;
    auto header = head.header("authorization");
    if (!header) return 0;
    if (auto given = basic_credentials(*header)) {
      return services_.users.is_remembered(given->user, given->password) ? UINT64_MAX : kUnverifiedBodyBytes;
    }
    Exchange exchange(head, services_);
    return authenticate(head, exchange) ? UINT64_MAX : 0;
  }

  HttpResponse handle(const HttpRequest& request) override {
    auto result = dispatch(request);
    HttpResponse response = result ? *std::move(result) : server::error_response(result.error());
    bool is_unauthorized = response.status == 401 && !request.header("x-omit-www-authenticate");
    if (is_unauthorized) response.add_header("WWW-Authenticate", "Bearer token_type=\"JWT\", realm=\"ArangoDB\"");
    add_common_headers(request, response);
    return response;
  }

  HttpResponse error_response(int status, std::string_view reason) override {
    // The documented numbers of protocol errors are the status codes themselves.
    Builder body;
    body.open_object();
    body.add("error", true);
    body.add("code", status);
    body.add("errorNum", status);
    body.add("errorMessage", reason);
    body.close();
    return json_response(status, body.slice());
  }

 private:
  Result<HttpResponse> dispatch(const HttpRequest& request) {
    if (request.method() == HttpMethod::kOptions) return preflight(request);
    Exchange exchange(request, services_);
    size_t first = 0;
    if (starts_with_database(request)) {
      exchange.database_name = request.segment(1);
      first = 2;
    }
    auto match = router_.find(request, first, &exchange.arguments);
    bool is_public = match.route != nullptr && match.route->access == Access::kPublic;
    if (!authenticate(request, exchange) && !is_public) return server::error_response(unauthorized(), 401);
    if (match.route == nullptr) return unknown_route(request, match.path_exists);
    TRY(authorize(exchange, match.route->access));
    return match.route->handler(exchange);
  }

  static HttpResponse preflight(const HttpRequest& request) {
    HttpResponse response(200);
    response.add_header("Allow", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    if (request.header("access-control-request-method")) {
      response.add_header("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
      response.add_header("Access-Control-Max-Age", "1800");
      if (auto headers = request.header("access-control-request-headers")) {
        response.add_header("Access-Control-Allow-Headers", std::string(*headers));
      }
    }
    return response;
  }

  static Result<HttpResponse> unknown_route(const HttpRequest& request, bool path_exists) {
    if (path_exists || request.method() == HttpMethod::kOther) return ErrorCode::kHttpMethodNotAllowed;
    for (std::string_view never : {"foxx", "tasks", "batch"}) {
      if (request.path().find(std::string("/_api/") + std::string(never)) != std::string_view::npos) {
        return Error(ErrorCode::kNotImplemented, fmt::format("/_api/{} is not part of this server", never));
      }
    }
    return Error(ErrorCode::kHttpNotFound, fmt::format("unknown path '{}'", request.path()));
  }

  struct Credentials {
    std::string user, password;
  };

  // Of "Basic …" (RFC 7617).
  static std::optional<Credentials> basic_credentials(std::string_view header) {
    size_t space = header.find(' ');
    if (space == std::string_view::npos || !net::equals_ignoring_case(header.substr(0, space), "basic")) return {};
    auto pair = base::base64_decode(header.substr(space + 1));
    size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) return {};
    return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
  }

  bool logs_in_quickly(const HttpRequest& request) const {
    auto header = request.header("authorization");
    auto given = header && services_.options.authentication ? basic_credentials(*header) : std::nullopt;
    return !given || services_.users.is_remembered(given->user, given->password);
  }

  // False: nobody is logged in.
  bool authenticate(const HttpRequest& request, Exchange& exchange) const {
    if (!services_.options.authentication) {
      exchange.is_superuser = true;
      return true;
    }
    auto header = request.header("authorization");
    if (!header) return false;
    size_t space = header->find(' ');
    if (space == std::string_view::npos) return false;
    std::string_view scheme = header->substr(0, space), credentials = header->substr(space + 1);
    if (net::equals_ignoring_case(scheme, "bearer")) return log_in_with_token(credentials, exchange);
    auto given = basic_credentials(*header);
    if (!given || !services_.users.verify(given->user, given->password)) return false;
    exchange.user = std::move(given->user);
    return true;
  }

  bool log_in_with_token(std::string_view token, Exchange& exchange) const {
    auto subject = services_.tokens.verify(token);
    if (!subject) return false;
    exchange.is_superuser = subject->is_superuser;
    exchange.user = subject->user;
    if (exchange.is_superuser) return true;
    auto user = services_.users.find(subject->user);
    return user && user->active;
  }

  static Result<> authorize(const Exchange& exchange, Access access) {
    switch (access) {
      case Access::kPublic:
      case Access::kUser: return {};
      case Access::kDatabaseRead: return exchange.require(AccessLevel::kReadOnly);
      case Access::kDatabaseWrite: return exchange.require(AccessLevel::kReadWrite);
      case Access::kServerAdmin:
        if (exchange.may("_system", AccessLevel::kReadWrite)) return {};
        return Error(ErrorCode::kForbidden, "only for users with the right to administrate _system");
    }
    return {};
  }

  void remove_expired(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, stop, kExpiryInterval, [&] { return stop.stop_requested(); })) {
      services_.cursors.remove_expired();
      services_.transactions.abort_expired();
    }
  }

  Services& services_;
  Router router_;
  std::jthread expiry_;
};

DocumentServer::DocumentServer(engine::Engine& engine, DocumentServerOptions options)
    : options_(std::move(options)),
      services_(std::make_unique<Services>(engine, options_)),
      handler_(std::make_unique<Handler>(*services_)) {}

DocumentServer::~DocumentServer() { stop(0); }

base::Result<> DocumentServer::start() {
  TRY(services_->users.load(options_.root_password));
  net::HttpServerOptions listen;
  listen.address = options_.address;
  listen.port = options_.port;
  listen.io_threads = options_.io_threads;
  listen.worker_threads = options_.worker_threads;
  listen.limits.body_bytes = options_.largest_body_bytes;
  if (options_.all_bodies_bytes != 0) listen.total_body_bytes = options_.all_bodies_bytes;
  listen.limits.head_bytes = options_.largest_header_bytes;
  listen.max_connections = options_.max_connections;
  listen.idle_timeout_ms = options_.idle_timeout_ms;
  listener_ = std::make_unique<net::HttpServer>(listen, *handler_);
  return listener_->start();
}

uint16_t DocumentServer::port() const { return listener_ != nullptr ? listener_->port() : 0; }

void DocumentServer::stop(int64_t deadline_ms) {
  if (listener_ != nullptr && !listener_->stop(deadline_ms)) {
    base::log_warning("server", "requests were cut off after {} ms", deadline_ms);
  }
  services_->transactions.abort_all();
}

DocumentServerStatistics DocumentServer::statistics() const {
  return {listener_ != nullptr ? listener_->counters() : net::HttpServerCounters{}, services_->cursors.count()};
}

}  // namespace workerdb::server

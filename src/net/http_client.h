#pragma once
// A small blocking HTTP/1.1 client for probes, the remote document adapter and tests. No TLS, no redirects.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace workerdb::net {

struct HttpClientOptions {
  std::string host = "127.0.0.1";  // an IP address or a name
  uint16_t port = 8529;
  int64_t connect_timeout_ms = 5'000;  // of each address that the name has; resolving it is not bounded
  int64_t write_timeout_ms = 30'000;   // of the whole request
  int64_t read_timeout_ms = 60'000;    // of the whole response
  uint64_t max_response_bytes = 256ull * 1024 * 1024;
  std::vector<HttpHeader> headers;  // sent with every request, e.g. Authorization
  bool resends = true;              // false: no request is ever sent twice, whatever its method
  // Once true, a request that runs ends as one that timed out does, within some milliseconds, and its
  // connection is closed. Any thread or signal handler may set it; it outlives the client.
  const std::atomic<bool>* cancelled = nullptr;
};

// "Basic dXNlcjpwYXNz" and "Bearer token", the values of an Authorization header.
std::string basic_authorization(std::string_view user, std::string_view password);
std::string bearer_authorization(std::string_view token);

// Keeps one connection open between requests and opens another when the server has closed it. Not
// thread-safe: one client a thread.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Any status is a success; the headers of the response contain Content-Type as well. Errors:
  // kSimpleClientCouldNotConnect, kSimpleClientCouldNotWrite, kSimpleClientCouldNotRead (also for a timeout,
  // a malformed and a too large response), each with host and port; kBadParameter for a target or header that
  // cannot be sent. After an error the server may or may not have acted on the request. A request without
  // side effects by its method (all but POST and PATCH) is sent a second time when a kept connection turns
  // out to be closed, unless the options say otherwise.
  base::Result<HttpResponse> send(HttpMethod method, std::string_view target, std::string_view body = {},
                                  const std::vector<HttpHeader>& headers = {});
  base::Result<HttpResponse> get(std::string_view target) { return send(HttpMethod::kGet, target); }

  void close();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace workerdb::net

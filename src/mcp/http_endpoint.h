#pragma once
// MCP over HTTP: one path, POST, one JSON answer. Both generations, and no session in either: 2026-07-28 has none, and
// 2025-11-25 lets a server do without ("Session Management": MAY). Source: the pages "Streamable HTTP" (2026-07-28) and
// "Transports" (2025-11-25).
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/context/principal.h"
#include "mcp/protocol.h"
#include "net/http.h"

namespace workerdb::mcp {

// Who holds a bearer token; nothing for a wrong one. Called from any thread.
using Authenticator = std::function<std::optional<access::Principal>(std::string_view token)>;

struct HttpEndpointOptions {
  std::string path = "/mcp";
  // Names under which the port may be asked for, beside the loopback's own; a browser that was led here by DNS
  // rebinding sends another name in Host.
  std::vector<std::string> hosts;
  // Origins of web pages that may call, beside those of the loopback ("https://console.example.com").
  std::vector<std::string> origins;
  int concurrent_requests = 8;  // one more: 503
  CodecLimits codec;
};

// Thread-safe. Borrows the protocol.
class HttpEndpoint {
 public:
  HttpEndpoint(Protocol& protocol, Authenticator authenticator, HttpEndpointOptions options = {});

  bool owns(const net::HttpRequest& request) const { return request.path() == options_.path; }
  // 202 for a notification, 200 for an answer; 400, 401, 403, 404, 405, 413, 415 and 503 say what is wrong in a
  // JSON-RPC error.
  net::HttpResponse handle(const net::HttpRequest& request);

 private:
  std::optional<net::HttpResponse> refuse_foreign(const net::HttpRequest& request) const;
  net::HttpResponse handle_text(const net::HttpRequest& request, const access::Principal& principal);
  net::HttpResponse handle_batch(const DecodedText& decoded, const Sender& sender);
  net::HttpResponse handle_stateless(const net::HttpRequest& request, const Message& message, const Sender& sender);
  net::HttpResponse handle_handshake(const net::HttpRequest& request, const Message& message, Sender sender);

  Protocol& protocol_;
  const Authenticator authenticator_;
  const HttpEndpointOptions options_;
  std::atomic<int> running_ = 0;
};

// Compares without telling by its time how much was right.
bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace workerdb::mcp

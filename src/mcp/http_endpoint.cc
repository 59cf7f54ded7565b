#include "mcp/http_endpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"

namespace workerdb::mcp {

using net::HttpMethod;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kEventStream = "text/event-stream";
constexpr std::string_view kEncodedPrefix = "=?base64?", kEncodedSuffix = "?=";

RpcError make_error(RpcErrorNumber number, std::string message) {
  RpcError error;
  error.number = number;
  error.message = std::move(message);
  return error;
}

HttpResponse failure(int status, std::string_view id, const RpcError& error) {
  return HttpResponse(status, kJson, encode_error(id, error));
}

HttpResponse failure(int status, std::string message) {
  return failure(status, {}, make_error(RpcErrorNumber::kInvalidRequest, std::move(message)));
}

bool is_loopback_name(std::string_view host) {
  return net::equals_ignoring_case(host, "localhost") || host == "127.0.0.1" || host == "[::1]" || host == "::1";
}

// "host", "host:port", "[::1]:port" without the port.
std::string_view without_port(std::string_view authority) {
  size_t bracket = authority.rfind(']');
  size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return authority;
  return authority.substr(0, colon);
}

bool is_loopback_origin(std::string_view origin) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_name(without_port(origin.substr(scheme.size())));
  }
  return false;
}

// "application/json; charset=utf-8" without its parameters.
std::string_view media_type(std::string_view header) {
  std::string_view type = header.substr(0, header.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type;
}

// Header values are visible ASCII, blank and tab ("Value Encoding"); what is not comes encoded.
std::optional<std::string> decoded_header(std::string_view value) {
  for (char byte : value) {
    if (byte != '\t' && (byte < 0x20 || byte > 0x7e)) return std::nullopt;
  }
  if (!value.starts_with(kEncodedPrefix) || !value.ends_with(kEncodedSuffix) ||
      value.size() < kEncodedPrefix.size() + kEncodedSuffix.size()) {
    return std::string(value);
  }
  value.remove_prefix(kEncodedPrefix.size());
  value.remove_suffix(kEncodedSuffix.size());
  return base::base64_decode(value);
}

std::optional<RpcError> mismatch(std::string message) {
  return make_error(RpcErrorNumber::kHeaderMismatch, "Header mismatch: " + std::move(message));
}

// Whether the headers say what the body says ("Server Validation").
std::optional<RpcError> check_headers(const HttpRequest& request, const Message& message) {
  auto version = request.header("MCP-Protocol-Version");
  if (!version) return mismatch("the header MCP-Protocol-Version is missing");
  auto in_body = Protocol::version_in(message);
  if (in_body && *in_body != *version) return mismatch("MCP-Protocol-Version differs from the version in _meta");
  auto method = request.header("Mcp-Method");
  if (!method) return mismatch("the header Mcp-Method is missing");
  if (*method != message.method) return mismatch("Mcp-Method differs from the method of the body");
  const char* source = message.method == "tools/call" || message.method == "prompts/get" ? "name"
                       : message.method == "resources/read"                              ? "uri"
                                                                                         : nullptr;
  if (source == nullptr) return std::nullopt;
  auto name = request.header("Mcp-Name");
  if (!name) return mismatch("the header Mcp-Name is missing");
  auto decoded = decoded_header(*name);
  if (!decoded) return mismatch("Mcp-Name has characters that a header cannot carry, or a broken encoding");
  value::Slice named = message.params.slice().get(source);
  if (named.is_string() && named.as_string() != *decoded)
    return mismatch(fmt::format("Mcp-Name differs from params.{}", source));
  return std::nullopt;
}

// The status of an answer of the stateless generation.
int status_of(const Answer& answer) {
  if (!answer.error) return 200;
  if (*answer.error == RpcErrorNumber::kMethodNotFound) return 404;
  return answer.is_envelope_error ? 400 : 200;
}

HttpResponse to_response(int status, const Answer& answer) {
  if (answer.notifications.empty()) return HttpResponse(status, kJson, answer.response);
  std::string events;
  for (const std::string& notification : answer.notifications)
    events += "event: message\ndata: " + notification + "\n\n";
  events += "event: message\ndata: " + answer.response + "\n\n";
  return std::move(HttpResponse(status, kEventStream, std::move(events))
                       .add_header("X-Accel-Buffering", "no")
                       .add_header("Cache-Control", "no-store"));
}

// Counts what runs, for as long as it lives.
class Turn {
 public:
  Turn(std::atomic<int>& running, int most) : running_(running), is_granted_(running.fetch_add(1) < most) {}
  ~Turn() { running_.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool is_granted() const { return is_granted_; }

 private:
  std::atomic<int>& running_;
  const bool is_granted_;
};

}  // namespace

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (size_t at = 0; at < left.size(); ++at) {
    difference |=
        static_cast<unsigned char>(left[at]) ^ static_cast<unsigned char>(right.empty() ? 0 : right[at % right.size()]);
  }
  return difference == 0;
}

HttpEndpoint::HttpEndpoint(Protocol& protocol, Authenticator authenticator, HttpEndpointOptions options)
    : protocol_(protocol), authenticator_(std::move(authenticator)), options_(std::move(options)) {}

std::optional<HttpResponse> HttpEndpoint::refuse_foreign(const HttpRequest& request) const {
  auto host = request.header("Host");
  auto is_own_name = [&](std::string_view name) {
    return std::any_of(options_.hosts.begin(), options_.hosts.end(),
                       [&](const std::string& own) { return net::equals_ignoring_case(own, name); });
  };
  if (!host || (!is_loopback_name(without_port(*host)) && !is_own_name(without_port(*host)))) {
    return failure(403, "the Host header names a host that this server does not answer for");
  }
  auto origin = request.header("Origin");
  if (origin && !is_loopback_origin(*origin) &&
      std::find(options_.origins.begin(), options_.origins.end(), *origin) == options_.origins.end()) {
    return failure(403, "pages of this Origin may not call");
  }
  return std::nullopt;
}

HttpResponse HttpEndpoint::handle(const HttpRequest& request) {
  if (auto refused = refuse_foreign(request)) return *std::move(refused);
  if (request.method() != HttpMethod::kPost) {
    return std::move(
        failure(405, "there is no stream to open and no session to end; POST messages").add_header("Allow", "POST"));
  }
  constexpr std::string_view kBearer = "bearer ";
  std::string_view authorization = request.header("Authorization").value_or("");
  std::optional<access::Principal> principal;
  if (authorization.size() > kBearer.size() &&
      net::equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) {
    principal = authenticator_(authorization.substr(kBearer.size()));
  }
  if (!principal) {
    return std::move(failure(401, "a valid bearer token is needed in the Authorization header")
                         .add_header("WWW-Authenticate", "Bearer realm=\"workerdb\""));
  }
  if (!net::equals_ignoring_case(media_type(request.header("Content-Type").value_or("")), kJson)) {
    return failure(415, "the Content-Type of a message is application/json");
  }
  if (request.body().size() > options_.codec.message_bytes) {
    return failure(413, fmt::format("a message has at most {} bytes", options_.codec.message_bytes));
  }
  Turn turn(running_, options_.concurrent_requests);
  if (!turn.is_granted()) {
    return std::move(failure(503, "too many requests at once; try again soon").add_header("Retry-After", "1"));
  }
  return handle_text(request, *principal);
}

HttpResponse HttpEndpoint::handle_text(const HttpRequest& request, const access::Principal& principal) {
  DecodedText decoded = decode_text(request.body(), options_.codec);
  std::string_view version = request.header("MCP-Protocol-Version").value_or(kOldestVersion);
  Sender sender{principal, request.cancelled_flag()};
  if (decoded.is_batch) {
    if (version == kOldestVersion) return handle_batch(decoded, {principal, nullptr});
    return failure(400, {}, batch_refusal().error);
  }
  if (!decoded.messages.front()) {
    const Refusal& refusal = decoded.messages.front().error();
    return failure(400, refusal.id, refusal.error);
  }
  const Message& message = *decoded.messages.front();
  if (message.kind == MessageKind::kNotification) return HttpResponse(202);
  if (message.kind == MessageKind::kResponse) {
    // Older clients may answer requests, of which this server sends none; newer ones may not send any.
    return is_handshake_version(version) ? HttpResponse(202)
                                         : failure(400, "this server sends no requests, so it takes no responses");
  }
  bool is_stateless = Protocol::is_stateless(message) || version == kStatelessVersion;
  return is_stateless ? handle_stateless(request, message, sender)
                      : handle_handshake(request, message, std::move(sender));
}

HttpResponse HttpEndpoint::handle_stateless(const HttpRequest& request, const Message& message, const Sender& sender) {
  if (auto problem = check_headers(request, message)) return failure(400, message.id, *problem);
  Answer answer = protocol_.answer_stateless(message, sender);
  return to_response(status_of(answer), answer);
}

HttpResponse HttpEndpoint::handle_handshake(const HttpRequest& request, const Message& message, Sender sender) {
  std::string version(request.header("MCP-Protocol-Version").value_or(kOldestVersion));
  if (!is_handshake_version(version) && message.method != "initialize") {
    // With the newer generation's error, so that a client of that one knows where it is.
    return failure(400, message.id, Protocol::unsupported_version(version));
  }
  // A lost connection is no cancellation in this generation ("Sending Messages to the Server").
  sender.cancelled = nullptr;
  return to_response(200, protocol_.answer_handshake(message, version, sender));
}

HttpResponse HttpEndpoint::handle_batch(const DecodedText& decoded, const Sender& sender) {
  std::string responses;
  for (const Decoded& message : decoded.messages) {
    std::string response;
    if (!message) {
      response = encode_error(message.error().id, message.error().error);
    } else if (message->kind == MessageKind::kRequest) {
      response = protocol_.answer_handshake(*message, kOldestVersion, sender).response;
    }
    if (!response.empty()) responses += (responses.empty() ? "" : ",") + response;
  }
  if (responses.empty()) return HttpResponse(202);
  return HttpResponse(200, kJson, "[" + responses + "]");
}

}  // namespace workerdb::mcp

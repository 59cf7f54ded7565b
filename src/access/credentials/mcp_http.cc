// An MCP server behind streamable HTTP: every message is a POST; the answer is JSON or a stream of events that ends
// with it.
#include <fmt/format.h>

#include <algorithm>

#include "access/credentials/mcp_transport.h"
#include "base/base64.h"
#include "net/http_client.h"
#include "net/url.h"
#include "value/json.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Secret;

namespace {

constexpr int64_t kConnectTimeoutMs = 5'000, kGoodbyeMs = 1'000;
constexpr size_t kLongestSession = 512;

// "Value Encoding" of the specification.
std::string header_value(std::string_view text) {
  bool is_plain = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; }) &&
                  !text.starts_with(' ') && !text.ends_with(' ') && !text.starts_with("=?base64?");
  return is_plain ? std::string(text) : fmt::format("=?base64?{}?=", base::base64_encode(text));
}

// The response among the events: "data:" lines, an empty line ends an event.
std::optional<Secret> find_response(std::string_view stream, int64_t id) {
  std::string data;
  auto is_ours = [&] {
    auto parsed = value::parse_json(data);
    return parsed.has_value() && is_response_to(parsed->slice(), id);
  };
  while (!stream.empty()) {
    std::string_view line = stream.substr(0, stream.find('\n'));
    stream.remove_prefix(std::min(stream.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("data:")) {
      line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
      if (!data.empty()) data += '\n';
      data += line;
    } else if (line.empty() && !data.empty()) {
      if (is_ours()) return Secret(std::move(data));
      Secret::wipe(data);
    }
  }
  if (!data.empty() && is_ours()) return Secret(std::move(data));
  return std::nullopt;
}

class HttpTransport : public McpTransport {
 public:
  HttpTransport(std::string name, net::Url url, Secret token)
      : name_(std::move(name)), url_(std::move(url)), token_(std::move(token)) {}

  ~HttpTransport() override {
    // Only the older generation has sessions; whether the server lets us end it does not matter.
    if (!session_.empty()) (void)client(kGoodbyeMs).send(net::HttpMethod::kDelete, target(), {}, headers({}));
  }

  bool is_stream() const override { return false; }

  Result<McpReply> exchange(std::string_view message, int64_t id, const McpEnvelope& envelope,
                            int64_t deadline_ms) override {
    auto response = TRY(post(message, envelope, deadline_ms));
    McpReply reply;
    reply.status = response.status;
    if (auto session = response.header("mcp-session-id"); session && envelope.method == "initialize")
      TRY(take_session(*session));
    bool is_stream = response.header("content-type").value_or("").starts_with("text/event-stream");
    if (is_stream) {
      reply.message = find_response(response.body, id);
    } else if (auto parsed = value::parse_json(response.body);
               parsed && is_answer(parsed->slice(), id, response.status)) {
      reply.message = Secret(response.body);
    }
    Secret::wipe(response.body);
    return reply;
  }

  Result<> notify(std::string_view message, const McpEnvelope& envelope, int64_t deadline_ms) override {
    auto response = TRY(post(message, envelope, deadline_ms));
    if (response.status < 300) return {};
    return Error(ErrorCode::kSimpleClientCouldNotRead,
                 fmt::format("MCP server '{}' answers {} with status {}", name_, envelope.method, response.status));
  }

 private:
  // An error may come without an id when the server could not read so far.
  static bool is_answer(value::Slice message, int64_t id, int status) {
    return is_response_to(message, id) || (status >= 400 && message.get("error").is_object());
  }

  std::string target() const { return url_.path.empty() ? "/" : url_.path; }

  net::HttpClient client(int64_t left_ms) const {
    net::HttpClientOptions options;
    options.host = url_.host;
    options.port = url_.port;
    options.connect_timeout_ms = std::min(kConnectTimeoutMs, left_ms);
    options.write_timeout_ms = options.read_timeout_ms = left_ms;
    options.max_response_bytes = kLongestMcpMessage;
    return net::HttpClient(options);
  }

  std::vector<net::HttpHeader> headers(const McpEnvelope& envelope) const {
    std::vector<net::HttpHeader> list = {{"Accept", "application/json, text/event-stream"},
                                         {"Content-Type", "application/json"}};
    if (!token_.empty()) list.push_back({"Authorization", net::bearer_authorization(token_.expose())});
    if (!session_.empty()) list.push_back({"Mcp-Session-Id", session_});
    if (!envelope.protocol.empty()) list.push_back({"MCP-Protocol-Version", std::string(envelope.protocol)});
    if (!envelope.method.empty()) list.push_back({"Mcp-Method", std::string(envelope.method)});
    if (!envelope.tool.empty()) list.push_back({"Mcp-Name", header_value(envelope.tool)});
    if (!envelope.parameter_header.empty()) {
      list.push_back({fmt::format("Mcp-Param-{}", envelope.parameter_header), header_value(envelope.parameter_value)});
    }
    return list;
  }

  Result<net::HttpResponse> post(std::string_view message, const McpEnvelope& envelope, int64_t deadline_ms) {
    int64_t left_ms = deadline_ms - steady_ms();
    if (left_ms <= 0)
      return Error(ErrorCode::kLockTimeout, fmt::format("MCP server '{}' does not answer in time", name_));
    auto response = client(left_ms).send(net::HttpMethod::kPost, target(), message, headers(envelope));
    if (response) return response;
    if (steady_ms() >= deadline_ms)
      return Error(ErrorCode::kLockTimeout, fmt::format("MCP server '{}' does not answer in time", name_));
    return std::move(response).error().with_context(fmt::format("MCP server '{}'", name_));
  }

  Result<> take_session(std::string_view session) {
    bool is_visible = std::all_of(session.begin(), session.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (session.empty() || session.size() > kLongestSession || !is_visible) {
      return Error(ErrorCode::kSimpleClientCouldNotRead,
                   fmt::format("MCP server '{}' gives a session id that is none", name_));
    }
    session_ = session;
    return {};
  }

  const std::string name_;
  const net::Url url_;
  const Secret token_;
  std::string session_;
};

}  // namespace

Result<std::unique_ptr<McpTransport>> open_http(const McpServer& server, const Secret& token) {
  auto url = TRY(net::parse_url(server.url));
  return std::unique_ptr<McpTransport>(std::make_unique<HttpTransport>(server.name, std::move(url), token.copy()));
}

}  // namespace workerdb::access

#include "access/credentials/mcp_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/time.h"
#include "base/version.h"
#include "value/json.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Secret;
using value::Builder;
using value::Slice;

namespace {

// What only servers of the stateless generation answer ("Error Codes" of its basic protocol).
constexpr int64_t kHeaderMismatch = -32020, kMissingCapability = -32021, kUnsupportedVersion = -32022;
constexpr int kMostPages = 20;

void append_identity(Builder& to) {
  to.open_object();
  to.add("name", "workerdb");
  to.add("version", base::kVersion);
  to.close();
}

void append_meta(Builder& to) {
  to.key("_meta");
  to.open_object();
  to.add("io.modelcontextprotocol/protocolVersion", kStatelessProtocol);
  to.key("io.modelcontextprotocol/clientInfo");
  append_identity(to);
  to.add("io.modelcontextprotocol/clientCapabilities", Slice::empty_object());
  to.close();
}

bool lists(Slice versions, std::string_view wanted) {
  for (value::ArrayIterator item(versions); item.valid(); item.next()) {
    if (item.value().is_string() && item.value().as_string() == wanted) return true;
  }
  return false;
}

int64_t error_code_of(Slice message) {
  Slice code = message.get("error").get("code");
  return code.is_int64() ? code.as_int64() : 0;
}

// The first text among a tool's content.
std::optional<std::string> text_content(Slice result) {
  for (value::ArrayIterator item(result.get("content")); item.valid(); item.next()) {
    Slice type = item.value().get("type"), text = item.value().get("text");
    if (type.is_string() && type.as_string() == "text" && text.is_string()) return std::string(text.as_string());
  }
  return std::nullopt;
}

// `name` where the tool has such a parameter, else the first one that it requires, else its only one.
std::string parameter_name(Slice schema) {
  Slice properties = schema.get("properties"), required = schema.get("required");
  if (properties.get("name").is_object()) return "name";
  if (required.is_array() && required.size() > 0 && required.at(0).is_string())
    return std::string(required.at(0).as_string());
  value::ObjectIterator only(properties);
  return only.valid() ? std::string(only.name()) : "";
}

// An HTTP field name (RFC 9110, 5.6.2).
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("!#$%&'*+-.^_`|~").find(char(c)) != std::string_view::npos;
  });
}

}  // namespace

int64_t steady_ms() { return base::steady_time_ns() / 1'000'000; }

bool is_response_to(Slice message, int64_t id) {
  Slice found = message.get("id");
  return found.is_int64() && found.as_int64() == id && message.get("method").is_none() &&
         (message.get("result").is_object() || message.get("error").is_object());
}

McpClient::McpClient(std::string name, std::unique_ptr<McpTransport> transport, McpTimeouts timeouts)
    : name_(std::move(name)),
      transport_(std::move(transport)),
      timeouts_(timeouts),
      deadline_ms_(steady_ms() + timeouts.total_ms) {}

Result<McpClient> McpClient::connect(const McpServer& server, const Secret& token, McpTimeouts timeouts) {
  auto transport = server.url.empty() ? TRY(open_stdio(server)) : TRY(open_http(server, token));
  return McpClient(server.name, std::move(transport), timeouts);
}

Error McpClient::wrong(std::string_view what) const {
  return Error(ErrorCode::kSimpleClientCouldNotRead, fmt::format("MCP server '{}': {}", name_, what));
}

Result<McpReply> McpClient::request(std::string_view method, Slice parameters, McpEnvelope envelope,
                                    int64_t deadline_ms) {
  Builder message;
  message.open_object();
  message.add("jsonrpc", "2.0");
  message.add("id", ++last_id_);
  message.add("method", method);
  message.add("params", parameters);
  message.close();
  envelope.method = method;
  envelope.protocol = protocol_.empty() ? kStatelessProtocol : std::string_view(protocol_);
  return transport_->exchange(value::to_json(message.slice()), last_id_, envelope, deadline_ms);
}

Result<> McpClient::find_protocol() {
  Builder parameters;
  parameters.open_object();
  append_meta(parameters);
  parameters.close();
  int64_t patience_ms =
      transport_->is_stream() ? std::min(deadline_ms_, steady_ms() + timeouts_.discover_ms) : deadline_ms_;
  auto reply = request("server/discover", parameters.slice(), {}, patience_ms);
  // Silence on a stream means an older server; everything else that breaks is a server that is not there.
  bool is_silent = !reply && reply.error().code() == ErrorCode::kLockTimeout && transport_->is_stream();
  if (!reply && !is_silent) return std::move(reply).error();
  if (is_silent) return initialize();
  if (reply->status == 401 || reply->status == 403) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("MCP server '{}' refuses us (status {}); see its `token`", name_, reply->status));
  }
  if (!reply->message) return initialize();
  auto message = TRY(value::parse_json(reply->message->expose()));
  Slice versions = message.slice().get("result").get("supportedVersions");
  int64_t code = error_code_of(message.slice());
  if (code == kUnsupportedVersion) versions = message.slice().get("error").get("data").get("supported");
  if (versions.is_array()) {
    if (lists(versions, kStatelessProtocol) && code == 0) {
      protocol_ = kStatelessProtocol;
      return {};
    }
    if (lists(versions, kSessionProtocol)) return initialize();
    return Error(ErrorCode::kNotImplemented,
                 fmt::format("MCP server '{}' speaks none of our protocol versions ({}, {})", name_, kStatelessProtocol,
                             kSessionProtocol));
  }
  if (code == kHeaderMismatch || code == kMissingCapability)
    return wrong(fmt::format("it refuses server/discover with error {}", code));
  return initialize();
}

Result<> McpClient::initialize() {
  Builder parameters;
  parameters.open_object();
  parameters.add("protocolVersion", kSessionProtocol);
  parameters.add("capabilities", Slice::empty_object());
  parameters.key("clientInfo");
  append_identity(parameters);
  parameters.close();
  protocol_ = kSessionProtocol;
  auto reply = TRY(request("initialize", parameters.slice(), {}, deadline_ms_));
  if (reply.status == 401 || reply.status == 403) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("MCP server '{}' refuses us (status {}); see its `token`", name_, reply.status));
  }
  if (!reply.message) return wrong(fmt::format("it does not answer initialize (status {})", reply.status));
  auto message = TRY(value::parse_json(reply.message->expose()));
  if (int64_t code = error_code_of(message.slice()); code != 0)
    return wrong(fmt::format("it refuses initialize with error {}", code));
  Slice version = message.slice().get("result").get("protocolVersion");
  // tools/call has the same shape since 2024-11-05, so an older answer is as good.
  constexpr std::string_view kOlder[] = {kSessionProtocol, "2025-06-18", "2025-03-26", "2024-11-05"};
  if (!version.is_string() ||
      std::find(std::begin(kOlder), std::end(kOlder), version.as_string()) == std::end(kOlder)) {
    return Error(ErrorCode::kNotImplemented,
                 fmt::format("MCP server '{}' answers initialize with a protocol version that we do not speak", name_));
  }
  protocol_ = version.as_string();
  return transport_->notify(R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                            {.method = "notifications/initialized",
                             .tool = {},
                             .protocol = protocol_,
                             .parameter_header = {},
                             .parameter_value = {}},
                            deadline_ms_);
}

Result<McpClient::Parameter> McpClient::find_parameter(std::string_view tool) {
  std::string cursor;
  for (int page = 0; page < kMostPages; ++page) {
    Builder parameters;
    parameters.open_object();
    if (!cursor.empty()) parameters.add("cursor", cursor);
    if (protocol_ == kStatelessProtocol) append_meta(parameters);
    parameters.close();
    auto reply = TRY(request("tools/list", parameters.slice(), {}, deadline_ms_));
    if (!reply.message) return wrong(fmt::format("it does not list its tools (status {})", reply.status));
    auto message = TRY(value::parse_json(reply.message->expose()));
    Slice result = message.slice().get("result");
    for (value::ArrayIterator item(result.get("tools")); item.valid(); item.next()) {
      Slice name = item.value().get("name");
      if (!name.is_string() || name.as_string() != tool) continue;
      Parameter parameter;
      Slice schema = item.value().get("inputSchema");
      parameter.name = parameter_name(schema);
      Slice header = schema.get("properties").get(parameter.name).get("x-mcp-header");
      if (header.is_string() && is_token(header.as_string())) parameter.header = header.as_string();
      return parameter;
    }
    Slice next = result.get("nextCursor");
    if (!next.is_string() || next.as_string().empty()) break;
    cursor = next.as_string();
  }
  return Error(ErrorCode::kFileNotFound, fmt::format("MCP server '{}' has no tool {}", name_, tool));
}

Result<McpToolResult> McpClient::call_tool(std::string_view name, std::string_view argument) {
  deadline_ms_ = steady_ms() + timeouts_.total_ms;
  if (protocol_.empty()) {
    auto found = find_protocol();
    if (!found) {
      protocol_.clear();
      return std::move(found).error();
    }
  }
  Parameter parameter = TRY(find_parameter(name));
  Builder parameters;
  parameters.open_object();
  parameters.add("name", name);
  parameters.key("arguments");
  parameters.open_object();
  if (!parameter.name.empty() && !argument.empty()) parameters.add(parameter.name, argument);
  parameters.close();
  if (protocol_ == kStatelessProtocol) append_meta(parameters);
  parameters.close();
  McpEnvelope envelope;
  envelope.tool = name;
  if (!argument.empty()) envelope.parameter_header = parameter.header;
  envelope.parameter_value = argument;
  auto reply = TRY(request("tools/call", parameters.slice(), envelope, deadline_ms_));
  if (!reply.message)
    return wrong(fmt::format("its answer to {} is no JSON-RPC response (status {})", name, reply.status));
  auto message = TRY(value::parse_json(reply.message->expose()));
  if (!message.slice().get("result").is_object()) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("MCP server '{}' refuses {} with error {}", name_, name, error_code_of(message.slice())));
  }
  Slice result = message.slice().get("result"), type = result.get("resultType");
  if (type.is_string() && type.as_string() == "input_required") {
    return Error(
        ErrorCode::kNotImplemented,
        fmt::format("MCP server '{}' wants to ask a person before {}, which a command cannot do", name_, name));
  }
  if (!type.is_none() && !(type.is_string() && type.as_string() == "complete"))
    return wrong("its result is of an unknown type");
  McpToolResult answer;
  answer.is_error = result.get("isError").is_true();
  if (result.get("structuredContent").is_object()) {
    answer.json = Secret(value::to_json(result.get("structuredContent")));
  } else if (auto text = text_content(result)) {
    answer.json = Secret(*std::move(text));
  }
  return answer;
}

}  // namespace workerdb::access

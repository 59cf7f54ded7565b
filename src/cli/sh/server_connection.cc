#include "cli/sh/server_connection.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "net/percent.h"
#include "net/url.h"
#include "value/builder.h"
#include "value/json.h"

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;

constexpr int64_t kEndQueryTimeoutMs = 2'000;
constexpr double kLargestTimeDifference_s = 1;
constexpr uint64_t kLargestResponseBytes = uint64_t(512) << 20;

HttpMethod method_of(std::string_view name) {
  for (HttpMethod method : {HttpMethod::kGet, HttpMethod::kHead, HttpMethod::kPost, HttpMethod::kPut,
                            HttpMethod::kPatch, HttpMethod::kDelete}) {
    if (net::http_method_name(method) == name) return method;
  }
  return HttpMethod::kOther;
}

net::HttpClientOptions make_client_options(const ServerConnectionOptions& options, const std::atomic<bool>& cancelled) {
  net::HttpClientOptions client;
  client.host = options.host;
  client.port = options.port;
  client.connect_timeout_ms = options.connect_timeout_ms;
  client.read_timeout_ms = client.write_timeout_ms = options.request_timeout_ms;
  client.max_response_bytes = kLargestResponseBytes;
  client.cancelled = &cancelled;
  client.headers.push_back({"Accept", "application/json"});
  client.headers.push_back({"User-Agent", "workerdb-sh"});
  if (options.authenticates) {
    client.headers.push_back({"Authorization", net::basic_authorization(options.user, options.password)});
  }
  return client;
}

// "/_db/name" of a path, or nothing.
std::string_view database_prefix(std::string_view path) {
  if (!path.starts_with("/_db/")) return {};
  return path.substr(0, path.find('/', 5));
}

// "/_api/cursor/123" and "/_api/cursor/123/2".
bool is_cursor(std::string_view path) {
  constexpr std::string_view kCursor = "/_api/cursor/";
  return path.starts_with(kCursor) && path.find_first_not_of("0123456789/", kCursor.size()) == path.npos;
}

}  // namespace

ServerConnection::ServerConnection(const ServerConnectionOptions& options, const std::atomic<bool>& cancelled)
    : read_only_(options.read_only),
      allow_(options.allow),
      client_options_(make_client_options(options, cancelled)),
      client_(client_options_) {}

Result<net::HttpResponse> ServerConnection::send(const ScriptRequest& request) {
  HttpMethod method = method_of(request.method);
  if (allow_) TRY(allow_(method, request.path, request.body));
  if (read_only_) {
    if (auto refused = TRY(refuse_writing(method, request))) return *std::move(refused);
  }
  std::vector<net::HttpHeader> headers;
  if (!request.body.empty()) headers.push_back({"Content-Type", "application/json"});
  if (!request.revision.empty()) headers.push_back({"If-Match", "\"" + request.revision + "\""});
  if (!request.transaction.empty()) headers.push_back({"x-arango-trx-id", request.transaction});
  const auto started = std::chrono::steady_clock::now();
  auto response = client_.send(method, request.path, request.body, headers);
  if (!response && *client_options_.cancelled && method == HttpMethod::kPost &&
      request.path.ends_with("/_api/cursor")) {
    end_query(request, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  return response;
}

// A server may go on with a query whose client has gone, so it is told. The query is known by its text and by the time
// that it has run; what cannot be found or ended is left alone.
void ServerConnection::end_query(const ScriptRequest& request, double elapsed_s) {
  auto query = value::parse_json(request.body);
  if (!query) return;
  net::HttpClientOptions options = client_options_;
  options.cancelled = nullptr;
  options.read_timeout_ms = options.write_timeout_ms = options.connect_timeout_ms = kEndQueryTimeoutMs;
  net::HttpClient client(std::move(options));
  std::string route = std::string(database_prefix(request.path)) + "/_api/query/";
  auto running = client.get(route + "current");
  if (!running || running->status >= 400) return;
  auto list = value::parse_json(running->body);
  if (!list || !list->slice().is_array()) return;
  std::string id;
  double nearest_s = kLargestTimeDifference_s;
  for (value::ArrayIterator item(list->slice()); item.valid(); item.next()) {
    value::Slice text = item.value().get("query"), time = item.value().get("runTime");
    if (!item.value().get("id").is_string() || !text.is_string() || !time.is_number()) continue;
    value::Slice sent = query->slice().get("query");
    double difference_s = std::abs(time.as_double() - elapsed_s);
    // The list may cut a long text.
    if (!sent.is_string() || !sent.as_string().starts_with(text.as_string()) || difference_s >= nearest_s) continue;
    nearest_s = difference_s;
    id = item.value().get("id").as_string();
  }
  if (!id.empty()) (void)client.send(HttpMethod::kDelete, route + net::percent_encode(id));
}

Result<std::optional<net::HttpResponse>> ServerConnection::refuse_writing(HttpMethod method,
                                                                          const ScriptRequest& request) {
  if (method == HttpMethod::kGet || method == HttpMethod::kHead) return std::nullopt;
  std::string_view prefix = database_prefix(request.path);
  std::string_view path = std::string_view(request.path).substr(prefix.size());
  bool is_post = method == HttpMethod::kPost;
  if (is_post && path == "/_api/cursor") return refuse_writing_query(prefix, request.body);
  if (is_post && (path == "/_api/explain" || path == "/_api/query")) return std::nullopt;
  // Further batches of a cursor that was let through, and its end.
  if (is_cursor(path) && (is_post || method == HttpMethod::kDelete)) return std::nullopt;
  if (method == HttpMethod::kPut && path.starts_with("/_api/document/") && path.ends_with("?onlyget=true"))
    return std::nullopt;
  return Error(ErrorCode::kReadOnly, fmt::format("this shell is read-only: {} {} is not sent", request.method, path));
}

Result<std::optional<net::HttpResponse>> ServerConnection::refuse_writing_query(std::string_view prefix,
                                                                                std::string_view body) {
  auto query = TRY(value::parse_json(body));
  value::Builder explained;
  explained.open_object();
  for (std::string_view name : {"query", "bindVars"}) {
    if (value::Slice part = query.slice().get(name); !part.is_none()) explained.add(name, part);
  }
  explained.close();
  auto response = TRY(
      client_.send(HttpMethod::kPost, std::string(prefix) + "/_api/explain", value::to_json(explained.take().slice())));
  // What cannot be explained is not run: the answer is the explanation's error.
  if (response.status >= 400) return response;
  auto answer = TRY(value::parse_json(response.body));
  value::Slice modifies = answer.slice().get("plan").get("isModificationQuery");
  if (modifies.is_bool() && !modifies.is_true()) return std::nullopt;
  return Error(ErrorCode::kReadOnly, "this shell is read-only: the query writes");
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  size_t colon = text.find("://");
  std::string_view protocol = colon == text.npos ? "" : text.substr(0, colon);
  if (protocol == "ssl" || protocol == "https" || protocol == "http+ssl") {
    return Error(ErrorCode::kIllegalOption,
                 "the shell speaks no TLS: open a tunnel and give its local port, http://127.0.0.1:8529");
  }
  if (protocol != "tcp" && protocol != "http" && protocol != "http+tcp") {
    return Error(ErrorCode::kIllegalOption,
                 fmt::format("an endpoint is http://HOST:PORT, tcp://HOST:PORT or http+tcp://HOST:PORT{}",
                             protocol.empty() ? "" : fmt::format(", not {}://", protocol.substr(0, 20))));
  }
  auto url = net::parse_url("tcp://" + std::string(text.substr(colon + 3)));
  if (!url || url->host.empty()) return Error(ErrorCode::kIllegalOption, "the endpoint has no host");
  if (!url->user.empty() || !url->password.empty()) {
    return Error(ErrorCode::kIllegalOption,
                 "an endpoint holds no user and no password: --server.username, --server.password-file");
  }
  return Endpoint{url->host, url->port};
}

}  // namespace workerdb::cli

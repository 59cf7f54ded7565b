#include "stores/documents/remote/http_channel.h"

#include <fmt/format.h>

#include "value/json.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

Error error_of(int status, value::Slice body) {
  value::Slice number = body.get("errorNum"), message = body.get("errorMessage");
  auto code = number.is_int64() ? ErrorCode(number.as_int64()) : ErrorCode::kSimpleClientCouldNotRead;
  if (status == 401) code = ErrorCode::kHttpUnauthorized;
  std::string text = message.is_string() ? std::string(message.as_string())
                                         : fmt::format("the document server answered with status {}", status);
  return Error(code, std::move(text));
}

}  // namespace

HttpChannel::HttpChannel(const RemoteOptions& options) {
  options_.host = options.host;
  options_.port = options.port;
  options_.connect_timeout_ms = options.connect_timeout_ms;
  options_.read_timeout_ms = options.read_timeout_ms;
  options_.max_response_bytes = options.max_response_bytes;
  options_.headers.push_back({"Authorization", net::basic_authorization(options.user, options.password)});
}

std::unique_ptr<net::HttpClient> HttpChannel::take() {
  base::MutexLock lock(mutex_);
  if (idle_.empty()) return std::make_unique<net::HttpClient>(options_);
  auto client = std::move(idle_.back());
  idle_.pop_back();
  return client;
}

void HttpChannel::give_back(std::unique_ptr<net::HttpClient> client) {
  base::MutexLock lock(mutex_);
  if (idle_.size() < kIdleKept) idle_.push_back(std::move(client));
}

Result<value::Buffer> HttpChannel::send(net::HttpMethod method, std::string_view target, value::Slice body,
                                        const std::vector<net::HttpHeader>& headers) {
  return send_text(method, target, body.is_none() ? std::string() : value::to_json(body), headers);
}

Result<value::Buffer> HttpChannel::send_text(net::HttpMethod method, std::string_view target, std::string_view body,
                                             const std::vector<net::HttpHeader>& headers) {
  auto client = take();
  auto response = client->send(method, target, body, headers);
  if (!response) return std::move(response).error();
  give_back(std::move(client));
  value::Buffer parsed(value::Slice::null());
  if (!response->body.empty()) {
    auto json = value::parse_json(response->body);
    if (!json && response->status < 400) return std::move(json).error().with_context("answer of the document server");
    if (json) parsed = *std::move(json);
  }
  if (response->status >= 400) return error_of(response->status, parsed.slice());
  return parsed;
}

}  // namespace workerdb::stores::documents

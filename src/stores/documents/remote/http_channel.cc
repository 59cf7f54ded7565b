#include "stores/documents/remote/http_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "base/time.h"
#include "value/json.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view kUnknownEffect = "whether the write took effect is unknown";
constexpr int64_t kNsPerMs = 1'000'000;

// Refusals that a server gives before it looks at the request. Other answers with 503 (a shard's leader is
// gone) may come from the middle of the work.
bool is_refusal(const Answer& answer) {
  if (answer.status != 503) return false;
  switch (answer.code()) {
    case ErrorCode::kHttpServiceUnavailable:
    case ErrorCode::kShuttingDown:
    case ErrorCode::kStartingUp:
    case ErrorCode::kQueueFull: return true;
    default: return false;
  }
}

// Half of the time is fixed and half is drawn, so that many clients do not come back in one moment.
void pause(int64_t backoff_ms) {
  thread_local std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<int64_t> drawn(backoff_ms / 2, std::max<int64_t>(1, backoff_ms));
  std::this_thread::sleep_for(std::chrono::milliseconds(drawn(random)));
}

}  // namespace

bool effect_is_unknown(const Error& error) { return error.message().find(kUnknownEffect) != std::string::npos; }

Error unknown_effect(const Error& reason) {
  if (effect_is_unknown(reason)) return reason;
  return Error(reason.code(), fmt::format("{}; {}", reason.message(), kUnknownEffect));
}

ErrorCode Answer::code() const {
  if (status == 401) return ErrorCode::kHttpUnauthorized;
  value::Slice number = body.slice().get("errorNum");
  if (number.is_int64()) return ErrorCode(number.as_int64());
  return status == 503 ? ErrorCode::kHttpServiceUnavailable : ErrorCode::kSimpleClientCouldNotRead;
}

Error Answer::error() const {
  value::Slice message = body.slice().get("errorMessage");
  if (message.is_string()) return Error(code(), std::string(message.as_string()));
  return Error(code(), fmt::format("the document server answered with status {}", status));
}

HttpChannel::HttpChannel(const RemoteOptions& options) : options_(options) {
  headers_.push_back({"Authorization", options.token.empty() ? net::basic_authorization(options.user, options.password)
                                                             : net::bearer_authorization(options.token)});
  headers_.push_back({"Content-Type", "application/json"});
  auto endpoints = options.endpoints;
  if (endpoints.empty()) endpoints.push_back({options.host, options.port});
  for (RemoteEndpoint& endpoint : endpoints) {
    places_.push_back(std::make_unique<Place>());
    places_.back()->endpoint = std::move(endpoint);
  }
}

std::unique_ptr<net::HttpClient> HttpChannel::take(Place& place) const {
  {
    base::MutexLock lock(place.mutex);
    if (!place.idle.empty()) {
      auto client = std::move(place.idle.back());
      place.idle.pop_back();
      return client;
    }
  }
  net::HttpClientOptions client;
  client.host = place.endpoint.host;
  client.port = place.endpoint.port;
  client.connect_timeout_ms = options_.connect_timeout_ms;
  client.read_timeout_ms = options_.read_timeout_ms;
  client.max_response_bytes = options_.max_response_bytes;
  client.headers = headers_;
  client.resends = false;  // which request is safe to repeat is known here, not by its method
  return std::make_unique<net::HttpClient>(std::move(client));
}

void HttpChannel::give_back(Place& place, std::unique_ptr<net::HttpClient> client) {
  base::MutexLock lock(place.mutex);
  if (place.idle.size() < kIdleKept) place.idle.push_back(std::move(client));
}

void HttpChannel::leave(size_t endpoint) {
  preferred_.compare_exchange_strong(endpoint, (endpoint + 1) % places_.size());
}

HttpChannel::Outcome HttpChannel::attempt(const Request& request, size_t endpoint, Answer& answer, Error& failure) {
  Place& place = *places_[endpoint];
  auto client = take(place);
  auto response = client->send(request.method, request.target, request.body, request.headers);
  if (!response) {
    failure = std::move(response).error();
    bool was_sent = failure.code() == ErrorCode::kSimpleClientCouldNotWrite ||
                    failure.code() == ErrorCode::kSimpleClientCouldNotRead;
    return was_sent ? Outcome::kUnclear : Outcome::kDidNotRun;
  }
  give_back(place, std::move(client));
  was_reached_ = true;
  answer.status = response->status;
  answer.endpoint = endpoint;
  answer.body = value::Buffer(value::Slice::null());
  if (!response->body.empty()) {
    auto json = value::parse_json(response->body);
    if (json) answer.body = *std::move(json);
    if (!json && response->status < 400) {
      failure = std::move(json).error().with_context("answer of the document server");
      return Outcome::kUnclear;
    }
  }
  if (answer.status != 503) return Outcome::kAnswered;
  failure = answer.error();
  return is_refusal(answer) ? Outcome::kDidNotRun : Outcome::kUnclear;
}

Result<Answer> HttpChannel::exchange(const Request& request) {
  const int64_t deadline_ns = base::steady_time_ns() + options_.retry_deadline_ms * kNsPerMs;
  int64_t backoff_ms = options_.first_backoff_ms;
  Answer answer;
  Error failure(ErrorCode::kSimpleClientCouldNotConnect);
  for (int attempts = 1;; ++attempts) {
    const size_t endpoint = request.endpoint ? *request.endpoint : preferred_.load();
    Outcome outcome = attempt(request, endpoint, answer, failure);
    if (outcome == Outcome::kAnswered) return answer;
    // What cannot be sent at all does not get better.
    if (failure.code() == ErrorCode::kBadParameter) return failure;
    if (!request.endpoint) leave(endpoint);
    if (outcome == Outcome::kUnclear) {
      answer.may_have_run = true;
      if (request.repeat == Repeat::kUnsafe) return unknown_effect(failure);
      if (request.repeat == Repeat::kReadOnce) return failure;
    }
    bool every_one_tried = size_t(attempts) % places_.size() == 0 || request.endpoint.has_value();
    bool is_over = attempts >= options_.max_attempts || base::steady_time_ns() + backoff_ms * kNsPerMs > deadline_ns ||
                   (every_one_tried && !was_reached_);
    if (is_over && answer.may_have_run && request.repeat == Repeat::kIdempotent) return unknown_effect(failure);
    if (is_over) return failure;
    if (!every_one_tried) continue;
    pause(backoff_ms);
    backoff_ms = std::min(backoff_ms * 2, options_.largest_backoff_ms);
  }
}

Result<value::Buffer> HttpChannel::send(const Request& request) {
  Answer answer = TRY(exchange(request));
  if (answer.is_error()) return answer.error();
  return std::move(answer.body);
}

Result<value::Buffer> HttpChannel::read(std::string target) {
  return send({.method = net::HttpMethod::kGet, .target = std::move(target), .repeat = Repeat::kRead});
}

}  // namespace workerdb::stores::documents

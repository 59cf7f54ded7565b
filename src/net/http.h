#pragma once
// HTTP/1.1 messages as data. Neither sockets nor routes: a handler can be tested with these alone.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace workerdb::net {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

// "GET"; kOther is "OTHER".
std::string_view http_method_name(HttpMethod method);
// "Not Found"; "Unknown" for a status without a registered phrase.
std::string_view http_status_phrase(int status);
// ASCII only, as header names are.
bool equals_ignoring_case(std::string_view left, std::string_view right);

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpHeaderView {
  std::string_view name;  // as the client spelled it
  std::string_view value;
};

struct HttpParameterView {
  std::string_view name;  // decoded
  std::string_view value;
};

// A complete request. Everything that can be wrong in the target (escapes, UTF-8) was checked before a
// handler sees it, so the accessors cannot fail. Views stay valid until the request is changed, moved or
// destroyed; a server reuses the object for the next request of the connection, so a handler copies what
// outlives handle().
class HttpRequest {
 public:
  // The bytes behind the end of body() that may be read (their content is undefined), for parsers that load
  // whole vector registers (simdjson's padding).
  static constexpr size_t kBodyPadding = 64;

  HttpRequest() = default;
  // For handlers' tests and for requests that come from elsewhere than a socket. `target` is the path with
  // its query, as on the wire. Fails with kHttpBadParameter as the parser would answer 400.
  static base::Result<HttpRequest> create(HttpMethod method, std::string_view target,
                                          const std::vector<HttpHeader>& headers = {}, std::string_view body = {});

  HttpMethod method() const { return method_; }
  // 10 or 11.
  int version() const { return version_; }
  // "/_db/a%20b/_api/version?details=true", as on the wire (an absolute target without scheme and host).
  std::string_view target() const { return view(target_); }
  // The target without the query, still encoded; starts with '/', or is "*" for OPTIONS.
  std::string_view path() const { return view(path_); }
  // What follows '?', still encoded; empty without a query.
  std::string_view query_string() const { return view(query_); }

  // The decoded parts of the path between slashes; empty ones are left out: "/_api//a%2Fb/" has "_api",
  // "a/b".
  size_t segment_count() const { return segments_.size(); }
  // Empty when there is no such segment.
  std::string_view segment(size_t index) const {
    return index < segments_.size() ? view(segments_[index]) : std::string_view();
  }
  std::vector<std::string_view> segments() const;

  // The decoded query in its order. "?a" gives a an empty value; "a[]=1" keeps its brackets.
  size_t parameter_count() const { return parameters_.size(); }
  HttpParameterView parameter(size_t index) const {
    return {view(parameters_[index].name), view(parameters_[index].value)};
  }
  // The last value of this name (names are case-sensitive), as repeated parameters override earlier ones.
  std::optional<std::string_view> parameter(std::string_view name) const;

  size_t header_count() const { return headers_.size(); }
  HttpHeaderView header(size_t index) const { return {view(headers_[index].name), view(headers_[index].value)}; }
  // The first header of this name, whatever its case; without surrounding blanks.
  std::optional<std::string_view> header(std::string_view name) const;

  std::string_view body() const { return body_; }

  // Whether the connection may stay open after the response, by version and Connection header.
  bool keep_alive() const { return keep_alive_; }
  // The peer's IP address in text ("127.0.0.1", "::1") and port; empty and 0 when there is no socket.
  const std::string& remote_address() const { return remote_address_; }
  uint16_t remote_port() const { return remote_port_; }

  // True once the client has closed its side while a request that is not quick runs: nobody waits for the
  // answer, so that a query can be killed. Any thread may ask. The flag itself, for work that runs elsewhere,
  // may outlive the request; it is null for a quick request and for one without a socket.
  bool cancelled() const { return cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed); }
  const std::shared_ptr<std::atomic<bool>>& cancelled_flag() const { return cancelled_; }

 private:
  friend class HttpRequestParser;
  friend class HttpConnection;

  // Offsets instead of views, so that copies and moves are right.
  struct Span {
    uint32_t offset = 0;
    uint32_t length = 0;
  };
  struct Pair {
    Span name;
    Span value;
  };

  std::string_view view(Span span) const { return std::string_view(text_).substr(span.offset, span.length); }
  Span append(std::string_view bytes);
  void clear();
  // The three steps below keep capacity: a connection's steady state allocates nothing.
  base::Result<> set_target(std::string_view target);
  base::Result<> split_path();
  base::Result<> split_query();
  void reserve_body(size_t bytes);

  HttpMethod method_ = HttpMethod::kGet;
  uint8_t version_ = 11;
  bool keep_alive_ = true;
  uint16_t remote_port_ = 0;
  Span target_;
  Span path_;
  Span query_;
  std::string text_;  // target, headers, and what had to be decoded
  std::vector<Span> segments_;
  std::vector<Pair> parameters_;
  std::vector<Pair> headers_;
  std::string body_;
  std::string remote_address_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

// The server adds Content-Length, Connection, Date and, unless `content_type` is empty, Content-Type; a
// header set here must not repeat them. Line breaks and NUL in names and values become blanks on the wire. A
// body is not sent for HEAD, 204 and 304.
struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::vector<HttpHeader> headers;
  std::string body;
  bool close = false;  // close the connection after this response

  HttpResponse() = default;
  explicit HttpResponse(int status_code) : status(status_code) {}
  HttpResponse(int status_code, std::string type, std::string text)
      : status(status_code), content_type(std::move(type)), body(std::move(text)) {}

  HttpResponse& add_header(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
  HttpResponse& close_connection() {
    close = true;
    return *this;
  }
  // The first header of this name, whatever its case.
  std::optional<std::string_view> header(std::string_view name) const;
};

}  // namespace workerdb::net

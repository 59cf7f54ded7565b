#include "net/http_request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

namespace workerdb::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

// A body's memory follows the bytes that came, not the length that was announced.
constexpr uint64_t kFirstBodyBytes = 64 * 1024;
// What a connection keeps allocated between requests.
constexpr size_t kKeptBodyBytes = 256 * 1024;
constexpr size_t kHeadSlack = 64;  // method, version and blanks of a request line

std::string_view plain(string_view text) { return {text.data(), text.size()}; }

HttpMethod method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return HttpMethod::kGet;
    case http::verb::head: return HttpMethod::kHead;
    case http::verb::post: return HttpMethod::kPost;
    case http::verb::put: return HttpMethod::kPut;
    case http::verb::patch: return HttpMethod::kPatch;
    case http::verb::delete_: return HttpMethod::kDelete;
    case http::verb::options: return HttpMethod::kOptions;
    default: return HttpMethod::kOther;
  }
}

// Continuation lines were how one header looked different to two servers (RFC 9112, section 5.2).
bool has_folded_line(std::string_view head) {
  for (size_t at = head.find('\n'); at != head.npos && at + 1 < head.size(); at = head.find('\n', at + 1)) {
    if (head[at + 1] == ' ' || head[at + 1] == '\t') return true;
  }
  return false;
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.size() <= 19 &&
         std::all_of(text.begin(), text.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

// "GET / HTTP/2.0": a version that exists but is not spoken here, in contrast to garbage.
bool names_other_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t start = line.rfind(" HTTP/");
  if (start == line.npos || line.size() - start < 7) return false;
  return line[start + 6] >= '0' && line[start + 6] <= '9';
}

}  // namespace

// Copies what Beast's parser finds into the request. The first complaint of ours wins over Beast's error
// code.
class HttpRequestParser::HeadReader final : public http::basic_parser<true> {
 public:
  HeadReader(HttpRequest& request, const HttpLimits& limits) : request_(request), limits_(limits) {
    this->body_limit(boost::none);
    this->header_limit(UINT32_MAX);
  }

  HttpProtocolError complaint;
  uint64_t length = 0;
  bool expects_continue = false;

 private:
  void complain(int status, std::string_view reason, error_code& code) {
    complaint = {status, reason};
    code = http::error::bad_value;
  }

  void on_request_impl(http::verb verb, string_view, string_view target, int version, error_code& code) override {
    if (target.size() > limits_.target_bytes) return complain(414, "the URL is too long", code);
    request_.method_ = method_of(verb);
    if (request_.method_ == HttpMethod::kOther) return complain(405, "the method is not supported", code);
    request_.version_ = static_cast<uint8_t>(version);
    if (auto set = request_.set_target(plain(target)); !set) {
      complain(400, "the URL is malformed: it must be an absolute path in valid percent-encoding and UTF-8", code);
    }
  }

  void on_field_impl(http::field field, string_view name, string_view value, error_code& code) override {
    if (request_.headers_.size() >= limits_.header_count) return complain(431, "too many headers", code);
    const HttpRequest::Span name_span = request_.append(plain(name));
    request_.headers_.push_back({name_span, request_.append(plain(value))});
    switch (field) {
      case http::field::host:
        if (++hosts_ > 1) complain(400, "more than one Host header", code);
        break;
      case http::field::content_length:
        if (++lengths_ > 1) return complain(400, "more than one Content-Length header", code);
        if (!is_decimal(plain(value))) complain(400, "Content-Length is not a decimal number", code);
        break;
      case http::field::transfer_encoding: encoded_ = true; break;
      case http::field::expect:
        if (!equals_ignoring_case(plain(value), "100-continue")) {
          return complain(417, "only the expectation 100-continue is supported", code);
        }
        expects_continue = request_.version_ >= 11;
        break;
      default: break;
    }
  }

  void on_header_impl(error_code& code) override {
    if (encoded_ && lengths_ > 0) return complain(400, "both Transfer-Encoding and Content-Length", code);
    if (encoded_ && request_.version_ < 11) return complain(400, "Transfer-Encoding needs HTTP/1.1", code);
    if (encoded_) return complain(501, "Transfer-Encoding is not supported: send Content-Length", code);
    if (hosts_ == 0 && request_.version_ >= 11) return complain(400, "the Host header is missing", code);
    request_.keep_alive_ = this->keep_alive();
    length = lengths_ == 0 ? 0 : this->content_length().value_or(0);
    if (length > limits_.body_bytes) return complain(413, "the body is too large", code);
  }

  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  HttpRequest& request_;
  const HttpLimits& limits_;
  int hosts_ = 0;
  int lengths_ = 0;
  bool encoded_ = false;
};

HttpRequestParser::Step HttpRequestParser::fail(int status, std::string_view reason) {
  state_ = State::kError;
  error_ = {status, reason};
  return Step::kError;
}

HttpRequestParser::Step HttpRequestParser::parse(std::string_view input, size_t& consumed) {
  consumed = 0;
  if (state_ == State::kError) return Step::kError;
  if (state_ == State::kComplete) return Step::kComplete;
  if (state_ == State::kHead) {
    const Step step = parse_head(input, consumed);
    if (step != Step::kNeedMore || state_ != State::kBody) return step;
  }
  while (consumed < input.size()) {
    const size_t bytes = std::min(body_space_bytes(), input.size() - consumed);
    std::copy_n(input.data() + consumed, bytes, body_space());
    consumed += bytes;
    if (const Step step = body_received(bytes); step != Step::kNeedMore) return step;
  }
  return Step::kNeedMore;
}

HttpRequestParser::Step HttpRequestParser::parse_head(std::string_view input, size_t& consumed) {
  // Line breaks left over by a client after its previous body are forgiven (RFC 9112, section 2.2).
  while (scanned_ == 0 && input.starts_with("\r\n")) {
    consumed += 2;
    input.remove_prefix(2);
  }
  if (input.empty()) return Step::kNeedMore;
  const size_t end = input.find("\r\n\r\n", scanned_ < 3 ? 0 : scanned_ - 3);
  if (end == input.npos) return check_unfinished_head(input);
  const Step step = take_head(input.substr(0, end + 4));
  consumed += end + 4;
  return step;
}

HttpRequestParser::Step HttpRequestParser::check_unfinished_head(std::string_view input) {
  const char first = input.front();
  if (input != "\r" && !(first >= 'A' && first <= 'Z') && !(first >= 'a' && first <= 'z')) {
    return fail(400, "these bytes are no HTTP request");
  }
  for (size_t at = input.find('\n', scanned_); at != input.npos; at = input.find('\n', at + 1)) {
    if (at == 0 || input[at - 1] != '\r') return fail(400, "a line does not end in CR LF");
  }
  const size_t line_limit = limits_.target_bytes + kHeadSlack;
  if (input.size() > line_limit && input.substr(0, line_limit).find('\n') == input.npos) {
    return fail(414, "the URL is too long");
  }
  if (input.size() > limits_.head_bytes) return fail(431, "the headers are too large");
  // A lone CR may be the first half of a forgiven line break, so nothing is remembered of it.
  if (input != "\r") scanned_ = input.size();
  return Step::kNeedMore;
}

HttpRequestParser::Step HttpRequestParser::take_head(std::string_view head) {
  scanned_ = 0;
  if (head.size() > limits_.head_bytes) {
    const bool is_long_line = head.find("\r\n") > limits_.target_bytes + kHeadSlack;
    return is_long_line ? fail(414, "the URL is too long") : fail(431, "the headers are too large");
  }
  if (has_folded_line(head)) return fail(400, "a header is continued on a second line");
  HeadReader reader(request_, limits_);
  error_code code;
  const size_t read = reader.put(boost::asio::const_buffer(head.data(), head.size()), code);
  if (reader.complaint.status != 0) return fail(reader.complaint.status, reader.complaint.reason);
  if (code == http::error::bad_version && names_other_version(head)) {
    return fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  if (code == http::error::bad_content_length || code == http::error::multiple_content_length) {
    return fail(400, "Content-Length is malformed or contradicts another header");
  }
  if (code == http::error::bad_transfer_encoding) return fail(400, "Transfer-Encoding contradicts another header");
  if (code || read != head.size() || !reader.is_header_done()) return fail(400, "the request's head is malformed");
  content_length_ = reader.length;
  expects_continue_ = reader.expects_continue;
  return begin_body();
}

HttpRequestParser::Step HttpRequestParser::begin_body() {
  received_ = 0;
  if (content_length_ == 0) {
    state_ = State::kComplete;
    return Step::kComplete;
  }
  state_ = State::kBody;
  grow_body();
  return Step::kNeedMore;
}

void HttpRequestParser::grow_body() {
  const uint64_t wanted = std::min(content_length_, std::max(kFirstBodyBytes, 2 * received_));
  request_.reserve_body(wanted);
  request_.body_.resize_and_overwrite(wanted, [](char*, size_t size) { return size; });
}

HttpRequestParser::Step HttpRequestParser::body_received(size_t bytes) {
  received_ += bytes;
  if (received_ == content_length_) {
    state_ = State::kComplete;
    return Step::kComplete;
  }
  if (received_ == request_.body_.size()) grow_body();
  return Step::kNeedMore;
}

void HttpRequestParser::reset() {
  if (request_.body_.capacity() > kKeptBodyBytes) std::string().swap(request_.body_);
  request_.clear();
  state_ = State::kHead;
  expects_continue_ = false;
  scanned_ = 0;
  content_length_ = 0;
  received_ = 0;
  error_ = {};
}

}  // namespace workerdb::net

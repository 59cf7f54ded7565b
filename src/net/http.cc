#include "net/http.h"

#include <algorithm>

#include "net/percent.h"

namespace workerdb::net {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr size_t kMaximumTarget = 1024 * 1024;

char lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A')) : character;
}

// Whether the text means something else than its bytes: escapes, form blanks, or bytes to check as UTF-8.
bool needs_decoding(std::string_view text, PercentMode mode) {
  return std::any_of(text.begin(), text.end(), [mode](char character) {
    return character == '%' || (character == '+' && mode == PercentMode::kForm) ||
           static_cast<unsigned char>(character) >= 0x80 || character == '\0';
  });
}

}  // namespace

std::string_view http_method_name(HttpMethod method) {
  constexpr std::string_view kNames[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"};
  return kNames[static_cast<size_t>(method)];
}

std::string_view http_status_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

Result<HttpRequest> HttpRequest::create(HttpMethod method, std::string_view target,
                                        const std::vector<HttpHeader>& headers, std::string_view body) {
  HttpRequest request;
  request.method_ = method;
  TRY(request.set_target(target));
  for (const HttpHeader& header : headers) {
    const Span name = request.append(header.name);
    request.headers_.push_back({name, request.append(header.value)});
  }
  request.reserve_body(body.size());
  request.body_.assign(body);
  return request;
}

std::vector<std::string_view> HttpRequest::segments() const {
  std::vector<std::string_view> all;
  all.reserve(segments_.size());
  for (const Span& segment : segments_) all.push_back(view(segment));
  return all;
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
  for (size_t index = parameters_.size(); index-- > 0;) {
    if (view(parameters_[index].name) == name) return view(parameters_[index].value);
  }
  return std::nullopt;
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const Pair& header : headers_) {
    if (equals_ignoring_case(view(header.name), name)) return view(header.value);
  }
  return std::nullopt;
}

HttpRequest::Span HttpRequest::append(std::string_view bytes) {
  const Span span{static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(bytes.size())};
  text_.append(bytes);
  return span;
}

void HttpRequest::clear() {
  method_ = HttpMethod::kGet;
  version_ = 11;
  keep_alive_ = true;
  target_ = path_ = query_ = {};
  text_.clear();
  segments_.clear();
  parameters_.clear();
  headers_.clear();
  body_.clear();
}

void HttpRequest::reserve_body(size_t bytes) { body_.reserve(bytes + kBodyPadding); }

Result<> HttpRequest::set_target(std::string_view target) {
  if (target.size() > kMaximumTarget) return Error(ErrorCode::kHttpBadParameter, "the URL is too long");
  if (target.find('#') != target.npos) return Error(ErrorCode::kHttpBadParameter, "the URL has a fragment");
  std::string_view origin = target;
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (target.size() <= scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const size_t end = target.find_first_of("/?", scheme.size());
    if (end == scheme.size()) return Error(ErrorCode::kHttpBadParameter, "the URL has no host");
    origin = end == target.npos ? std::string_view("/") : target.substr(end);
  }
  const bool is_asterisk = origin == "*" && method_ == HttpMethod::kOptions;
  if (!is_asterisk && !origin.starts_with('/') && !(origin.starts_with('?') && origin.size() < target.size())) {
    return Error(ErrorCode::kHttpBadParameter, "the URL does not start with a slash");
  }
  target_ = append(origin);
  const size_t question = origin.find('?');
  const size_t path_length = std::min(question, origin.size());
  path_ = path_length == 0 ? append("/") : Span{target_.offset, static_cast<uint32_t>(path_length)};
  if (question != origin.npos) {
    query_ = {static_cast<uint32_t>(target_.offset + question + 1),
              static_cast<uint32_t>(origin.size() - question - 1)};
  }
  TRY(split_path());
  return split_query();
}

Result<> HttpRequest::split_path() {
  if (view(path_) == "*") return {};
  // Decoded text is appended behind the encoded one: the views below must not move meanwhile.
  text_.reserve(text_.size() + path_.length);
  const std::string_view path = view(path_);
  size_t start = 1;
  while (start < path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, end - start);
    if (needs_decoding(segment, PercentMode::kPath)) {
      const auto offset = static_cast<uint32_t>(text_.size());
      TRY(percent_decode_to(segment, PercentMode::kPath, text_));
      segments_.push_back({offset, static_cast<uint32_t>(text_.size() - offset)});
    } else if (!segment.empty()) {
      segments_.push_back({static_cast<uint32_t>(path_.offset + start), static_cast<uint32_t>(segment.size())});
    }
    start = end + 1;
  }
  return {};
}

Result<> HttpRequest::split_query() {
  if (query_.length == 0) return {};
  text_.reserve(text_.size() + query_.length);
  const std::string_view query = view(query_);
  const auto decoded = [&](size_t start, size_t end) -> Result<Span> {
    const std::string_view part = query.substr(start, end - start);
    if (!needs_decoding(part, PercentMode::kForm)) {
      return Span{static_cast<uint32_t>(query_.offset + start), static_cast<uint32_t>(part.size())};
    }
    const auto offset = static_cast<uint32_t>(text_.size());
    TRY(percent_decode_to(part, PercentMode::kForm, text_));
    return Span{offset, static_cast<uint32_t>(text_.size() - offset)};
  };
  size_t start = 0;
  while (start < query.size()) {
    const size_t end = std::min(query.find('&', start), query.size());
    if (end > start) {
      const size_t equals = std::min(query.find('=', start), end);
      const Span name = TRY(decoded(start, equals));
      const Span value = TRY(decoded(std::min(equals + 1, end), end));
      parameters_.push_back({name, value});
    }
    start = end + 1;
  }
  return {};
}

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (equals_ignoring_case(header.name, name)) return std::string_view(header.value);
  }
  return std::nullopt;
}

}  // namespace workerdb::net

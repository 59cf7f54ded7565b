#include "net/http_response_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace workerdb::net {
namespace {

// Below, copying is cheaper than one more part of the gather write.
constexpr size_t kJoinedBodyBytes = 8 * 1024;
constexpr size_t kMaximumParts = 64;
constexpr size_t kKeptTextBytes = 256 * 1024;

void append_number(std::string& out, size_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

// A value from outside must not be able to end its line (response splitting).
void append_line_text(std::string& out, std::string_view text) {
  const size_t start = out.size();
  out.append(text);
  for (size_t position = start; position < out.size(); ++position) {
    if (out[position] == '\r' || out[position] == '\n' || out[position] == '\0') out[position] = ' ';
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_line_text(out, name);
  out.append(": ");
  append_line_text(out, value);
  out.append("\r\n");
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<size_t>(status));
  out.push_back(' ');
  out.append(http_status_phrase(status));
  out.append("\r\n");
}

}  // namespace

void HttpResponseWriter::append(HttpResponse response, const Framing& framing) {
  // An interim status would not end the exchange, and a status of other than three digits is no HTTP.
  const int status = response.status >= 200 && response.status <= 999 ? response.status : 500;
  const bool has_no_content = status == 204 || status == 304;
  const size_t start = text_.size();
  append_status_line(text_, status);
  if (!framing.date.empty()) append_header(text_, "Date", framing.date);
  if (!response.content_type.empty() && !has_no_content) append_header(text_, "Content-Type", response.content_type);
  for (const HttpHeader& header : response.headers) append_header(text_, header.name, header.value);
  if (framing.close) {
    text_.append("Connection: close\r\n");
  } else if (framing.is_http_10) {
    text_.append("Connection: keep-alive\r\n");
  }
  if (!has_no_content) {
    text_.append("Content-Length: ");
    append_number(text_, response.body.size());
    text_.append("\r\n");
  }
  text_.append("\r\n");
  const bool has_body = !framing.without_body && !has_no_content && !response.body.empty();
  if (has_body && response.body.size() <= kJoinedBodyBytes) text_.append(response.body);
  extend_text(start);
  if (has_body && response.body.size() > kJoinedBodyBytes) {
    pending_ += response.body.size();
    pieces_.push_back({0, response.body.size(), std::move(response.body), true});
  }
}

void HttpResponseWriter::append_continue() {
  const size_t start = text_.size();
  text_.append("HTTP/1.1 100 Continue\r\n\r\n");
  extend_text(start);
}

void HttpResponseWriter::extend_text(size_t start) {
  const size_t length = text_.size() - start;
  pending_ += length;
  if (pieces_.size() > first_ && !pieces_.back().is_body) {
    pieces_.back().length += length;
  } else {
    pieces_.push_back({start, length, {}, false});
  }
}

std::span<iovec> HttpResponseWriter::parts() {
  parts_.clear();
  size_t skipped = first_sent_;
  for (size_t index = first_; index < pieces_.size() && parts_.size() < kMaximumParts; ++index) {
    Piece& piece = pieces_[index];
    char* data = piece.is_body ? piece.body.data() : text_.data() + piece.offset;
    parts_.push_back({data + skipped, piece.length - skipped});
    skipped = 0;
  }
  return parts_;
}

void HttpResponseWriter::sent(size_t bytes) {
  pending_ -= bytes;
  while (bytes > 0) {
    const size_t left = pieces_[first_].length - first_sent_;
    const size_t taken = std::min(left, bytes);
    bytes -= taken;
    first_sent_ += taken;
    if (taken < left) return;
    std::string().swap(pieces_[first_].body);
    ++first_;
    first_sent_ = 0;
  }
  if (pending_ > 0) return;
  pieces_.clear();
  first_ = 0;
  if (text_.capacity() > kKeptTextBytes) std::string().swap(text_);
  text_.clear();
}

}  // namespace workerdb::net

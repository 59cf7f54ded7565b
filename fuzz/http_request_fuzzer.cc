// The first byte chooses how the rest is cut into pieces. However it is cut, the same requests come out: a
// difference would mean that what a client sees depends on its network, or that two readers can be told
// apart.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_request_parser.h"

namespace {

using workerdb::net::HttpLimits;
using workerdb::net::HttpRequest;
using workerdb::net::HttpRequestParser;
using Step = HttpRequestParser::Step;

constexpr HttpLimits kLimits = {.target_bytes = 200, .head_bytes = 1000, .header_count = 10, .body_bytes = 200'000};

void check(bool condition) {
  if (!condition) std::abort();
}

std::string describe(const HttpRequest& request) {
  std::string text(http_method_name(request.method()));
  text += std::to_string(request.version()) + (request.keep_alive() ? "k" : "c");
  text.append(request.target()).append("|").append(request.path()).append("|").append(request.query_string());
  for (size_t index = 0; index < request.segment_count(); ++index) text.append("/").append(request.segment(index));
  for (size_t index = 0; index < request.parameter_count(); ++index) {
    const auto parameter = request.parameter(index);
    check(request.parameter(parameter.name).has_value());
    text.append("?").append(parameter.name).append("=").append(parameter.value);
  }
  for (size_t index = 0; index < request.header_count(); ++index) {
    const auto header = request.header(index);
    check(request.header(header.name).has_value());
    check(header.value.find_first_of("\r\n") == header.value.npos);
    text.append("#").append(header.name).append(":").append(header.value);
  }
  return text.append("$").append(request.body()).append("\n");
}

// Alternates between parse() and, inside a body, direct reception, as the listener does.
std::string requests_of(std::string_view bytes, size_t piece_bytes) {
  HttpRequestParser parser(kLimits);
  std::string input;
  std::string found;
  for (;;) {
    size_t consumed = 0;
    Step step = Step::kNeedMore;
    if (input.empty() && parser.in_body() && !bytes.empty()) {
      const size_t count = std::min({piece_bytes, bytes.size(), parser.body_space_bytes()});
      check(count > 0);
      bytes.copy(parser.body_space(), count);
      bytes.remove_prefix(count);
      step = parser.body_received(count);
    } else {
      step = parser.parse(input, consumed);
    }
    check(consumed <= input.size());
    input.erase(0, consumed);
    // Which of several faults is named may depend on the pieces; that there is one may not.
    if (step == Step::kError) return found + "error";
    if (step == Step::kComplete) {
      found += describe(parser.request());
      parser.reset();
      continue;
    }
    if (bytes.empty()) return found;
    if (parser.in_body() && input.empty()) continue;
    const size_t count = std::min(piece_bytes, bytes.size());
    input.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(requests_of(bytes, 1 + data[0]) == requests_of(bytes, SIZE_MAX));
  return 0;
}

// A URL that is read is written as a text that reads back as the same URL.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/percent.h"
#include "net/url.h"

namespace {
void check(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace workerdb::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto decoded = percent_decode(text)) {
    check(is_valid_utf8(*decoded));
    check(percent_decode(percent_encode(*decoded)).value() == *decoded);
  }
  const auto url = parse_url(text);
  if (!url) return 0;
  const auto again = parse_url(format_url(*url));
  check(again.has_value());
  check(again->scheme == url->scheme && again->user == url->user && again->password == url->password);
  check(again->host == url->host && again->port == url->port && again->path == url->path);
  check(again->query == url->query);
  return 0;
}

#pragma once
// The bytes of responses that wait to be sent: small ones are joined, large bodies are gathered, never
// copied.
#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace workerdb::net {

class HttpResponseWriter {
 public:
  // How the response meets the connection, beside what it says itself.
  struct Framing {
    bool close = false;         // announce and mean it
    bool is_http_10 = false;    // keep-alive must be said aloud
    bool without_body = false;  // HEAD: the length is announced, the body stays here
    std::string_view date;      // an IMF-fixdate; empty: no Date header
  };

  void append(HttpResponse response, const Framing& framing);
  void append_continue();

  bool empty() const { return pending_ == 0; }
  size_t pending_bytes() const { return pending_; }
  // What to send next, in order; at most 64 parts, so perhaps not everything. Valid until the next call.
  std::span<iovec> parts();
  // The first `bytes` of parts() are sent. When nothing is left, the memory is kept for the next responses.
  void sent(size_t bytes);

 private:
  // Either a range of text_, or a body of its own.
  struct Piece {
    size_t offset = 0;
    size_t length = 0;
    std::string body;
    bool is_body = false;
  };

  void extend_text(size_t start);

  std::string text_;
  std::vector<Piece> pieces_;
  size_t first_ = 0;       // pieces before are sent
  size_t first_sent_ = 0;  // bytes of the first piece that are sent
  size_t pending_ = 0;
  std::vector<iovec> parts_;
};

}  // namespace workerdb::net

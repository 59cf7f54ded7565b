#pragma once
// An HTTP/1.1 listener (RFC 9110, RFC 9112) that hands complete requests to a handler. Knows no route.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace workerdb::net {

// Sizes of one request. What is above is refused before it is buffered.
struct HttpLimits {
  uint32_t target_bytes = 16 * 1024;            // else 414
  uint32_t head_bytes = 64 * 1024;              // request line and headers, else 431; at most 1 MiB
  uint32_t header_count = 256;                  // else 431
  uint64_t body_bytes = 1024ull * 1024 * 1024;  // else 413
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // an IP address, not a name
  uint16_t port = 0;                  // 0: the system chooses, see HttpServer::port()
  int io_threads = 2;
  int worker_threads = 8;
  HttpLimits limits;
  uint64_t unasked_body_bytes = 256 * 1024;           // bodies up to this are read without asking body_limit()
  uint64_t total_body_bytes = 2048ull * 1024 * 1024;  // of all requests being read or handled, else 503
  uint32_t max_connections = 1024;                    // one more gets 503 and is closed
  uint32_t max_queued_requests = 4096;                // waiting for a worker; one more gets 503
  uint32_t max_pipelined_requests = 64;               // answered before their responses are written
  int64_t idle_timeout_ms = 300'000;                  // between requests; closed without an answer
  int64_t header_timeout_ms = 30'000;                 // from a request's first byte to its last header, else 408
  int64_t body_timeout_ms = 30'000;                   // for each 16 KiB of a body or its end, else 408
  int64_t write_timeout_ms = 60'000;                  // without the client taking any byte; closed
};

// Counters since start(), for metrics. Each is exact; together they are no snapshot.
struct HttpServerCounters {
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;  // over max_connections
  uint64_t connections_open = 0;
  uint64_t requests = 0;          // handed to the handler
  uint64_t requests_quick = 0;    // of these, on the io thread
  uint64_t requests_refused = 0;  // answered by the listener itself: protocol errors, limits, full queue
  uint64_t requests_queued = 0;   // waiting for a worker now
  uint64_t requests_running = 0;  // in a worker now
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
};

// What the listener calls. All methods may be called from several threads at once. They must not throw; an
// exception becomes a 500.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // Asked on the io thread once the request is complete. True: handle() runs right there, so it must neither
  // block nor compute for more than some microseconds, as other connections wait meanwhile.
  virtual bool is_quick(const HttpRequest& request) const {
    (void)request;
    return false;
  }

  // Asked on the io thread when the head of a request with a body above HttpServerOptions::unasked_body_bytes is
  // there: how much of a body this request may have. What is above is refused with 413, and with 401 when the answer
  // is 0, before any of it is read. So whom the handler does not know cannot make it hold large bodies.
  virtual uint64_t body_limit(const HttpRequest& head) const {
    (void)head;
    return UINT64_MAX;
  }

  virtual HttpResponse handle(const HttpRequest& request) = 0;

  // The response to what never becomes a request (limits, malformed heads, overload). The listener sets the
  // status and closes the connection where the protocol asks for it. Runs on an io thread.
  virtual HttpResponse error_response(int status, std::string_view reason);
};

// Responses of a connection leave in the order of its requests; requests of one connection run one after
// another. Methods may be called from any thread, except that start() and stop() are the owner's.
class HttpServer {
 public:
  // The handler is borrowed and must live until stop() has returned.
  HttpServer(HttpServerOptions options, HttpHandler& handler);
  // Stops with a deadline of zero.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and starts the threads. kBadParameter: the options make no sense; kSysError: the address cannot
  // be bound, with address and port in the message (a port that is taken says so). Once in a lifetime.
  base::Result<> start();

  // The port that is listened on, also after stop(); 0 before start().
  uint16_t port() const;

  // Stops listening, closes idle connections, lets running requests end and their responses leave for at most
  // `deadline_ms`. Then every remaining request is cancelled (HttpRequest::cancelled), its connection is
  // closed and queued requests are dropped. Returns when no thread is left, so a handler that ignores
  // cancellation holds it up. True when nothing had to be cut off. A second call does nothing and returns
  // true.
  bool stop(int64_t deadline_ms);

  HttpServerCounters counters() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace workerdb::net

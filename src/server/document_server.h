#pragma once
// ArangoDB's HTTP API over an engine: routes, login, limits. Source: the 3.12 documentation, "HTTP interface".
#include <memory>

#include "base/result.h"
#include "engine/engine.h"
#include "net/http_server.h"
#include "server/services.h"

namespace workerdb::server {

struct DocumentServerStatistics {
  net::HttpServerCounters http;
  uint64_t open_cursors;
};

// start() and stop() by one thread; the rest is thread-safe.
class DocumentServer {
 public:
  // The engine is borrowed and outlives the server.
  DocumentServer(engine::Engine& engine, DocumentServerOptions options);
  ~DocumentServer();

  // Loads the users (makes root at the first start) and listens. Errors: HttpServer::start, engine errors.
  base::Result<> start();
  uint16_t port() const;
  // Lets running requests end for at most `deadline_ms`; aborts stream transactions.
  void stop(int64_t deadline_ms);
  DocumentServerStatistics statistics() const;

 private:
  class Handler;
  DocumentServerOptions options_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Handler> handler_;
  std::unique_ptr<net::HttpServer> listener_;
};

}  // namespace workerdb::server

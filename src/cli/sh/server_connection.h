#pragma once
// The shell's requests to one document server over HTTP.
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/sh/javascript_engine.h"
#include "net/http_client.h"

namespace workerdb::cli {

struct ServerConnectionOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8529;
  std::string user;
  std::string password;
  bool authenticates = true;
  int64_t connect_timeout_ms = 5'000;
  int64_t request_timeout_ms = 1'200'000;
  // Refuses, before anything is sent, every request that may write. A query is explained first: only one that the
  // server says does not modify is run. A second layer: what the user may do is the server's to decide.
  bool read_only = false;
  // Asked before each request; its failure is the request's. Empty: none is asked.
  std::function<base::Result<>(net::HttpMethod method, std::string_view path, std::string_view body)> allow;
};

// One thread.
class ServerConnection {
 public:
  // `cancelled` ends a running request when it becomes true; it outlives the connection.
  ServerConnection(const ServerConnectionOptions& options, const std::atomic<bool>& cancelled);

  // Any status is a success. kReadOnly as described above; the errors of net::HttpClient.
  base::Result<net::HttpResponse> send(const ScriptRequest& request);

 private:
  // Nothing: the request may be sent. A response: the server's own refusal.
  base::Result<std::optional<net::HttpResponse>> refuse_writing(net::HttpMethod method, const ScriptRequest& request);
  base::Result<std::optional<net::HttpResponse>> refuse_writing_query(std::string_view prefix, std::string_view body);

  void end_query(const ScriptRequest& request, double elapsed_s);

  bool read_only_;
  std::function<base::Result<>(net::HttpMethod, std::string_view, std::string_view)> allow_;
  net::HttpClientOptions client_options_;
  net::HttpClient client_;
};

struct Endpoint {
  std::string host;
  uint16_t port = 0;
};

// "tcp://host:port", "http://host:port", "http+tcp://host:port"; the port is 8529 without one. kIllegalOption for
// other protocols (says which are there), for TLS and for a name or password inside.
base::Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace workerdb::cli

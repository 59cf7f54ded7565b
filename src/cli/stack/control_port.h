#pragma once
// The port for machines that watch: GET /health, /ready, /metrics. No login, so nothing but states and
// numbers. What else it serves (MCP) brings its own rules.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "supervise/service.h"

namespace workerdb::cli {

// Appends lines in Prometheus' text format (version 0.0.4), with their own HELP and TYPE.
using MetricsSource = std::function<void(std::string&)>;

// Answers every request to one path, whatever its method, and checks who asks. Called from several threads.
using ControlRoute = std::function<net::HttpResponse(const net::HttpRequest&)>;

// What the metrics say about the services themselves.
std::string service_metrics(const std::vector<supervise::ServiceStatus>& services, int64_t started_ms, int64_t now_ms);

// `status` is asked on each request, from any thread.
//   /health   200 while the supervisor answers
//   /ready    200 when all services are ready, else 503; the body lists them
//   /metrics  text
// Everything else: 404; methods but GET and HEAD: 405.
class ControlHandler : public net::HttpHandler {
 public:
  ControlHandler(std::function<std::vector<supervise::ServiceStatus>()> status, int64_t started_ms)
      : status_(std::move(status)), started_ms_(started_ms) {}
  // Before the server starts only.
  void add_metrics(MetricsSource source) { sources_.push_back(std::move(source)); }
  void add_route(std::string path, ControlRoute route) { routes_[std::move(path)] = std::move(route); }

  net::HttpResponse handle(const net::HttpRequest& request) override;

 private:
  net::HttpResponse readiness() const;

  const std::function<std::vector<supervise::ServiceStatus>()> status_;
  const int64_t started_ms_;
  std::vector<MetricsSource> sources_;
  std::map<std::string, ControlRoute, std::less<>> routes_;
};

}  // namespace workerdb::cli

#include "cli/stack/control_port.h"

#include <fmt/format.h>

#include "base/time.h"
#include "cli/stack/state_file.h"

namespace workerdb::cli {

using net::HttpMethod;
using net::HttpRequest;
using net::HttpResponse;
using supervise::ServiceStatus;
using supervise::State;

namespace {

constexpr const char* kJson = "application/json; charset=utf-8";
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

void head(std::string& text, const char* name, const char* type, const char* help) {
  text += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

}  // namespace

std::string service_metrics(const std::vector<ServiceStatus>& services, int64_t started_ms, int64_t now_ms) {
  std::string text;
  head(text, "workerdb_uptime_seconds", "gauge", "Since the stack was started.");
  text += fmt::format("workerdb_uptime_seconds {:.3f}\n", static_cast<double>(now_ms - started_ms) / 1000);
  head(text, "workerdb_service_ready", "gauge", "1 when the service is ready.");
  for (const ServiceStatus& service : services) {
    text += fmt::format("workerdb_service_ready{{service=\"{}\"}} {}\n", service.name,
                        service.state == State::kReady ? 1 : 0);
  }
  head(text, "workerdb_service_state", "gauge", "1 for the state that the service is in.");
  for (const ServiceStatus& service : services) {
    text += fmt::format("workerdb_service_state{{service=\"{}\",state=\"{}\"}} 1\n", service.name,
                        supervise::state_name(service.state));
  }
  head(text, "workerdb_service_restarts_total", "counter", "Starts after a crash.");
  for (const ServiceStatus& service : services) {
    text += fmt::format("workerdb_service_restarts_total{{service=\"{}\"}} {}\n", service.name, service.restarts);
  }
  head(text, "workerdb_service_probe_failures_total", "counter", "Probes without a good answer, after the start.");
  for (const ServiceStatus& service : services) {
    text += fmt::format("workerdb_service_probe_failures_total{{service=\"{}\"}} {}\n", service.name,
                        service.probe_failures);
  }
  head(text, "workerdb_service_uptime_seconds", "gauge", "Since the last start; 0 when it does not run.");
  for (const ServiceStatus& service : services) {
    bool runs = supervise::is_running(service.state) && service.started_ms > 0;
    text += fmt::format("workerdb_service_uptime_seconds{{service=\"{}\"}} {:.3f}\n", service.name,
                        runs ? static_cast<double>(now_ms - service.started_ms) / 1000 : 0.0);
  }
  return text;
}

HttpResponse ControlHandler::readiness() const {
  bool ready = true;
  std::string services;
  for (const ServiceStatus& service : status_()) {
    ready = ready && service.state == State::kReady;
    services += (services.empty() ? "" : ",") + service_json(service, false);
  }
  return HttpResponse(ready ? 200 : 503, kJson, fmt::format("{{\"ready\":{},\"services\":[{}]}}\n", ready, services));
}

HttpResponse ControlHandler::handle(const HttpRequest& request) {
  if (auto route = routes_.find(request.path()); route != routes_.end()) return route->second(request);
  if (request.method() != HttpMethod::kGet && request.method() != HttpMethod::kHead) {
    return HttpResponse(405, kJson, "{\"error\":\"only GET and HEAD\"}\n").add_header("Allow", "GET, HEAD");
  }
  if (request.path() == "/health") return HttpResponse(200, kJson, "{\"healthy\":true}\n");
  if (request.path() == "/ready") return readiness();
  if (request.path() == "/metrics") {
    std::string text = service_metrics(status_(), started_ms_, base::unix_time_ms());
    for (const MetricsSource& source : sources_) source(text);
    return HttpResponse(200, kMetricsText, std::move(text));
  }
  return HttpResponse(404, kJson, "{\"error\":\"only /health, /ready and /metrics\"}\n");
}

}  // namespace workerdb::cli

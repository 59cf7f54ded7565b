// Version, availability, time and what else drivers ask a server about itself. Source: the 3.12 documentation,
// "HTTP interface for administration".
#include "base/time.h"
#include "base/version.h"
#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

Result<HttpResponse> show_version(Exchange& exchange) {
  bool details = TRY(exchange.flag("details", false));
  Builder to;
  to.open_object();
  to.add("server", "arango");
  to.add("license", "apache-2.0");
  to.add("version", base::kArangoDbVersion);
  if (details) {
    to.key("details");
    to.open_object();
    to.add("product", "workerdb");
    to.add("product-version", base::kVersion);
    to.add("mode", "server");
    to.add("role", "SINGLE");
    to.close();
  }
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> show_availability(Exchange&) {
  return object_response(200, [](Builder& to) { to.add("mode", "default"); });
}

Result<HttpResponse> show_engine(Exchange&) {
  Builder to;
  to.open_object();
  to.add("name", "rocksdb");
  to.key("supports");
  to.open_object();
  to.key("indexes");
  to.open_array();
  for (const char* type : {"primary", "edge", "persistent", "hash", "skiplist", "ttl"}) to.string(type);
  to.close();
  to.close();
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> show_engine_statistics(Exchange& exchange) {
  auto statistics = exchange.engine().statistics();
  Builder to;
  to.open_object();
  to.add("rocksdb.estimate-live-data-size", statistics.live_bytes);
  to.add("rocksdb.cur-size-all-mem-tables", statistics.memtable_bytes);
  to.add("rocksdb.block-cache-usage", statistics.block_cache_bytes);
  to.add("rocksdb.wal-size", statistics.wal_bytes);
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> show_time(Exchange&) {
  return object_response(200, [](Builder& to) { to.add("time", double(base::unix_time_us()) / 1e6); });
}

Result<HttpResponse> show_status(Exchange&) {
  Builder to;
  to.open_object();
  to.add("server", "arango");
  to.add("version", base::kArangoDbVersion);
  to.add("license", "apache-2.0");
  to.add("mode", "server");
  to.add("operationMode", "server");
  to.add("foxxApi", false);
  to.key("serverInfo");
  to.open_object();
  to.add("role", "SINGLE");
  to.add("readOnly", false);
  to.add("maintenance", false);
  to.close();
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> show_role(Exchange&) {
  return object_response(200, [](Builder& to) { to.add("role", "SINGLE"); });
}

Result<HttpResponse> show_mode(Exchange&) {
  return object_response(200, [](Builder& to) { to.add("mode", "default"); });
}

Result<HttpResponse> show_license(Exchange&) {
  Builder to;
  to.open_object();
  to.add("license", "none");
  to.close();
  return json_response(200, to.slice());
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/version", Access::kUser, show_version, true},
    {HttpMethod::kGet, "/_admin/server/availability", Access::kPublic, show_availability, true},
    {HttpMethod::kGet, "/_api/engine", Access::kUser, show_engine},
    {HttpMethod::kGet, "/_api/engine/stats", Access::kServerAdmin, show_engine_statistics},
    {HttpMethod::kGet, "/_admin/time", Access::kUser, show_time, true},
    {HttpMethod::kGet, "/_admin/status", Access::kUser, show_status},
    {HttpMethod::kGet, "/_admin/server/role", Access::kUser, show_role},
    {HttpMethod::kGet, "/_admin/server/mode", Access::kUser, show_mode},
    {HttpMethod::kGet, "/_admin/license", Access::kUser, show_license},
};

}  // namespace

std::span<const Route> administration_routes() { return kRoutes; }

}  // namespace workerdb::server

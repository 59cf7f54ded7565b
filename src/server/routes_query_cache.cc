// The cache of query results. Source: the 3.12 documentation, "AQL query results cache HTTP API".
#include <algorithm>
#include <array>

#include "base/time.h"
#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using engine::ResultCacheProperties;
using net::HttpMethod;
using net::HttpResponse;

constexpr std::array<std::string_view, 3> kModes = {"off", "on", "demand"};  // in the order of Mode

HttpResponse properties_response(const ResultCacheProperties& properties) {
  Builder to;
  to.open_object();
  to.add("mode", kModes[size_t(properties.mode)]);
  to.add("maxResults", properties.most_results);
  to.add("maxResultsSize", properties.most_bytes);
  to.add("maxEntrySize", properties.most_entry_bytes);
  to.add("includeSystem", properties.include_system);
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> show_properties(Exchange& exchange) {
  return properties_response(exchange.engine().result_cache());
}

Result<HttpResponse> change_properties(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto properties = exchange.engine().result_cache();
  if (Slice mode = body.get("mode"); !mode.is_none()) {
    auto found = mode.is_string() ? std::ranges::find(kModes, mode.as_string()) : kModes.end();
    if (found == kModes.end()) return Error(ErrorCode::kBadParameter, "mode must be \"off\", \"on\" or \"demand\"");
    properties.mode = ResultCacheProperties::Mode(found - kModes.begin());
  }
  properties.most_results = TRY(number_of(body, "maxResults", properties.most_results));
  properties.most_bytes = TRY(number_of(body, "maxResultsSize", properties.most_bytes));
  properties.most_entry_bytes = TRY(number_of(body, "maxEntrySize", properties.most_entry_bytes));
  properties.include_system = TRY(flag_of(body, "includeSystem", properties.include_system));
  exchange.engine().set_result_cache(properties);
  return properties_response(properties);
}

void append_entry(const engine::CachedResultDescription& entry, bool with_bind_variables, Builder& to) {
  Slice bind_variables = entry.bind_variables.slice();
  to.open_object();
  to.add("hash", std::to_string(entry.key));
  to.add("query", entry.text);
  if (with_bind_variables) to.add("bindVars", bind_variables.is_object() ? bind_variables : Slice::empty_object());
  to.add("size", entry.bytes);
  to.add("results", entry.rows);
  to.add("hits", entry.hits);
  to.add("runTime", entry.run_time_s);
  to.add("started", base::format_iso8601(entry.stored_unix_ms));
  to.key("dataSources");
  to.open_array();
  for (const auto& name : entry.sources) to.string(name);
  to.close();
  to.close();
}

// Only entries whose data the user may read.
Result<HttpResponse> list_entries(Exchange& exchange) {
  auto database = TRY(exchange.database());
  bool with_bind_variables = database.tracking().bind_variables;
  Builder to;
  to.open_array();
  for (const auto& entry : database.cached_results()) {
    bool may_read = std::ranges::all_of(entry.sources, [&](const std::string& name) {
      return exchange.require_on(name, AccessLevel::kReadOnly).has_value();
    });
    if (may_read) append_entry(entry, with_bind_variables, to);
  }
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> clear(Exchange& exchange) {
  TRY(exchange.database()).clear_cached_results();
  return object_response(200, [](Builder&) {});
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/query-cache/properties", Access::kDatabaseRead, show_properties},
    // For all databases at once, so not for every reader of one.
    {HttpMethod::kPut, "/_api/query-cache/properties", Access::kServerAdmin, change_properties},
    {HttpMethod::kGet, "/_api/query-cache/entries", Access::kDatabaseRead, list_entries},
    {HttpMethod::kDelete, "/_api/query-cache", Access::kDatabaseWrite, clear},
};

}  // namespace

std::span<const Route> query_cache_routes() { return kRoutes; }

}  // namespace workerdb::server

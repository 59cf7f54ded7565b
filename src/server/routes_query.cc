// Explain, parse, running and slow queries. Source: the 3.12 documentation, "HTTP interface for AQL queries".
#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "base/time.h"
#include "server/query_request.h"
#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

void append_attributes(Slice object, Builder& to) {
  for (value::ObjectIterator attribute(object); attribute.valid(); attribute.next()) {
    to.add(attribute.name(), attribute.value());
  }
}

Result<HttpResponse> explain(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto request = TRY(parse_query_request(exchange, body));
  auto database = TRY(exchange.database());
  auto plan = TRY(database.explain(request.text, request.bind_variables, request.options));
  return object_response(200, [&](Builder& to) { append_attributes(plan.slice(), to); });
}

Result<HttpResponse> list_rules(Exchange&) {
  Builder to;
  to.open_array();
  for (const auto& rule : engine::optimizer_rules()) {
    to.open_object();
    to.add("name", rule.name);
    to.key("flags");
    to.open_object();
    to.add("hidden", rule.is_hidden);
    to.add("clusterOnly", false);
    to.add("canBeDisabled", rule.can_be_disabled);
    to.add("canCreateAdditionalPlans", rule.can_create_plans);
    to.add("disabledByDefault", rule.is_disabled_by_default);
    to.add("enterpriseOnly", false);
    to.close();
    to.close();
  }
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> parse(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto text = TRY(required_text(body, "query"));
  auto database = TRY(exchange.database());
  auto parsed = TRY(database.parse(text));
  return object_response(200, [&](Builder& to) { append_attributes(parsed.slice(), to); });
}

// Whose queries of which database a request is about. With rights to administrate the database: everybody's; without:
// the user's own. With all=true, which takes rights to administrate _system: those of all databases.
struct QueryScope {
  std::string_view database, user;  // empty: all

  bool includes(const engine::RunningQuery& query) const { return user.empty() || query.user == user; }
};

Result<QueryScope> scope_of(const Exchange& exchange) {
  if (TRY(exchange.flag("all", false))) {
    if (exchange.database_name != "_system" || !exchange.may("_system", AccessLevel::kReadWrite)) {
      return Error(ErrorCode::kForbidden, "all=true is only for those who administrate _system, and only there");
    }
    return QueryScope{};
  }
  bool sees_all = exchange.require(AccessLevel::kReadWrite).has_value();
  return QueryScope{exchange.database_name, sees_all ? std::string_view() : exchange.user};
}

void append_query(const engine::RunningQuery& query, bool is_over, Builder& to) {
  to.open_object();
  to.add("id", std::to_string(query.id));
  to.add("database", query.database);
  to.add("user", query.user);
  to.add("query", query.text);
  to.add("bindVars", query.bind_variables.slice().is_object() ? query.bind_variables.slice() : Slice::empty_object());
  to.add("started", base::format_iso8601(query.started_unix_ms));
  to.add("runTime", query.run_time_s);
  to.add("peakMemoryUsage", query.peak_memory_bytes);
  to.add("state", query.state);
  to.add("stream", query.stream);
  to.add("modificationQuery", query.modifies);
  to.add("warnings", query.warnings);
  if (is_over) to.add("exitCode", query.exit_code);
  to.close();
}

HttpResponse queries_response(const std::vector<engine::RunningQuery>& queries, const QueryScope& scope,
                              bool are_over) {
  Builder to;
  to.open_array();
  for (const auto& query : queries) {
    if (scope.includes(query)) append_query(query, are_over, to);
  }
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> list_running(Exchange& exchange) {
  auto scope = TRY(scope_of(exchange));
  return queries_response(exchange.engine().running_queries(scope.database), scope, false);
}

Result<HttpResponse> list_slow(Exchange& exchange) {
  auto scope = TRY(scope_of(exchange));
  return queries_response(exchange.engine().slow_queries(scope.database), scope, true);
}

Result<HttpResponse> clear_slow(Exchange& exchange) {
  exchange.engine().clear_slow_queries(TRY(scope_of(exchange)).database);
  return object_response(200, [](Builder&) {});
}

Result<HttpResponse> kill(Exchange& exchange) {
  auto scope = TRY(scope_of(exchange));
  auto id = base::parse_integer<uint64_t>(exchange.argument(0));
  if (!id) return ErrorCode::kQueryNotFound;
  TRY(exchange.engine().kill_query(scope.database, *id, scope.user));
  return object_response(200, [](Builder&) {});
}

HttpResponse tracking_response(const engine::QueryTracking& tracking) {
  return object_response(200, [&](Builder& to) {
    to.add("enabled", tracking.enabled);
    to.add("trackSlowQueries", tracking.slow_queries);
    to.add("trackBindVars", tracking.bind_variables);
    to.add("maxSlowQueries", tracking.most_slow);
    to.add("slowQueryThreshold", tracking.slow_s);
    to.add("slowStreamingQueryThreshold", tracking.slow_stream_s);
    to.add("maxQueryStringLength", tracking.text_length);
  });
}

Result<HttpResponse> show_tracking(Exchange& exchange) {
  return tracking_response(TRY(exchange.database()).tracking());
}

Result<double> threshold_of(Slice body, std::string_view name, double before) {
  double threshold = TRY(real_of(body, name, before));
  if (threshold >= 0) return threshold;
  return Error(ErrorCode::kBadParameter, std::string(name) + " must not be negative");
}

Result<HttpResponse> change_tracking(Exchange& exchange) {
  constexpr uint64_t kMostSlowQueries = 16384, kLongestText = 1 << 20;  // what is kept of queries stays small
  auto body = TRY(exchange.object_body());
  auto database = TRY(exchange.database());
  auto tracking = database.tracking();
  tracking.enabled = TRY(flag_of(body, "enabled", tracking.enabled));
  tracking.slow_queries = TRY(flag_of(body, "trackSlowQueries", tracking.slow_queries));
  tracking.bind_variables = TRY(flag_of(body, "trackBindVars", tracking.bind_variables));
  tracking.most_slow = std::min(TRY(number_of(body, "maxSlowQueries", tracking.most_slow)), kMostSlowQueries);
  tracking.slow_s = TRY(threshold_of(body, "slowQueryThreshold", tracking.slow_s));
  tracking.slow_stream_s = TRY(threshold_of(body, "slowStreamingQueryThreshold", tracking.slow_stream_s));
  tracking.text_length = std::min(TRY(number_of(body, "maxQueryStringLength", tracking.text_length)), kLongestText);
  database.set_tracking(tracking);
  return tracking_response(tracking);
}

// User functions are JavaScript, and no query runs any here: there are none, and none can be made.
Result<HttpResponse> list_functions(Exchange&) {
  return object_response(200, [](Builder& to) {
    to.key("result");
    to.open_array();
    to.close();
  });
}
Result<HttpResponse> create_function(Exchange&) {
  return Error(ErrorCode::kNotImplemented, "AQL user functions need JavaScript, which this server does not run");
}
Result<HttpResponse> delete_function(Exchange& exchange) {
  return Error(ErrorCode::kQueryFunctionNotFound,
               fmt::format("no AQL user function with name '{}' found", exchange.argument(0)));
}

Result<HttpResponse> list_plans(Exchange& exchange) {
  auto database = TRY(exchange.database());
  Builder to;
  to.open_array();
  for (const auto& plan : database.cached_plans()) {
    bool may_read = std::ranges::all_of(plan.collections, [&](const std::string& name) {
      return exchange.require_on(name, AccessLevel::kReadOnly).has_value();
    });
    if (!may_read) continue;
    to.open_object();
    to.add("hash", std::to_string(plan.key));
    to.add("query", plan.text);
    to.add("queryHash", plan.text_hash);
    to.add("bindVars", plan.bind_variables.slice());
    to.add("fullCount", plan.full_count);
    to.key("dataSources");
    to.open_array();
    for (const auto& name : plan.collections) to.string(name);
    to.close();
    to.add("created", base::format_iso8601(plan.created_unix_ms));
    to.add("hits", plan.hits);
    to.add("memoryUsage", plan.bytes);
    to.close();
  }
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> clear_plans(Exchange& exchange) {
  TRY(exchange.database()).clear_cached_plans();
  return object_response(200, [](Builder&) {});
}

const Route kRoutes[] = {
    {HttpMethod::kPost, "/_api/explain", Access::kDatabaseRead, explain},
    {HttpMethod::kPost, "/_api/query", Access::kDatabaseRead, parse},
    {HttpMethod::kGet, "/_api/query/rules", Access::kDatabaseRead, list_rules},
    {HttpMethod::kGet, "/_api/aqlfunction", Access::kDatabaseRead, list_functions},
    {HttpMethod::kGet, "/_api/aqlfunction/{namespace}", Access::kDatabaseRead, list_functions},
    {HttpMethod::kPost, "/_api/aqlfunction", Access::kDatabaseWrite, create_function},
    {HttpMethod::kDelete, "/_api/aqlfunction/{name}", Access::kDatabaseWrite, delete_function},
    {HttpMethod::kGet, "/_api/query/current", Access::kDatabaseRead, list_running},
    {HttpMethod::kGet, "/_api/query/slow", Access::kDatabaseRead, list_slow},
    {HttpMethod::kDelete, "/_api/query/slow", Access::kDatabaseWrite, clear_slow},
    {HttpMethod::kGet, "/_api/query/properties", Access::kDatabaseRead, show_tracking},
    {HttpMethod::kPut, "/_api/query/properties", Access::kDatabaseWrite, change_tracking},
    {HttpMethod::kGet, "/_api/query-plan-cache", Access::kDatabaseRead, list_plans},
    {HttpMethod::kDelete, "/_api/query-plan-cache", Access::kDatabaseWrite, clear_plans},
    {HttpMethod::kDelete, "/_api/query/{id}", Access::kDatabaseRead, kill},
};

}  // namespace

std::span<const Route> query_routes() { return kRoutes; }

}  // namespace workerdb::server

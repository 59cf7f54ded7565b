// Analyzers. Source: the 3.12 documentation, "HTTP interface for Analyzers".
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

Result<HttpResponse> list_analyzers(Exchange& exchange) {
  return result_response(200, TRY(exchange.database()).analyzers().slice());
}

Result<HttpResponse> create_analyzer(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto ensured = TRY(TRY(exchange.database()).ensure_analyzer(body));
  return json_response(ensured.created ? 201 : 200, ensured.definition.slice());
}

Result<HttpResponse> show_analyzer(Exchange& exchange) {
  auto found = TRY(TRY(exchange.database()).analyzer(exchange.argument(0)));
  return object_response(200, [&](Builder& to) { append_attributes(found.slice(), to); });
}

Result<HttpResponse> drop_analyzer(Exchange& exchange) {
  bool force = TRY(exchange.flag("force", false));
  auto database = TRY(exchange.database());
  auto found = TRY(database.analyzer(exchange.argument(0)));
  TRY(database.drop_analyzer(exchange.argument(0), force));
  return object_response(200, [&](Builder& to) { to.add("name", found.slice().get("name")); });
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/analyzer", Access::kDatabaseRead, list_analyzers},
    {HttpMethod::kPost, "/_api/analyzer", Access::kDatabaseWrite, create_analyzer},
    {HttpMethod::kGet, "/_api/analyzer/{analyzer}", Access::kDatabaseRead, show_analyzer},
    {HttpMethod::kDelete, "/_api/analyzer/{analyzer}", Access::kDatabaseWrite, drop_analyzer},
};

}  // namespace

std::span<const Route> analyzer_routes() { return kRoutes; }

}  // namespace workerdb::server

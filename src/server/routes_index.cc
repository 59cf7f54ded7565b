// Indexes. Source: the 3.12 documentation, "HTTP interface for indexes".
#include <fmt/format.h>

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

Result<engine::Collection> named_collection(Exchange& exchange, AccessLevel needed) {
  if (exchange.parameter("collection").empty()) return ErrorCode::kCollectionParameterMissing;
  return exchange.collection(exchange.parameter("collection"), needed);
}

Result<HttpResponse> list_indexes(Exchange& exchange) {
  auto collection = TRY(named_collection(exchange, AccessLevel::kReadOnly));
  bool with_figures = TRY(exchange.flag("withStats", false));
  auto indexes = collection.indexes(with_figures);
  return object_response(200, [&](Builder& to) {
    to.add("indexes", indexes.slice());
    to.key("identifiers");
    to.open_object();
    for (value::ArrayIterator index(indexes.slice()); index.valid(); index.next()) {
      to.add(index.value().get("id").as_string(), index.value());
    }
    to.close();
  });
}

Result<HttpResponse> create_index(Exchange& exchange) {
  TRY(exchange.require(AccessLevel::kReadWrite));
  auto collection = TRY(named_collection(exchange, AccessLevel::kReadWrite));
  auto body = TRY(exchange.object_body());
  auto ensured = TRY(collection.ensure_index(body));
  return object_response(ensured.created ? 201 : 200, [&](Builder& to) {
    append_attributes(ensured.definition.slice(), to);
    to.add("isNewlyCreated", ensured.created);
  });
}

Result<HttpResponse> show_index(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  auto index = TRY(collection.index(exchange.argument(1)));
  return object_response(200, [&](Builder& to) { append_attributes(index.slice(), to); });
}

Result<HttpResponse> drop_index(Exchange& exchange) {
  TRY(exchange.require(AccessLevel::kReadWrite));
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  auto index = TRY(collection.index(exchange.argument(1)));
  TRY(collection.drop_index(exchange.argument(1)));
  return object_response(200, [&](Builder& to) { to.add("id", index.slice().get("id")); });
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/index", Access::kDatabaseRead, list_indexes},
    {HttpMethod::kPost, "/_api/index", Access::kUser, create_index},
    {HttpMethod::kGet, "/_api/index/{collection}/{index}", Access::kDatabaseRead, show_index},
    {HttpMethod::kDelete, "/_api/index/{collection}/{index}", Access::kUser, drop_index},
};

}  // namespace

std::span<const Route> index_routes() { return kRoutes; }

}  // namespace workerdb::server

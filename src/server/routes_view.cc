// Views. Source: the 3.12 documentation, "HTTP interface for arangosearch Views".
#include <fmt/format.h>

#include <algorithm>

#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using engine::View;
using net::HttpMethod;
using net::HttpResponse;

// A view shows what is in its collections, so who may not read them may not see it.
Result<> require_linked(Exchange& exchange, const View& view) {
  for (const auto& name : view.collections()) TRY(exchange.require_on(name, AccessLevel::kReadOnly));
  return {};
}

Result<View> named_view(Exchange& exchange) {
  auto view = TRY(TRY(exchange.database()).view(exchange.argument(0)));
  TRY(require_linked(exchange, view));
  return view;
}

void append_summary(const View& view, Builder& to) {
  std::string id = std::to_string(view.id());
  to.add("globallyUniqueId", fmt::format("h{:X}/{}", view.id(), id));
  to.add("id", id);
  to.add("name", view.name());
  to.add("type", view.type());
}

void append_properties(const View& view, Builder& to) {
  append_summary(view, to);
  auto properties = view.properties();
  for (value::ObjectIterator property(properties.slice()); property.valid(); property.next()) {
    to.add(property.name(), property.value());
  }
}

HttpResponse properties_response(int status, const View& view) {
  Builder to;
  to.open_object();
  append_properties(view, to);
  to.close();
  return json_response(status, to.slice());
}

// Whoever links a collection must be able to read it.
Result<> require_links(Exchange& exchange, Slice body) {
  for (value::ObjectIterator link(body.get("links")); link.valid(); link.next()) {
    if (!link.value().is_null()) TRY(exchange.require_on(link.name(), AccessLevel::kReadOnly));
  }
  return {};
}

Result<HttpResponse> list_views(Exchange& exchange) {
  auto database = TRY(exchange.database());
  return object_response(200, [&](Builder& to) {
    to.key("result");
    to.open_array();
    for (const auto& view : database.views()) {
      if (!require_linked(exchange, view)) continue;
      to.open_object();
      append_summary(view, to);
      to.close();
    }
    to.close();
  });
}

Result<HttpResponse> create_view(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto name = TRY(required_text(body, "name"));
  TRY(require_links(exchange, body));
  return properties_response(201, TRY(TRY(exchange.database()).create_view(name, body)));
}

Result<HttpResponse> show_view(Exchange& exchange) {
  auto view = TRY(named_view(exchange));
  return object_response(200, [&](Builder& to) { append_summary(view, to); });
}

Result<HttpResponse> show_properties(Exchange& exchange) {
  auto view = TRY(named_view(exchange));
  return object_response(200, [&](Builder& to) { append_properties(view, to); });
}

Result<HttpResponse> change_properties(Exchange& exchange, bool replaces) {
  auto body = TRY(exchange.object_body());
  auto view = TRY(named_view(exchange));
  TRY(require_links(exchange, body));
  return properties_response(200, TRY(view.change(body, replaces)));
}
Result<HttpResponse> replace_properties(Exchange& exchange) { return change_properties(exchange, true); }
Result<HttpResponse> update_properties(Exchange& exchange) { return change_properties(exchange, false); }

Result<HttpResponse> rename_view(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto new_name = TRY(required_text(body, "name"));
  return properties_response(200, TRY(TRY(named_view(exchange)).rename(new_name)));
}

Result<HttpResponse> drop_view(Exchange& exchange) {
  TRY(named_view(exchange));
  TRY(TRY(exchange.database()).drop_view(exchange.argument(0)));
  return result_response(200, Slice::boolean(true));
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/view", Access::kDatabaseRead, list_views},
    {HttpMethod::kPost, "/_api/view", Access::kDatabaseWrite, create_view},
    {HttpMethod::kGet, "/_api/view/{view}", Access::kDatabaseRead, show_view},
    {HttpMethod::kDelete, "/_api/view/{view}", Access::kDatabaseWrite, drop_view},
    {HttpMethod::kGet, "/_api/view/{view}/properties", Access::kDatabaseRead, show_properties},
    {HttpMethod::kPut, "/_api/view/{view}/properties", Access::kDatabaseWrite, replace_properties},
    {HttpMethod::kPatch, "/_api/view/{view}/properties", Access::kDatabaseWrite, update_properties},
    {HttpMethod::kPut, "/_api/view/{view}/rename", Access::kDatabaseWrite, rename_view},
};

}  // namespace

std::span<const Route> view_routes() { return kRoutes; }

}  // namespace workerdb::server

// Databases. Source: the 3.12 documentation, "HTTP interface for databases".
#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

HttpResponse names_response(const std::vector<std::string>& names) {
  return object_response(200, [&](Builder& to) {
    to.key("result");
    to.open_array();
    for (const auto& name : names) to.string(name);
    to.close();
  });
}

Result<HttpResponse> list_databases(Exchange& exchange) {
  TRY(exchange.require_system_database());
  return names_response(exchange.engine().databases());
}

Result<HttpResponse> list_user_databases(Exchange& exchange) {
  std::vector<std::string> names;
  for (auto& name : exchange.engine().databases()) {
    if (exchange.may(name, AccessLevel::kReadOnly)) names.push_back(std::move(name));
  }
  return names_response(names);
}

Result<HttpResponse> current_database(Exchange& exchange) {
  auto database = TRY(exchange.database());
  return object_response(200, [&](Builder& to) {
    to.key("result");
    to.open_object();
    to.add("name", database.name());
    to.add("id", std::to_string(database.id()));
    to.add("path", "");
    to.add("isSystem", database.name() == "_system");
    to.close();
  });
}

// Users that are named with a new database: made when they are unknown, and given it.
Result<> add_users(Exchange& exchange, std::string_view database, Slice users) {
  for (value::ArrayIterator item(users); item.valid(); item.next()) {
    Slice name = item.value().get("username");
    if (name.is_none()) name = item.value().get("user");
    if (!name.is_string()) return Error(ErrorCode::kBadParameter, "each of users must have a username");
    if (!exchange.services.users.find(name.as_string())) {
      Users::Change values;
      values.password = std::string(TRY(text_of(item.value(), "passwd", "")));
      values.active = TRY(flag_of(item.value(), "active", true));
      TRY(exchange.services.users.create(name.as_string(), values));
    }
    TRY(exchange.services.users.grant(name.as_string(), database, "", AccessLevel::kReadWrite));
  }
  return {};
}

Result<HttpResponse> create_database(Exchange& exchange) {
  TRY(exchange.require_system_database());
  auto body = TRY(exchange.object_body());
  auto name = TRY(required_text(body, "name"));
  Slice users = body.get("users");
  if (!users.is_null() && !users.is_array()) return Error(ErrorCode::kBadParameter, "users must be an array");
  TRY(exchange.engine().create_database(name));
  TRY(add_users(exchange, name, users));
  return result_response(201, Slice::boolean(true));
}

Result<HttpResponse> drop_database(Exchange& exchange) {
  TRY(exchange.require_system_database());
  TRY(exchange.engine().drop_database(exchange.argument(0)));
  return result_response(200, Slice::boolean(true));
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/database", Access::kServerAdmin, list_databases},
    {HttpMethod::kGet, "/_api/database/user", Access::kUser, list_user_databases},
    {HttpMethod::kGet, "/_api/database/current", Access::kDatabaseRead, current_database},
    {HttpMethod::kPost, "/_api/database", Access::kServerAdmin, create_database},
    {HttpMethod::kDelete, "/_api/database/{name}", Access::kServerAdmin, drop_database},
};

}  // namespace

std::span<const Route> database_routes() { return kRoutes; }

}  // namespace workerdb::server

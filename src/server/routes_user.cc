// Login, users and their rights. Source: the 3.12 documentation, "HTTP interface for user management" and
// "Authentication".
#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

Result<HttpResponse> log_in(Exchange& exchange) {
  if (!exchange.services.options.authentication) return ErrorCode::kHttpNotFound;
  auto body = TRY(exchange.object_body());
  auto user = TRY(required_text(body, "username"));
  auto password = TRY(required_text(body, "password"));
  if (!exchange.services.users.verify(user, password)) {
    return error_response(Error(ErrorCode::kHttpUnauthorized, "Wrong credentials"), 401);
  }
  Builder to;
  to.open_object();
  to.add("jwt", exchange.services.tokens.issue(user, exchange.services.options.token_lifetime_s));
  to.close();
  return json_response(200, to.slice());
}

bool is_administrator(const Exchange& exchange) { return exchange.may("_system", AccessLevel::kReadWrite); }

// Users see and change themselves; administrators all.
Result<> require_self_or_administrator(const Exchange& exchange, std::string_view name) {
  if (exchange.user == name || is_administrator(exchange)) return {};
  return Error(ErrorCode::kForbidden, "only for the user itself and for administrators of _system");
}

void append_user(const User& user, Builder& to) {
  to.add("user", user.name);
  to.add("active", user.active);
  to.add("extra", user.extra.slice());
}

HttpResponse user_response(int status, const User& user) {
  return object_response(status, [&](Builder& to) { append_user(user, to); });
}

Result<Users::Change> parse_change(Slice body) {
  Users::Change change;
  if (!body.get("passwd").is_null()) change.password = std::string(TRY(text_of(body, "passwd", "")));
  if (!body.get("active").is_null()) change.active = TRY(flag_of(body, "active", true));
  Slice extra = body.get("extra");
  if (!extra.is_null() && !extra.is_object()) return Error(ErrorCode::kBadParameter, "extra must be an object");
  if (extra.is_object()) change.extra = value::Buffer(extra);
  return change;
}

Result<HttpResponse> list_users(Exchange& exchange) {
  return object_response(200, [&](Builder& to) {
    to.key("result");
    to.open_array();
    for (const auto& user : exchange.services.users.all()) {
      to.open_object();
      append_user(user, to);
      to.close();
    }
    to.close();
  });
}

Result<HttpResponse> create_user(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto change = TRY(parse_change(body));
  return user_response(201, TRY(exchange.services.users.create(TRY(required_text(body, "user")), change)));
}

Result<HttpResponse> show_user(Exchange& exchange) {
  TRY(require_self_or_administrator(exchange, exchange.argument(0)));
  return user_response(200, TRY(exchange.services.users.find(exchange.argument(0))));
}

Result<HttpResponse> change_user(Exchange& exchange, bool replace) {
  TRY(require_self_or_administrator(exchange, exchange.argument(0)));
  auto change = TRY(parse_change(TRY(exchange.object_body())));
  if (change.active && !is_administrator(exchange)) {
    return Error(ErrorCode::kForbidden, "only administrators of _system may change 'active'");
  }
  return user_response(200, TRY(exchange.services.users.change(exchange.argument(0), change, replace)));
}

Result<HttpResponse> update_user(Exchange& exchange) { return change_user(exchange, false); }
Result<HttpResponse> replace_user(Exchange& exchange) { return change_user(exchange, true); }

Result<HttpResponse> remove_user(Exchange& exchange) {
  TRY(exchange.services.users.remove(exchange.argument(0)));
  return object_response(202, [](Builder&) {});
}

// The databases that the user sees, with levels; with ?full also those of collections.
Result<HttpResponse> list_grants(Exchange& exchange) {
  std::string_view name = exchange.argument(0);
  TRY(require_self_or_administrator(exchange, name));
  auto user = TRY(exchange.services.users.find(name));
  bool full = TRY(exchange.flag("full", false));
  const Users& users = exchange.services.users;
  std::vector<std::string> databases = exchange.engine().databases();
  if (full) databases.emplace_back("*");
  return object_response(200, [&](Builder& to) {
    to.key("result");
    to.open_object();
    for (const auto& database : databases) {
      AccessLevel level = users.database_level(name, database);
      if (!full && level == AccessLevel::kNone) continue;
      to.key(database);
      if (!full) {
        to.string(to_string(level));
        continue;
      }
      to.open_object();
      bool is_set = user.databases.contains(database);
      to.add("permission", is_set ? to_string(level) : "undefined");
      to.key("collections");
      to.open_object();
      if (auto levels = user.collections.find(database); levels != user.collections.end()) {
        for (const auto& [collection, granted] : levels->second) to.add(collection, to_string(granted));
      }
      if (user.collections.find(database) == user.collections.end() || !user.collections.at(database).contains("*")) {
        to.add("*", "undefined");
      }
      to.close();
      to.close();
    }
    to.close();
  });
}

Result<HttpResponse> show_grant(Exchange& exchange) {
  std::string_view name = exchange.argument(0), database = exchange.argument(1);
  TRY(require_self_or_administrator(exchange, name));
  TRY(exchange.services.users.find(name));
  const Users& users = exchange.services.users;
  AccessLevel level = exchange.arguments.size() == 2 ? users.database_level(name, database)
                                                     : users.collection_level(name, database, exchange.argument(2));
  return object_response(200, [&](Builder& to) { to.add("result", to_string(level)); });
}

std::string_view collection_argument(const Exchange& exchange) {
  return exchange.arguments.size() == 3 ? exchange.argument(2) : std::string_view();
}

Result<HttpResponse> set_grant(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto level = parse_access_level(TRY(required_text(body, "grant")));
  if (!level) return Error(ErrorCode::kBadParameter, "grant must be rw, ro or none");
  std::string_view database = exchange.argument(1), collection = collection_argument(exchange);
  if (database != "*") {
    auto of = TRY(exchange.engine().database(database));
    if (!collection.empty() && collection != "*") TRY(of.collection(collection));
  }
  TRY(exchange.services.users.grant(exchange.argument(0), database, collection, level));
  return object_response(200, [&](Builder& to) {
    std::string key(database);
    if (!collection.empty()) key += "/" + std::string(collection);
    to.add(key, to_string(*level));
  });
}

Result<HttpResponse> remove_grant(Exchange& exchange) {
  TRY(exchange.services.users.grant(exchange.argument(0), exchange.argument(1), collection_argument(exchange),
                                    std::nullopt));
  return object_response(202, [](Builder&) {});
}

constexpr std::string_view kDatabase = "/_api/user/{user}/database/{database}";
constexpr std::string_view kCollection = "/_api/user/{user}/database/{database}/{collection}";

const Route kRoutes[] = {
    {HttpMethod::kPost, "/_open/auth", Access::kPublic, log_in},
    {HttpMethod::kGet, "/_api/user", Access::kServerAdmin, list_users},
    {HttpMethod::kPost, "/_api/user", Access::kServerAdmin, create_user},
    {HttpMethod::kGet, "/_api/user/{user}", Access::kUser, show_user},
    {HttpMethod::kPatch, "/_api/user/{user}", Access::kUser, update_user},
    {HttpMethod::kPut, "/_api/user/{user}", Access::kUser, replace_user},
    {HttpMethod::kDelete, "/_api/user/{user}", Access::kServerAdmin, remove_user},
    {HttpMethod::kGet, "/_api/user/{user}/database", Access::kUser, list_grants},
    {HttpMethod::kGet, kDatabase, Access::kUser, show_grant},
    {HttpMethod::kPut, kDatabase, Access::kServerAdmin, set_grant},
    {HttpMethod::kDelete, kDatabase, Access::kServerAdmin, remove_grant},
    {HttpMethod::kGet, kCollection, Access::kUser, show_grant},
    {HttpMethod::kPut, kCollection, Access::kServerAdmin, set_grant},
    {HttpMethod::kDelete, kCollection, Access::kServerAdmin, remove_grant},
};

}  // namespace

std::span<const Route> user_routes() { return kRoutes; }

}  // namespace workerdb::server

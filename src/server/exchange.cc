#include "server/exchange.h"

#include <fmt/format.h>

#include "base/number.h"
#include "server/services.h"
#include "value/json.h"

namespace workerdb::server {

engine::Engine& Exchange::engine() const { return services.engine; }

Result<engine::Database> Exchange::database() const { return services.engine.database(database_name); }

Result<engine::Collection> Exchange::collection(std::string_view name, AccessLevel needed) const {
  auto of = TRY(database());
  auto found = TRY(of.collection(name));
  TRY(require_on(found.name(), needed));
  return found;
}

bool Exchange::may(std::string_view database, AccessLevel needed) const {
  return is_superuser || services.users.database_level(user, database) >= needed;
}

Result<> Exchange::require(AccessLevel needed) const {
  if (may(database_name, needed)) return {};
  return Error(ErrorCode::kForbidden, fmt::format("insufficient permissions on database '{}'", database_name));
}

Result<> require_on(const Users& users, bool is_superuser, std::string_view user, std::string_view database,
                    std::string_view collection, AccessLevel needed) {
  if (is_superuser || users.collection_level(user, database, collection) >= needed) return {};
  return Error(ErrorCode::kForbidden, fmt::format("insufficient permissions on collection '{}'", collection));
}

Result<> Exchange::require_on(std::string_view collection, AccessLevel needed) const {
  return server::require_on(services.users, is_superuser, user, database_name, collection, needed);
}

Result<> Exchange::require_system_database() const {
  if (database_name != "_system") return ErrorCode::kUseSystemDatabase;
  return {};
}

Result<bool> Exchange::flag(std::string_view name, bool otherwise) const {
  auto text = request.parameter(name);
  // arangojs writes "undefined" for what its caller left out.
  if (!text || *text == "undefined") return otherwise;
  if (*text == "true" || *text == "yes" || *text == "1" || *text == "on" || *text == "y") return true;
  if (*text == "false" || *text == "no" || *text == "0" || *text == "off" || *text == "n" || text->empty())
    return false;
  return Error(ErrorCode::kBadParameter, fmt::format("parameter '{}' must be true or false", name));
}

Result<uint64_t> Exchange::number(std::string_view name, uint64_t otherwise) const {
  auto text = request.parameter(name);
  if (!text) return otherwise;
  if (auto number = base::parse_integer<uint64_t>(*text)) return *number;
  return Error(ErrorCode::kBadParameter, fmt::format("parameter '{}' must be a number from 0", name));
}

Result<Slice> Exchange::body() {
  if (!body_parsed_) {
    TRY(value::parse_json(request.body(), body_));
    body_parsed_ = true;
  }
  return body_.slice();
}

Result<Slice> Exchange::object_body(bool may_be_empty) {
  if (may_be_empty && request.body().empty()) return Slice::empty_object();
  auto parsed = TRY(body());
  if (!parsed.is_object()) return Error(ErrorCode::kBadParameter, "expecting a JSON object in the body");
  return parsed;
}

Result<engine::Transaction*> Exchange::transaction() {
  auto header = request.header("x-arango-trx-id");
  if (!header) return nullptr;
  auto held = TRY(services.transactions.hold(*header, database_name, user));
  transaction_hold_ = std::move(held.hold);
  stream_transaction_ = std::move(held.entry);
  return held.transaction;
}

Result<engine::Transaction*> Exchange::transaction(std::string_view collection, AccessLevel needed) {
  auto* found = TRY(transaction());
  if (found != nullptr) TRY(stream_transaction_->declared->check(collection, needed == AccessLevel::kReadWrite));
  return found;
}

namespace {

Error wrong_type(std::string_view name, std::string_view type) {
  return Error(ErrorCode::kBadParameter, fmt::format("attribute '{}' must be {}", name, type));
}

}  // namespace

Result<bool> flag_of(Slice object, std::string_view name, bool otherwise) {
  Slice value = object.get(name);
  if (value.is_null()) return otherwise;
  if (!value.is_bool()) return wrong_type(name, "a boolean");
  return value.is_true();
}

Result<uint64_t> number_of(Slice object, std::string_view name, uint64_t otherwise) {
  Slice value = object.get(name);
  if (value.is_null()) return otherwise;
  double number = value.is_number() ? value.as_double() : -1;
  if (number < 0 || number > 9.2e18) return wrong_type(name, "a number from 0");
  return value.is_double() ? uint64_t(number) : value.as_uint64();
}

Result<double> real_of(Slice object, std::string_view name, double otherwise) {
  Slice value = object.get(name);
  if (value.is_null()) return otherwise;
  if (!value.is_number()) return wrong_type(name, "a number");
  return value.as_double();
}

Result<std::string_view> text_of(Slice object, std::string_view name, std::string_view otherwise) {
  Slice value = object.get(name);
  if (value.is_null()) return otherwise;
  if (!value.is_string()) return wrong_type(name, "a string");
  return value.as_string();
}

Result<std::string_view> required_text(Slice object, std::string_view name) {
  if (!object.get(name).is_string()) return wrong_type(name, "given, and be a string");
  return object.get(name).as_string();
}

net::HttpResponse json_response(int status, std::string body) {
  return net::HttpResponse(status, "application/json; charset=utf-8", std::move(body));
}

net::HttpResponse json_response(int status, Slice body) { return json_response(status, value::to_json(body)); }

net::HttpResponse result_response(int status, Slice result) {
  return object_response(status, [&](Builder& to) { to.add("result", result); });
}

void append_error(const Error& error, int status, Builder& to) {
  to.open_object();
  to.add("error", true);
  if (status != 0) to.add("code", status);
  to.add("errorNum", error.number());
  to.add("errorMessage", error.message());
  to.close();
}

net::HttpResponse error_response(const Error& error, int status) {
  if (status == 0) status = base::http_status(error.code());
  Builder builder;
  append_error(error, status, builder);
  return json_response(status, builder.slice());
}

}  // namespace workerdb::server

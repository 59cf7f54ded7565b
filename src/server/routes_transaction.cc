// Stream transactions. Source: the 3.12 documentation, "HTTP interface for Stream Transactions".
#include "base/number.h"
#include "server/router.h"
#include "server/services.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

HttpResponse status_response(int code, uint64_t id, TransactionStatus status) {
  return object_response(code, [&](Builder& to) {
    to.key("result");
    to.open_object();
    to.add("id", std::to_string(id));
    to.add("status", to_string(status));
    to.close();
  });
}

// "read": "a" or ["a", "b"]. Each must exist and be allowed to the user.
Result<> add_declared(Exchange& exchange, Slice names, AccessLevel needed, std::set<std::string, std::less<>>& to) {
  auto add = [&](Slice name) -> Result<> {
    if (!name.is_string()) return Error(ErrorCode::kBadParameter, "collections must be named by strings");
    to.emplace(TRY(exchange.collection(name.as_string(), needed)).name());
    return {};
  };
  if (names.is_null()) return {};
  if (!names.is_array()) return add(names);
  for (value::ArrayIterator name(names); name.valid(); name.next()) TRY(add(name.value()));
  return {};
}

Result<HttpResponse> begin(Exchange& exchange) {
  if (exchange.request.header("x-arango-trx-id")) return ErrorCode::kTransactionNested;
  auto body = TRY(exchange.object_body());
  Slice collections = body.get("collections");
  if (!collections.is_object()) return Error(ErrorCode::kBadParameter, "missing 'collections', an object");
  engine::TransactionOptions options;
  options.wait_for_sync = TRY(flag_of(body, "waitForSync", false));
  options.size_limit_bytes = TRY(number_of(body, "maxTransactionSize", options.size_limit_bytes));
  auto declared = std::make_shared<DeclaredCollections>();
  TRY(add_declared(exchange, collections.get("read"), AccessLevel::kReadOnly, declared->read));
  TRY(add_declared(exchange, collections.get("write"), AccessLevel::kReadWrite, declared->written));
  TRY(add_declared(exchange, collections.get("exclusive"), AccessLevel::kReadWrite, declared->written));
  declared->allow_implicit = TRY(flag_of(collections, "allowImplicit", TRY(flag_of(body, "allowImplicit", true))));
  auto database = TRY(exchange.database());
  auto entry = std::make_shared<StreamTransaction>(exchange.engine().new_tick(), database.begin(options));
  entry->database = exchange.database_name;
  entry->user = exchange.user;
  entry->declared = std::move(declared);
  uint64_t id = entry->id;
  exchange.services.transactions.add(std::move(entry));
  return status_response(201, id, TransactionStatus::kRunning);
}

Result<uint64_t> transaction_id(const Exchange& exchange) {
  auto id = base::parse_integer<uint64_t>(exchange.argument(0));
  if (!id) return ErrorCode::kTransactionNotFound;
  return *id;
}

Result<HttpResponse> show(Exchange& exchange) {
  auto id = TRY(transaction_id(exchange));
  auto status = TRY(exchange.services.transactions.status(id, exchange.database_name, exchange.user));
  return status_response(200, id, status);
}

Result<HttpResponse> commit(Exchange& exchange) {
  auto id = TRY(transaction_id(exchange));
  auto status = TRY(exchange.services.transactions.commit(id, exchange.database_name, exchange.user));
  return status_response(200, id, status);
}

Result<HttpResponse> abort(Exchange& exchange) {
  auto id = TRY(transaction_id(exchange));
  auto status = TRY(exchange.services.transactions.abort(id, exchange.database_name, exchange.user));
  return status_response(200, id, status);
}

Result<HttpResponse> list(Exchange& exchange) {
  Builder to;
  to.open_object();
  to.key("transactions");
  to.open_array();
  for (uint64_t id : exchange.services.transactions.running(exchange.database_name, exchange.user)) {
    to.open_object();
    to.add("id", std::to_string(id));
    to.add("state", "running");
    to.close();
  }
  to.close();
  to.close();
  return json_response(200, to.slice());
}

Result<HttpResponse> run_javascript(Exchange&) {
  return Error(
      ErrorCode::kNotImplemented,
      "JavaScript transactions are not part of this server; use stream transactions (/_api/transaction/begin)");
}

const Route kRoutes[] = {
    {HttpMethod::kPost, "/_api/transaction/begin", Access::kDatabaseRead, begin},
    {HttpMethod::kPost, "/_api/transaction", Access::kDatabaseRead, run_javascript},
    {HttpMethod::kGet, "/_api/transaction", Access::kDatabaseRead, list},
    {HttpMethod::kGet, "/_api/transaction/{id}", Access::kDatabaseRead, show},
    {HttpMethod::kPut, "/_api/transaction/{id}", Access::kDatabaseRead, commit},
    {HttpMethod::kDelete, "/_api/transaction/{id}", Access::kDatabaseRead, abort},
};

}  // namespace

std::span<const Route> transaction_routes() { return kRoutes; }

}  // namespace workerdb::server

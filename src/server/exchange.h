#pragma once
// One request on its way through the routes: what it asks, of which database, as whom.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "net/http.h"
#include "value/builder.h"

namespace workerdb::server {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Builder;
using value::Slice;

struct Services;           // services.h
struct StreamTransaction;  // transactions.h
class Users;               // users.h

// What a user may do with a database or a collection (the documentation's none, ro, rw).
enum class AccessLevel : uint8_t { kNone, kReadOnly, kReadWrite };

class Exchange {
 public:
  Exchange(const net::HttpRequest& request, Services& services) : request(request), services(services) {}

  const net::HttpRequest& request;
  Services& services;
  std::string database_name = "_system";
  std::string user;           // empty: authentication is off, or a public route
  bool is_superuser = false;  // authentication is off, or a token signed by the server itself

  // The path's variable parts in the order of the route's pattern: "{collection}", "{key}".
  std::vector<std::string_view> arguments;
  std::string_view argument(size_t position) const { return arguments[position]; }

  engine::Engine& engine() const;
  // kDatabaseNotFound.
  Result<engine::Database> database() const;
  // A collection of that database which the user may use so. kCollectionNotFound, kForbidden.
  Result<engine::Collection> collection(std::string_view name, AccessLevel needed) const;
  Result<> require(AccessLevel needed) const;  // of the database
  Result<> require_on(std::string_view collection, AccessLevel needed) const;
  Result<> require_system_database() const;  // kUseSystemDatabase
  bool may(std::string_view database, AccessLevel needed) const;

  // Query parameters. A value that is no boolean ("true", "false", "yes", "no", "1", "0") or number is kBadParameter.
  Result<bool> flag(std::string_view name, bool otherwise) const;
  Result<uint64_t> number(std::string_view name, uint64_t otherwise) const;
  std::string_view parameter(std::string_view name) const { return request.parameter(name).value_or(""); }

  // The body as one JSON value, parsed once. kHttpCorruptedJson.
  Result<Slice> body();
  // The same, but it must be an object (kBadParameter); an empty body gives an empty object if `may_be_empty`.
  Result<Slice> object_body(bool may_be_empty = false);

  // The stream transaction that the header x-arango-trx-id names, locked for this request; null without the header.
  // kTransactionNotFound, kBadParameter, kLocked. Asked for once in a request.
  Result<engine::Transaction*> transaction();
  // The same, to use this collection in it. kTransactionUnregisteredCollection if it was not declared.
  Result<engine::Transaction*> transaction(std::string_view collection, AccessLevel needed);
  // Keeps that transaction for longer than the request; null without one.
  std::shared_ptr<void> transaction_hold() const { return transaction_hold_; }
  // What transaction() found; null without one.
  const std::shared_ptr<StreamTransaction>& stream_transaction() const { return stream_transaction_; }

 private:
  Builder body_;
  bool body_parsed_ = false;
  std::shared_ptr<StreamTransaction> stream_transaction_;
  std::shared_ptr<void> transaction_hold_;
};

// Whether the user may use a collection so; kForbidden.
Result<> require_on(const Users& users, bool is_superuser, std::string_view user, std::string_view database,
                    std::string_view collection, AccessLevel needed);

// Attributes of bodies, with the type that they must have; absent gives `otherwise`, another type kBadParameter.
Result<bool> flag_of(Slice object, std::string_view name, bool otherwise);
Result<uint64_t> number_of(Slice object, std::string_view name, uint64_t otherwise);
Result<double> real_of(Slice object, std::string_view name, double otherwise);
Result<std::string_view> text_of(Slice object, std::string_view name, std::string_view otherwise);
// kBadParameter when it is missing.
Result<std::string_view> required_text(Slice object, std::string_view name);

// Answers. Success bodies of most routes are objects that end in "error": false and "code": status.
net::HttpResponse json_response(int status, Slice body);
net::HttpResponse json_response(int status, std::string body);
// `fill` adds attributes to the object.
template <typename Fill>
net::HttpResponse object_response(int status, Fill&& fill) {
  Builder builder;
  builder.open_object();
  fill(builder);
  builder.add("error", false);
  builder.add("code", status);
  builder.close();
  return json_response(status, builder.slice());
}
net::HttpResponse result_response(int status, Slice result);
// {"error": true, "code": …, "errorNum": …, "errorMessage": …}; status 0: the one of the error's number.
net::HttpResponse error_response(const Error& error, int status = 0);
void append_error(const Error& error, int status, Builder& to);

}  // namespace workerdb::server

// Collections. Source: the 3.12 documentation, "HTTP interface for collections".
#include <fmt/format.h>

#include "server/router.h"
#include "server/services.h"
#include "value/order.h"

namespace workerdb::server {
namespace {

using engine::Collection;
using net::HttpMethod;
using net::HttpResponse;

const char* generator_name(engine::KeyGenerator generator) {
  switch (generator) {
    case engine::KeyGenerator::kTraditional: return "traditional";
    case engine::KeyGenerator::kAutoincrement: return "autoincrement";
    case engine::KeyGenerator::kPadded: return "padded";
    case engine::KeyGenerator::kUuid: return "uuid";
  }
  return "";
}

void append_summary(const Collection& collection, Builder& to) {
  const auto& description = collection.description();
  std::string id = std::to_string(collection.id());
  to.add("id", id);
  to.add("name", collection.name());
  to.add("status", 3);
  to.add("type", int(description.type));
  to.add("isSystem", description.is_system);
  to.add("globallyUniqueId", fmt::format("h{:X}/{}", collection.id(), id));
}

void append_properties(const Collection& collection, Builder& to) {
  const auto& description = collection.description();
  append_summary(collection, to);
  to.add("statusString", "loaded");
  to.add("waitForSync", description.wait_for_sync);
  to.key("keyOptions");
  to.open_object();
  to.add("allowUserKeys", description.key_options.allow_user_keys);
  to.add("type", generator_name(description.key_options.generator));
  if (description.key_options.generator == engine::KeyGenerator::kAutoincrement) {
    to.add("increment", description.key_options.increment);
    to.add("offset", description.key_options.offset);
  }
  to.close();
  to.add("schema", description.schema.slice());
  to.add("computedValues", description.computed_values.slice());
  to.add("cacheEnabled", false);
  to.add("writeConcern", 1);
  to.add("objectId", std::to_string(description.object_id));
}

Result<HttpResponse> list_collections(Exchange& exchange) {
  bool exclude_system = TRY(exchange.flag("excludeSystem", false));
  auto database = TRY(exchange.database());
  return object_response(200, [&](Builder& to) {
    to.key("result");
    to.open_array();
    for (const auto& collection : database.collections()) {
      if (exclude_system && collection.description().is_system) continue;
      if (!exchange.require_on(collection.name(), AccessLevel::kReadOnly)) continue;
      to.open_object();
      append_summary(collection, to);
      to.close();
    }
    to.close();
  });
}

Result<engine::KeyOptions> key_options_of(Slice given) {
  engine::KeyOptions options;
  if (given.is_null()) return options;
  if (!given.is_object()) return Error(ErrorCode::kBadParameter, "keyOptions must be an object");
  options.allow_user_keys = TRY(flag_of(given, "allowUserKeys", true));
  auto type = TRY(text_of(given, "type", "traditional"));
  if (type == "traditional") {
    options.generator = engine::KeyGenerator::kTraditional;
  } else if (type == "autoincrement") {
    options.generator = engine::KeyGenerator::kAutoincrement;
  } else if (type == "padded") {
    options.generator = engine::KeyGenerator::kPadded;
  } else if (type == "uuid") {
    options.generator = engine::KeyGenerator::kUuid;
  } else {
    return Error(ErrorCode::kInvalidKeyGenerator, "keyOptions.type must be traditional, autoincrement, padded or uuid");
  }
  bool counts = options.generator == engine::KeyGenerator::kAutoincrement;
  if (!counts && (!given.get("increment").is_none() || !given.get("offset").is_none())) {
    return Error(ErrorCode::kInvalidKeyGenerator, "increment and offset are only for the autoincrement generator");
  }
  options.increment = TRY(number_of(given, "increment", 1));
  options.offset = TRY(number_of(given, "offset", 0));
  if (options.increment == 0 || options.increment > 65535) {
    return Error(ErrorCode::kInvalidKeyGenerator, "keyOptions.increment must be from 1 to 65535");
  }
  return options;
}

Result<HttpResponse> create_collection(Exchange& exchange) {
  auto body = TRY(exchange.object_body());
  auto name = TRY(required_text(body, "name"));
  engine::CollectionOptions options;
  auto type = TRY(number_of(body, "type", 2));
  if (type != 2 && type != 3) return Error(ErrorCode::kCollectionTypeInvalid, "type must be 2 (document) or 3 (edge)");
  options.type = engine::CollectionType(type);
  options.is_system = TRY(flag_of(body, "isSystem", false));
  options.wait_for_sync = TRY(flag_of(body, "waitForSync", false));
  options.key_options = TRY(key_options_of(body.get("keyOptions")));
  options.schema = value::Buffer(body.get("schema").is_null() ? Slice::null() : body.get("schema"));
  options.computed_values =
      value::Buffer(body.get("computedValues").is_null() ? Slice::null() : body.get("computedValues"));
  auto database = TRY(exchange.database());
  auto created = TRY(database.create_collection(name, options));
  return object_response(200, [&](Builder& to) { append_properties(created, to); });
}

Result<HttpResponse> show_collection(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  return object_response(200, [&](Builder& to) { append_summary(collection, to); });
}

Result<HttpResponse> show_properties(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  return object_response(200, [&](Builder& to) { append_properties(collection, to); });
}

Result<HttpResponse> count_documents(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  auto* transaction = TRY(exchange.transaction(collection.name(), AccessLevel::kReadOnly));
  auto count = TRY(collection.count(transaction));
  return object_response(200, [&](Builder& to) {
    append_properties(collection, to);
    to.add("count", count);
  });
}

Result<HttpResponse> show_figures(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  auto count = TRY(collection.count());
  return object_response(200, [&](Builder& to) {
    append_properties(collection, to);
    to.add("count", count);
    to.key("figures");
    to.open_object();
    to.key("indexes");
    to.open_object();
    to.add("count", collection.description().indexes.size());
    to.add("size", 0);
    to.close();
    to.add("documentsSize", collection.approximate_bytes());
    to.add("cacheInUse", false);
    to.add("cacheSize", 0);
    to.add("cacheUsage", 0);
    to.close();
  });
}

// The newest _rev, and a sum over all documents that does not depend on their order.
Result<HttpResponse> summarize(Exchange& exchange, bool with_checksum) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  bool with_revisions = TRY(exchange.flag("withRevisions", false));
  bool with_data = TRY(exchange.flag("withData", false));
  auto database = TRY(exchange.database());
  Builder bind;
  bind.open_object();
  bind.add("@c", collection.name());
  bind.close();
  engine::QueryOptions options;
  options.stream = true;
  auto cursor = TRY(database.query(with_data ? "FOR d IN @@c RETURN d" : "FOR d IN @@c RETURN KEEP(d, '_key', '_rev')",
                                   bind.slice(), options));
  uint64_t sum = 0;
  std::string newest;
  while (TRY(cursor.has_more())) {
    Slice row = TRY(cursor.next());
    std::string_view rev = row.get("_rev").as_string();
    if (rev.size() > newest.size() || (rev.size() == newest.size() && rev > newest)) newest = rev;
    if (!with_checksum) continue;
    sum += value::hash(with_data ? row : row.get("_key"));
    if (with_revisions) sum += 31 * value::hash(row.get("_rev"));
  }
  return object_response(200, [&](Builder& to) {
    append_properties(collection, to);
    to.add("revision", newest);
    if (with_checksum) to.add("checksum", std::to_string(sum));
  });
}

Result<HttpResponse> show_revision(Exchange& exchange) { return summarize(exchange, false); }
Result<HttpResponse> show_checksum(Exchange& exchange) { return summarize(exchange, true); }

Result<HttpResponse> change_properties(Exchange& exchange) {
  TRY(exchange.require(AccessLevel::kReadWrite));
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  auto body = TRY(exchange.object_body(true));
  Collection::Change change;
  if (!body.get("waitForSync").is_none()) change.wait_for_sync = TRY(flag_of(body, "waitForSync", false));
  if (!body.get("schema").is_none()) change.schema = value::Buffer(body.get("schema"));
  if (!body.get("computedValues").is_none()) change.computed_values = value::Buffer(body.get("computedValues"));
  TRY(collection.change(change));
  auto changed = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  return object_response(200, [&](Builder& to) { append_properties(changed, to); });
}

Result<HttpResponse> truncate(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  auto* transaction = TRY(exchange.transaction(collection.name(), AccessLevel::kReadWrite));
  if (transaction != nullptr) {
    auto database = TRY(exchange.database());
    Builder bind;
    bind.open_object();
    bind.add("@c", collection.name());
    bind.close();
    TRY(database.query("FOR d IN @@c REMOVE d IN @@c", bind.slice(), {}, transaction));
  } else {
    TRY(collection.truncate());
  }
  return object_response(200, [&](Builder& to) { append_summary(collection, to); });
}

Result<HttpResponse> rename(Exchange& exchange) {
  TRY(exchange.require(AccessLevel::kReadWrite));
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  auto body = TRY(exchange.object_body());
  auto name = TRY(required_text(body, "name"));
  TRY(collection.rename(name));
  auto renamed = TRY(exchange.collection(name, AccessLevel::kReadOnly));
  return object_response(200, [&](Builder& to) { append_summary(renamed, to); });
}

// load, unload, loadIndexesIntoMemory, recalculateCount, compact: the engine does these by itself.
Result<HttpResponse> acknowledge(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  auto count = TRY(collection.count());
  return object_response(200, [&](Builder& to) {
    append_summary(collection, to);
    to.add("count", count);
    to.add("result", true);
  });
}

Result<HttpResponse> drop_collection(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  bool allow_system = TRY(exchange.flag("isSystem", false));
  auto database = TRY(exchange.database());
  TRY(database.drop_collection(collection.name(), allow_system));
  return object_response(200, [&](Builder& to) { to.add("id", std::to_string(collection.id())); });
}

Result<HttpResponse> list_key_generators(Exchange&) {
  return object_response(200, [](Builder& to) {
    to.key("keyGenerators");
    to.open_array();
    for (auto generator : {engine::KeyGenerator::kTraditional, engine::KeyGenerator::kAutoincrement,
                           engine::KeyGenerator::kUuid, engine::KeyGenerator::kPadded}) {
      to.string(generator_name(generator));
    }
    to.close();
  });
}

const Route kRoutes[] = {
    {HttpMethod::kGet, "/_api/collection", Access::kDatabaseRead, list_collections},
    {HttpMethod::kPost, "/_api/collection", Access::kDatabaseWrite, create_collection},
    {HttpMethod::kGet, "/_api/collection/{collection}", Access::kDatabaseRead, show_collection},
    {HttpMethod::kGet, "/_api/collection/{collection}/properties", Access::kDatabaseRead, show_properties},
    {HttpMethod::kGet, "/_api/collection/{collection}/count", Access::kDatabaseRead, count_documents},
    {HttpMethod::kGet, "/_api/collection/{collection}/figures", Access::kDatabaseRead, show_figures},
    {HttpMethod::kGet, "/_api/collection/{collection}/revision", Access::kDatabaseRead, show_revision},
    {HttpMethod::kGet, "/_api/collection/{collection}/checksum", Access::kDatabaseRead, show_checksum},
    {HttpMethod::kPut, "/_api/collection/{collection}/properties", Access::kUser, change_properties},
    {HttpMethod::kPut, "/_api/collection/{collection}/truncate", Access::kUser, truncate},
    {HttpMethod::kPut, "/_api/collection/{collection}/rename", Access::kUser, rename},
    {HttpMethod::kPut, "/_api/collection/{collection}/load", Access::kDatabaseRead, acknowledge},
    {HttpMethod::kPut, "/_api/collection/{collection}/unload", Access::kDatabaseRead, acknowledge},
    {HttpMethod::kPut, "/_api/collection/{collection}/loadIndexesIntoMemory", Access::kDatabaseRead, acknowledge},
    {HttpMethod::kPut, "/_api/collection/{collection}/recalculateCount", Access::kDatabaseWrite, acknowledge},
    {HttpMethod::kPut, "/_api/collection/{collection}/compact", Access::kDatabaseRead, acknowledge},
    {HttpMethod::kDelete, "/_api/collection/{collection}", Access::kDatabaseWrite, drop_collection},
    {HttpMethod::kGet, "/_api/key-generators", Access::kUser, list_key_generators},
};

}  // namespace

std::span<const Route> collection_routes() { return kRoutes; }

}  // namespace workerdb::server

// Cursors: run a query, fetch its rows in batches. Source: the 3.12 documentation, "HTTP interface for AQL queries".
#include <fmt/format.h>

#include "base/number.h"
#include "server/query_request.h"
#include "server/router.h"
#include "server/services.h"
#include "value/json.h"

namespace workerdb::server {
namespace {

using net::HttpMethod;
using net::HttpResponse;

// One batch as a body: {"result": […], "hasMore": …, "id": …, "count": …, "extra": …}. The id is there while more rows
// are, the extra part with the last ones (and with each batch of a query that ran to its end before).
Result<std::string> batch_body(OpenCursor& cursor, int status, size_t most_bytes, bool& has_more) {
  std::string body = "{\"result\":[";
  TRY(cursor.rows.append_json(cursor.batch_size, body, most_bytes));
  has_more = TRY(cursor.rows.has_more());
  body += has_more ? "],\"hasMore\":true" : "],\"hasMore\":false";
  if (has_more) body += fmt::format(",\"id\":\"{}\"", cursor.id);
  if (has_more) body += fmt::format(",\"nextBatchId\":\"{}\"", cursor.newest_batch + 1);
  if (cursor.show_count && cursor.rows.count()) body += fmt::format(",\"count\":{}", *cursor.rows.count());
  if (!has_more || cursor.rows.count()) {
    body += ",\"extra\":";
    value::append_json(cursor.rows.extra().slice(), body);
  }
  if (auto key = cursor.rows.plan_cache_key()) body += fmt::format(",\"planCacheKey\":\"{}\"", *key);
  body += fmt::format(",\"cached\":{},\"error\":false,\"code\":{}}}", cursor.rows.cached(), status);
  return body;
}

Result<HttpResponse> create_cursor(Exchange& exchange) {
  auto body = TRY(exchange.object_body(true));  // an empty one has an empty query
  auto request = TRY(parse_query_request(exchange, body));
  auto batch_size = TRY(number_of(body, "batchSize", 1000));
  if (batch_size == 0) return Error(ErrorCode::kBadParameter, "batchSize must be at least 1");
  auto lifetime_s = TRY(real_of(body, "ttl", exchange.services.options.cursor_lifetime_s));
  if (lifetime_s <= 0) lifetime_s = exchange.services.options.cursor_lifetime_s;
  bool show_count = TRY(flag_of(body, "count", false));
  bool allow_retry = TRY(flag_of(request.options_body, "allowRetry", false));
  // A client that may ask for the batch again can also come back for it.
  if (!allow_retry) request.options.cancelled = exchange.request.cancelled_flag();
  auto* transaction = TRY(exchange.transaction());
  if (transaction != nullptr) {
    request.options.authorize = [rights = std::move(request.options.authorize),
                                 declared = exchange.stream_transaction()->declared](std::string_view collection,
                                                                                     bool writes) -> Result<> {
      TRY(rights(collection, writes));
      return declared->check(collection, writes);
    };
  }
  auto database = TRY(exchange.database());
  auto cursor = std::make_shared<OpenCursor>(
      TRY(database.query(request.text, request.bind_variables, request.options, transaction)));
  cursor->id = cursor->rows.id();
  cursor->database = exchange.database_name;
  cursor->user = exchange.user;
  cursor->batch_size = batch_size;
  cursor->show_count = show_count && !request.options.stream;
  cursor->allow_retry = allow_retry;
  cursor->lifetime_ns = int64_t(std::min(lifetime_s, 1e9) * 1e9);
  bool has_more = false;
  auto text = TRY(batch_body(*cursor, 201, exchange.services.options.largest_batch_bytes, has_more));
  bool is_gone = !allow_retry && exchange.request.cancelled();
  if (has_more && !is_gone) {
    // Between two requests nobody is there who could leave.
    cursor->rows.set_cancelled(nullptr);
    // A stream's rows come out of the transaction: it must not be used by others between two batches.
    if (request.options.stream && transaction != nullptr) {
      cursor->transaction_hold = exchange.transaction_hold();
      cursor->ends_ns = exchange.stream_transaction()->ends_ns;
    }
    if (cursor->allow_retry) cursor->last_batch = text;
    exchange.services.cursors.add(std::move(cursor));
  }
  return json_response(201, std::move(text));
}

Result<uint64_t> parse_id(std::string_view text, ErrorCode otherwise) {
  auto id = base::parse_integer<uint64_t>(text);
  if (!id) return otherwise;
  return *id;
}

// `wanted_batch` 0: the next one.
Result<HttpResponse> fetch(Exchange& exchange, uint64_t wanted_batch) {
  auto id = TRY(parse_id(exchange.argument(0), ErrorCode::kCursorNotFound));
  auto& cursors = exchange.services.cursors;
  auto cursor = TRY(cursors.borrow(id, exchange.database_name, exchange.user));
  if (wanted_batch != 0 && cursor->allow_retry && wanted_batch == cursor->newest_batch) {
    std::string again = cursor->last_batch;
    cursors.give_back(cursor, true);
    return json_response(200, std::move(again));
  }
  if (wanted_batch != 0 && wanted_batch != cursor->newest_batch + 1) {
    cursors.give_back(cursor, true);
    return Error(ErrorCode::kCursorNotFound, "batch id not found");
  }
  if (cursor->is_at_end) {  // only the last batch is still there, for who asks for it by its number
    cursors.give_back(cursor, true);
    return ErrorCode::kCursorNotFound;
  }
  ++cursor->newest_batch;
  if (!cursor->allow_retry) cursor->rows.set_cancelled(exchange.request.cancelled_flag());
  bool has_more = false;
  auto text = batch_body(*cursor, 200, exchange.services.options.largest_batch_bytes, has_more);
  cursor->rows.set_cancelled(nullptr);
  if (text && cursor->allow_retry) cursor->last_batch = *text;
  cursor->is_at_end = !has_more;
  // With allowRetry the last batch can be asked for again until the cursor is deleted or expires.
  cursors.give_back(cursor, text.has_value() && (has_more || cursor->allow_retry));
  if (!text) return std::move(text).error();
  return json_response(200, *std::move(text));
}

Result<HttpResponse> fetch_next(Exchange& exchange) { return fetch(exchange, 0); }

Result<HttpResponse> fetch_none(Exchange&) {
  return Error(ErrorCode::kHttpBadParameter, "expecting POST /_api/cursor/<cursor-id>");
}

Result<HttpResponse> fetch_batch(Exchange& exchange) {
  return fetch(exchange, TRY(parse_id(exchange.argument(1), ErrorCode::kCursorNotFound)));
}

Result<HttpResponse> delete_cursor(Exchange& exchange) {
  auto id = TRY(parse_id(exchange.argument(0), ErrorCode::kCursorNotFound));
  TRY(exchange.services.cursors.remove(id, exchange.database_name, exchange.user));
  return object_response(202, [&](Builder& to) { to.add("id", exchange.argument(0)); });
}

// A small request for a query that ran before and hardly takes any time need not wait for a thread.
bool is_quick_query(const net::HttpRequest& request, std::string_view database_name, Services& services) {
  constexpr size_t kSmallBody = 4096;
  if (request.body().size() > kSmallBody) return false;
  Builder body;
  if (!value::parse_json(request.body(), body) || !body.slice().is_object()) return false;
  Slice text = body.slice().get("query"), options = body.slice().get("options");
  if (!text.is_string() || (options.is_object() && options.size() > 0)) return false;
  auto database = services.engine.database(database_name);
  return database && database->is_quick(text.as_string());
}

const Route kRoutes[] = {
    {HttpMethod::kPost, "/_api/cursor", Access::kDatabaseRead, create_cursor, false, is_quick_query},
    {HttpMethod::kPut, "/_api/cursor", Access::kDatabaseRead, fetch_none},
    {HttpMethod::kPost, "/_api/cursor/{id}", Access::kDatabaseRead, fetch_next},
    {HttpMethod::kPut, "/_api/cursor/{id}", Access::kDatabaseRead, fetch_next},
    {HttpMethod::kPost, "/_api/cursor/{id}/{batch}", Access::kDatabaseRead, fetch_batch},
    {HttpMethod::kDelete, "/_api/cursor/{id}", Access::kDatabaseRead, delete_cursor},
};

}  // namespace

std::span<const Route> cursor_routes() { return kRoutes; }

}  // namespace workerdb::server

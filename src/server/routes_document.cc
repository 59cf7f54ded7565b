// Documents, one by one and in arrays. Source: the 3.12 documentation, "HTTP interfaces for documents".
#include <fmt/format.h>

#include <map>

#include "server/router.h"
#include "server/services.h"
#include "value/json.h"

namespace workerdb::server {
namespace {

using engine::WriteOptions;
using engine::WriteResult;
using net::HttpMethod;
using net::HttpResponse;

std::string_view unquoted(std::string_view tag) {
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  return tag;
}

std::string quoted(std::string_view rev) { return '"' + std::string(rev) + '"'; }

// 412 with what the document is now.
HttpResponse precondition_failed(Slice current) {
  Error error(ErrorCode::kConflict, "conflict, _rev values do not match");
  Builder to;
  to.open_object();
  to.add("error", true);
  to.add("code", 412);
  to.add("errorNum", error.number());
  to.add("errorMessage", error.message());
  for (const char* name : {"_id", "_key", "_rev"}) to.add(name, current.get(name));
  to.close();
  auto response = json_response(412, to.slice());
  response.add_header("ETag", quoted(current.get("_rev").as_string()));
  return response;
}

Result<HttpResponse> read_document(Exchange& exchange) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  auto* transaction = TRY(exchange.transaction(collection.name(), AccessLevel::kReadOnly));
  thread_local engine::PinnedDocument document;
  if (!TRY(collection.read(exchange.argument(1), document, transaction))) return ErrorCode::kDocumentNotFound;
  Slice found = document.slice();
  std::string_view rev = found.get("_rev").as_string();
  if (auto wanted = exchange.request.header("if-match"); wanted && unquoted(*wanted) != rev) {
    return precondition_failed(found);
  }
  if (auto known = exchange.request.header("if-none-match"); known && unquoted(*known) == rev) {
    HttpResponse response(304);
    response.add_header("ETag", quoted(rev));
    return response;
  }
  std::string body;
  body.reserve(found.byte_size() + found.byte_size() / 2);
  value::append_json(found, body);
  auto response = json_response(200, std::move(body));
  response.add_header("ETag", quoted(rev));
  return response;
}

enum class Operation : uint8_t { kInsert, kUpdate, kReplace, kRemove };

struct WriteRequest {
  Operation operation;
  engine::Collection collection;
  WriteOptions options;
  bool silent = false, ignore_revs = true;
};

Result<engine::OverwriteMode> overwrite_mode(const Exchange& exchange) {
  std::string_view mode = exchange.parameter("overwriteMode");
  if (mode == "ignore") return engine::OverwriteMode::kIgnore;
  if (mode == "replace") return engine::OverwriteMode::kReplace;
  if (mode == "update") return engine::OverwriteMode::kUpdate;
  if (mode == "conflict") return engine::OverwriteMode::kConflict;
  if (!mode.empty()) {
    return Error(ErrorCode::kBadParameter, "overwriteMode must be conflict, ignore, replace or update");
  }
  bool overwrite = TRY(exchange.flag("overwrite", false));
  return overwrite ? engine::OverwriteMode::kReplace : engine::OverwriteMode::kConflict;
}

Result<WriteRequest> write_request(Exchange& exchange, Operation operation) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadWrite));
  WriteRequest request{operation, std::move(collection)};
  // The parameter can only make a write more durable than the collection asks for.
  bool collection_waits = request.collection.description().wait_for_sync;
  request.options.wait_for_sync = TRY(exchange.flag("waitForSync", false)) || collection_waits;
  request.options.return_old = TRY(exchange.flag("returnOld", false));
  request.options.return_new = TRY(exchange.flag("returnNew", false));
  request.options.keep_null = TRY(exchange.flag("keepNull", true));
  request.options.merge_objects = TRY(exchange.flag("mergeObjects", true));
  request.options.version_attribute = exchange.parameter("versionAttribute");
  request.ignore_revs = TRY(exchange.flag("ignoreRevs", true));
  request.silent = TRY(exchange.flag("silent", false));
  if (operation == Operation::kInsert) request.options.overwrite = TRY(overwrite_mode(exchange));
  return request;
}

// The _key of a document, of an _id, or of a string that is one of them.
Result<std::string_view> key_of(const WriteRequest& request, Slice item) {
  Slice name = item.is_object() ? item.get("_key") : item;
  if (item.is_object() && name.is_none()) name = item.get("_id");
  if (!item.is_object() && !item.is_string()) return ErrorCode::kDocumentTypeInvalid;
  if (name.is_none()) return ErrorCode::kDocumentKeyMissing;
  if (!name.is_string()) return ErrorCode::kDocumentKeyBad;
  std::string_view key = name.as_string();
  size_t slash = key.find('/');
  if (slash == key.npos) return key;
  if (key.substr(0, slash) != request.collection.name()) return ErrorCode::kCrossCollectionRequest;
  return key.substr(slash + 1);
}

Result<WriteResult> write_one(WriteRequest& request, std::string_view key, Slice document,
                              std::string_view expected_rev, engine::Transaction* transaction) {
  WriteOptions options = request.options;
  options.expected_rev = expected_rev;
  switch (request.operation) {
    case Operation::kInsert: return request.collection.insert(document, options, transaction);
    case Operation::kUpdate: return request.collection.update(key, document, options, transaction);
    case Operation::kReplace: return request.collection.replace(key, document, options, transaction);
    case Operation::kRemove: return request.collection.remove(key, options, transaction);
  }
  return ErrorCode::kInternal;
}

void append_result(const WriteRequest& request, const WriteResult& written, Builder& to) {
  to.open_object();
  to.add("_id", request.collection.name() + "/" + written.key);
  to.add("_key", written.key);
  to.add("_rev", written.rev);
  if (!written.old_rev.empty() && request.operation != Operation::kRemove) to.add("_oldRev", written.old_rev);
  if (request.options.return_old && !written.old_document.slice().is_none())
    to.add("old", written.old_document.slice());
  if (request.options.return_new && !written.new_document.slice().is_none())
    to.add("new", written.new_document.slice());
  to.close();
}

int success_status(const WriteRequest& request) {
  if (request.operation == Operation::kRemove) return request.options.wait_for_sync ? 200 : 202;
  return request.options.wait_for_sync ? 201 : 202;
}

Result<HttpResponse> write_single(Exchange& exchange, WriteRequest& request, std::string_view key, Slice document) {
  auto* transaction = TRY(exchange.transaction(request.collection.name(), AccessLevel::kReadWrite));
  std::string expected_rev(unquoted(exchange.request.header("if-match").value_or("")));
  if (expected_rev.empty() && !request.ignore_revs && document.get("_rev").is_string()) {
    expected_rev = document.get("_rev").as_string();
  }
  auto written = write_one(request, key, document, expected_rev, transaction);
  if (!written && written.error().code() == ErrorCode::kConflict && !expected_rev.empty()) {
    engine::PinnedDocument current;
    if (TRY(request.collection.read(key, current, transaction))) return precondition_failed(current.slice());
  }
  if (!written) return std::move(written).error();
  Builder body;
  if (request.silent) {
    body.open_object();
    body.close();
  } else {
    append_result(request, *written, body);
  }
  auto response = json_response(success_status(request), body.slice());
  response.add_header("ETag", quoted(written->rev));
  if (request.operation != Operation::kRemove) {
    response.add_header("Location", fmt::format("/_db/{}/_api/document/{}/{}", exchange.database_name,
                                                request.collection.name(), written->key));
  }
  return response;
}

// The items' own errors leave the others alone; all successful ones become visible together.
Result<HttpResponse> write_many(Exchange& exchange, WriteRequest& request, Slice items) {
  auto* outer = TRY(exchange.transaction(request.collection.name(), AccessLevel::kReadWrite));
  std::optional<engine::Transaction> own;
  if (outer == nullptr) own = TRY(exchange.database()).begin({.wait_for_sync = request.options.wait_for_sync});
  engine::Transaction* transaction = outer != nullptr ? outer : &*own;
  Builder body;
  body.open_array();
  std::map<int, uint64_t> failures;
  for (value::ArrayIterator item(items); item.valid(); item.next()) {
    Result<WriteResult> written = Error(ErrorCode::kInternal);
    Result<std::string_view> key = std::string_view();
    if (request.operation != Operation::kInsert) key = key_of(request, item.value());
    Slice rev = item.value().get("_rev");
    std::string_view expected = !request.ignore_revs && rev.is_string() ? rev.as_string() : "";
    if (key) {
      written = write_one(request, *key, item.value(), expected, transaction);
    } else {
      written = key.error();
    }
    if (!written) {
      ++failures[written.error().number()];
      append_error(written.error(), 0, body);
    } else if (!request.silent) {
      append_result(request, *written, body);
    }
  }
  body.close();
  if (own) TRY(own->commit());
  // Nothing to tell: an empty object, not an array without its items.
  bool all_silent = request.silent && failures.empty();
  auto response = json_response(success_status(request), all_silent ? Slice::empty_object() : body.slice());
  if (!failures.empty()) {
    Builder codes;
    codes.open_object();
    for (auto [number, count] : failures) codes.add(std::to_string(number), count);
    codes.close();
    response.add_header("X-Arango-Error-Codes", value::to_json(codes.slice()));
  }
  return response;
}

Result<HttpResponse> insert_documents(Exchange& exchange) {
  auto request = TRY(write_request(exchange, Operation::kInsert));
  auto body = TRY(exchange.body());
  if (body.is_array()) return write_many(exchange, request, body);
  return write_single(exchange, request, body.get("_key").is_string() ? body.get("_key").as_string() : "", body);
}

Result<HttpResponse> read_many(Exchange& exchange, Slice items) {
  auto collection = TRY(exchange.collection(exchange.argument(0), AccessLevel::kReadOnly));
  auto* transaction = TRY(exchange.transaction(collection.name(), AccessLevel::kReadOnly));
  bool ignore_revs = TRY(exchange.flag("ignoreRevs", true));
  WriteRequest request{Operation::kRemove, collection};
  std::string body = "[";
  engine::PinnedDocument document;
  for (value::ArrayIterator item(items); item.valid(); item.next()) {
    if (body.size() > 1) body += ',';
    auto key = key_of(request, item.value());
    Result<bool> found = key ? collection.read(*key, document, transaction) : Result<bool>(key.error());
    if (!found && key) return std::move(found).error();
    Slice rev = item.value().get("_rev");
    bool is_other = found && *found && !ignore_revs && rev.is_string() &&
                    rev.as_string() != document.slice().get("_rev").as_string();
    if (found && *found && !is_other) {
      value::append_json(document.slice(), body);
      continue;
    }
    Builder error;
    append_error(!key ? key.error() : Error(is_other ? ErrorCode::kConflict : ErrorCode::kDocumentNotFound), 0, error);
    value::append_json(error.slice(), body);
  }
  return json_response(200, body + "]");
}

Result<HttpResponse> write_documents(Exchange& exchange, Operation operation) {
  auto items = TRY(exchange.body());
  if (!items.is_array()) return Error(ErrorCode::kBadParameter, "expecting a JSON array in the body");
  if (operation == Operation::kReplace && TRY(exchange.flag("onlyget", false))) return read_many(exchange, items);
  auto request = TRY(write_request(exchange, operation));
  return write_many(exchange, request, items);
}

template <Operation kOperation>
Result<HttpResponse> write_documents(Exchange& exchange) {
  return write_documents(exchange, kOperation);
}

template <Operation kOperation>
Result<HttpResponse> write_document(Exchange& exchange) {
  auto request = TRY(write_request(exchange, kOperation));
  Slice document;
  if (kOperation != Operation::kRemove) document = TRY(exchange.body());
  if (kOperation != Operation::kRemove && !document.is_object()) return ErrorCode::kDocumentTypeInvalid;
  return write_single(exchange, request, exchange.argument(1), document);
}

constexpr std::string_view kMany = "/_api/document/{collection}", kOne = "/_api/document/{collection}/{key}";

const Route kRoutes[] = {
    {HttpMethod::kGet, kOne, Access::kUser, read_document, true},
    {HttpMethod::kHead, kOne, Access::kUser, read_document, true},
    {HttpMethod::kPost, kMany, Access::kUser, insert_documents},
    {HttpMethod::kPut, kOne, Access::kUser, write_document<Operation::kReplace>},
    {HttpMethod::kPatch, kOne, Access::kUser, write_document<Operation::kUpdate>},
    {HttpMethod::kDelete, kOne, Access::kUser, write_document<Operation::kRemove>},
    {HttpMethod::kPut, kMany, Access::kUser, write_documents<Operation::kReplace>},
    {HttpMethod::kPatch, kMany, Access::kUser, write_documents<Operation::kUpdate>},
    {HttpMethod::kDelete, kMany, Access::kUser, write_documents<Operation::kRemove>},
};

}  // namespace

std::span<const Route> document_routes() { return kRoutes; }

}  // namespace workerdb::server

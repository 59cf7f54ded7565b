#include "stores/documents/remote/remote_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/percent.h"
#include "stores/documents/environment_record.h"
#include "stores/documents/remote/http_channel.h"
#include "stores/documents/remote/remote_cursor.h"
#include "value/json.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;
using value::Buffer;
using value::Builder;
using value::Slice;

namespace {

std::string text_of(Slice value) { return value.is_string() ? std::string(value.as_string()) : std::string(); }

const char* mode_name(OverwriteMode mode) {
  switch (mode) {
    case OverwriteMode::kConflict: return "conflict";
    case OverwriteMode::kIgnore: return "ignore";
    case OverwriteMode::kReplace: return "replace";
    case OverwriteMode::kUpdate: return "update";
  }
  return "";
}

CollectionDescription description_of(Slice properties) {
  CollectionDescription description;
  description.name = text_of(properties.get("name"));
  bool is_edge = properties.get("type").is_int64() && properties.get("type").as_int64() == 3;
  description.type = is_edge ? CollectionType::kEdge : CollectionType::kDocument;
  description.is_system = properties.get("isSystem").is_true();
  description.wait_for_sync = properties.get("waitForSync").is_true();
  if (!properties.get("schema").is_null()) description.schema = Buffer(properties.get("schema"));
  if (!properties.get("keyOptions").is_null()) description.key_options = Buffer(properties.get("keyOptions"));
  return description;
}

std::string write_parameters(const WriteOptions& options) {
  return fmt::format("?waitForSync={}&keepNull={}&mergeObjects={}", options.wait_for_sync, options.keep_null,
                     options.merge_objects);
}

std::vector<net::HttpHeader> revision_header(const WriteOptions& options) {
  if (options.expected_revision.empty()) return {};
  return {{"If-Match", '"' + options.expected_revision + '"'}};
}

// The server says 412 with the number of a conflict; the port speaks of kConflict as well.
WrittenDocument written_of(const Buffer& answer) {
  return {text_of(answer.slice().get("_key")), text_of(answer.slice().get("_rev"))};
}

class RemoteDatabase : public DocumentDatabase {
 public:
  RemoteDatabase(std::shared_ptr<HttpChannel> channel, std::string name)
      : channel_(std::move(channel)), name_(std::move(name)), prefix_("/_db/" + net::percent_encode(name_)) {}

  const std::string& name() const override { return name_; }

  Result<std::vector<CollectionDescription>> collections() override {
    auto answer = TRY(channel_->send(HttpMethod::kGet, prefix_ + "/_api/collection"));
    std::vector<CollectionDescription> result;
    for (value::ArrayIterator item(answer.slice().get("result")); item.valid(); item.next()) {
      auto found = TRY(find_collection(text_of(item.value().get("name"))));
      if (found) result.push_back(*std::move(found));
    }
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return result;
  }

  Result<std::optional<CollectionDescription>> find_collection(std::string_view collection) override {
    auto answer = channel_->send(HttpMethod::kGet, collection_target(collection) + "/properties");
    if (!answer && answer.error().code() == ErrorCode::kCollectionNotFound) return std::nullopt;
    if (!answer) return std::move(answer).error();
    return description_of(answer->slice());
  }

  Result<> create_collection(const CollectionDescription& description) override {
    Builder body;
    body.open_object();
    body.add("name", description.name);
    body.add("type", int(description.type));
    body.add("isSystem", description.is_system);
    body.add("waitForSync", description.wait_for_sync);
    if (!description.schema.slice().is_null()) body.add("schema", description.schema.slice());
    if (!description.key_options.slice().is_null()) body.add("keyOptions", description.key_options.slice());
    body.close();
    TRY(channel_->send(HttpMethod::kPost, prefix_ + "/_api/collection", body.slice()));
    return {};
  }

  Result<> set_schema(std::string_view collection, Slice schema) override {
    Builder body;
    body.open_object();
    body.add("schema", schema);
    body.close();
    TRY(channel_->send(HttpMethod::kPut, collection_target(collection) + "/properties", body.slice()));
    return {};
  }

  Result<> drop_collection(std::string_view collection) override {
    TRY(channel_->send(HttpMethod::kDelete, collection_target(collection)));
    return {};
  }

  Result<> truncate_collection(std::string_view collection) override {
    TRY(channel_->send(HttpMethod::kPut, collection_target(collection) + "/truncate"));
    return {};
  }

  Result<uint64_t> count(std::string_view collection) override {
    auto answer = TRY(channel_->send(HttpMethod::kGet, collection_target(collection) + "/count"));
    if (!answer.slice().get("count").is_int64()) return ErrorCode::kSimpleClientCouldNotRead;
    return uint64_t(answer.slice().get("count").as_int64());
  }

  Result<std::vector<Buffer>> indexes(std::string_view collection) override {
    auto answer = TRY(channel_->send(HttpMethod::kGet, index_target(collection)));
    std::vector<Buffer> result;
    for (value::ArrayIterator item(answer.slice().get("indexes")); item.valid(); item.next()) {
      result.emplace_back(item.value());
    }
    return result;
  }

  Result<Buffer> ensure_index(std::string_view collection, Slice definition) override {
    return channel_->send(HttpMethod::kPost, index_target(collection), definition);
  }

  Result<> drop_index(std::string_view collection, std::string_view index) override {
    // The API names an index by "collection/number" or "collection/name".
    size_t slash = index.find('/');
    std::string_view last = slash == index.npos ? index : index.substr(slash + 1);
    TRY(channel_->send(HttpMethod::kDelete, fmt::format("{}/_api/index/{}/{}", prefix_,
                                                        net::percent_encode(collection), net::percent_encode(last))));
    return {};
  }

  Result<std::optional<Buffer>> read(std::string_view collection, std::string_view key) override {
    auto answer = channel_->send(HttpMethod::kGet, document_target(collection, key));
    if (!answer && answer.error().code() == ErrorCode::kDocumentNotFound) return std::nullopt;
    if (!answer) return std::move(answer).error();
    return *std::move(answer);
  }

  Result<WrittenDocument> insert(std::string_view collection, Slice document, const WriteOptions& options) override {
    auto target = fmt::format("{}/_api/document/{}{}&overwriteMode={}", prefix_, net::percent_encode(collection),
                              write_parameters(options), mode_name(options.overwrite));
    return written_of(TRY(channel_->send(HttpMethod::kPost, target, document)));
  }

  Result<WrittenDocument> update(std::string_view collection, std::string_view key, Slice patch,
                                 const WriteOptions& options) override {
    return written_of(TRY(channel_->send(HttpMethod::kPatch, document_target(collection, key) + write_parameters(options),
                                         patch, revision_header(options))));
  }

  Result<WrittenDocument> replace(std::string_view collection, std::string_view key, Slice document,
                                  const WriteOptions& options) override {
    return written_of(TRY(channel_->send(HttpMethod::kPut, document_target(collection, key) + write_parameters(options),
                                         document, revision_header(options))));
  }

  Result<> remove(std::string_view collection, std::string_view key, const WriteOptions& options) override {
    TRY(channel_->send(HttpMethod::kDelete, document_target(collection, key) + write_parameters(options), {},
                       revision_header(options)));
    return {};
  }

  Result<BulkResult> insert_many(std::string_view collection, std::span<const Slice> documents,
                                 const WriteOptions& options) override {
    std::string body = "[";
    for (Slice document : documents) {
      if (body.size() > 1) body += ',';
      value::append_json(document, body);
    }
    body += ']';
    auto target = fmt::format("{}/_api/document/{}{}&overwriteMode={}", prefix_, net::percent_encode(collection),
                              write_parameters(options), mode_name(options.overwrite));
    auto answer = TRY(channel_->send_text(HttpMethod::kPost, target, body));
    BulkResult result;
    size_t position = 0;
    for (value::ArrayIterator item(answer.slice()); item.valid(); item.next(), ++position) {
      if (!item.value().get("error").is_true()) {
        // A document that was there before has an old revision, and with kIgnore nothing else was done.
        bool was_there = item.value().get("_oldRev").is_string();
        ++(was_there && options.overwrite == OverwriteMode::kIgnore ? result.ignored : result.created);
        continue;
      }
      Slice number = item.value().get("errorNum");
      auto code = number.is_int64() ? ErrorCode(number.as_int64()) : ErrorCode::kInternal;
      result.errors.push_back({position, Error(code, text_of(item.value().get("errorMessage")))});
    }
    if (position != documents.size()) {
      return Error(ErrorCode::kSimpleClientCouldNotRead,
                   fmt::format("{} documents were sent, but {} answers came back", documents.size(), position));
    }
    return result;
  }

  Result<std::unique_ptr<QueryCursor>> query(std::string_view text, Slice bind_variables,
                                             const QueryOptions& options) override {
    return open_remote_cursor(channel_, prefix_, text, bind_variables, options);
  }

  Result<Buffer> explain(std::string_view text, Slice bind_variables) override {
    Builder body;
    body.open_object();
    body.add("query", text);
    if (!bind_variables.is_null()) body.add("bindVars", bind_variables);
    body.close();
    return channel_->send(HttpMethod::kPost, prefix_ + "/_api/explain", body.slice());
  }

 private:
  std::string collection_target(std::string_view collection) const {
    return prefix_ + "/_api/collection/" + net::percent_encode(collection);
  }
  std::string index_target(std::string_view collection) const {
    return prefix_ + "/_api/index?collection=" + net::percent_encode(collection);
  }
  std::string document_target(std::string_view collection, std::string_view key) const {
    return fmt::format("{}/_api/document/{}/{}", prefix_, net::percent_encode(collection), net::percent_encode(key));
  }

  std::shared_ptr<HttpChannel> channel_;
  std::string name_, prefix_;
};

class RemoteStore : public DocumentStore {
 public:
  explicit RemoteStore(const RemoteOptions& options) : channel_(std::make_shared<HttpChannel>(options)) {}

  Result<std::vector<std::string>> databases() override {
    auto answer = TRY(channel_->send(HttpMethod::kGet, "/_api/database"));
    std::vector<std::string> names;
    for (value::ArrayIterator item(answer.slice().get("result")); item.valid(); item.next()) {
      names.push_back(text_of(item.value()));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<> create_database(std::string_view name) override {
    Builder body;
    body.open_object();
    body.add("name", name);
    body.close();
    TRY(channel_->send(HttpMethod::kPost, "/_api/database", body.slice()));
    return {};
  }

  Result<> drop_database(std::string_view name) override {
    TRY(channel_->send(HttpMethod::kDelete, "/_api/database/" + net::percent_encode(name)));
    return {};
  }

  Result<std::shared_ptr<DocumentDatabase>> open(std::string_view name) override {
    auto database = std::make_shared<RemoteDatabase>(channel_, std::string(name));
    TRY(channel_->send(HttpMethod::kGet, "/_db/" + net::percent_encode(name) + "/_api/database/current"));
    return database;
  }

  Result<std::optional<std::string>> environment_class(std::string_view database) override {
    auto opened = TRY(open(database));
    return read_environment_record(*opened);
  }

  Result<> set_environment_class(std::string_view database, std::string_view environment_class) override {
    auto opened = TRY(open(database));
    return write_environment_record(*opened, environment_class);
  }

 private:
  std::shared_ptr<HttpChannel> channel_;
};

}  // namespace

std::unique_ptr<DocumentStore> make_remote_store(const RemoteOptions& options) {
  return std::make_unique<RemoteStore>(options);
}

}  // namespace workerdb::stores::documents

#include "stores/documents/remote/remote_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "net/percent.h"
#include "stores/documents/environment_record.h"
#include "stores/documents/remote/http_channel.h"
#include "stores/documents/remote/remote_cursor.h"
#include "stores/documents/remote/remote_documents.h"
#include "stores/documents/remote/remote_users.h"
#include "value/json.h"
#include "value/text.h"

namespace workerdb::stores::documents {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::HttpMethod;
using value::Buffer;
using value::Builder;
using value::Slice;
using value::text_or_empty;

namespace {

constexpr int kDropAttempts = 5;

CollectionDescription description_of(Slice properties) {
  CollectionDescription description;
  description.name = text_or_empty(properties.get("name"));
  bool is_edge = properties.get("type").is_int64() && properties.get("type").as_int64() == 3;
  description.type = is_edge ? CollectionType::kEdge : CollectionType::kDocument;
  description.is_system = properties.get("isSystem").is_true();
  description.wait_for_sync = properties.get("waitForSync").is_true();
  if (!properties.get("schema").is_null()) description.schema = Buffer(properties.get("schema"));
  if (!properties.get("keyOptions").is_null()) description.key_options = Buffer(properties.get("keyOptions"));
  return description;
}

// Drops something that has an identity besides its name: when an attempt may have run, what bears the name
// now is looked at, so that another thing of that name, made since, is never dropped. `identity` gives
// nothing for absence.
Result<> drop_once(HttpChannel& channel, const std::string& target,
                   const std::function<Result<std::optional<std::string>>()>& identity) {
  auto before = TRY(identity());
  for (int attempts = 0;; ++attempts) {
    auto done = channel.send({.method = HttpMethod::kDelete, .target = target});
    if (done) return {};
    if (!effect_is_unknown(done.error())) return std::move(done).error();
    auto now = identity();
    if (!now || !before || attempts == kDropAttempts) return std::move(done).error();
    if (*now != before) return {};
  }
}

// `error_code` refuses what an earlier attempt of the same request has made already; `is_ours` says whether
// it did.
Result<> done_before(const Answer& answer, ErrorCode error_code, const std::function<bool()>& is_ours) {
  if (!answer.is_error()) return {};
  if (answer.may_have_run && answer.code() == error_code && is_ours()) return {};
  return answer.error();
}

std::string json_object(const std::function<void(Builder&)>& fill) {
  Builder body;
  body.open_object();
  fill(body);
  body.close();
  return value::to_json(body.slice());
}

class RemoteDatabase : public DocumentDatabase {
 public:
  RemoteDatabase(std::shared_ptr<HttpChannel> channel, std::string name)
      : channel_(std::move(channel)),
        name_(std::move(name)),
        prefix_("/_db/" + net::percent_encode(name_)),
        documents_(channel_, prefix_) {}

  const std::string& name() const override { return name_; }

  Result<std::vector<CollectionDescription>> collections() override {
    auto answer = TRY(channel_->read(prefix_ + "/_api/collection"));
    std::vector<CollectionDescription> result;
    for (value::ArrayIterator item(answer.slice().get("result")); item.valid(); item.next()) {
      auto found = TRY(find_collection(std::string(text_or_empty(item.value().get("name")))));
      if (found) result.push_back(*std::move(found));
    }
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return result;
  }

  Result<std::optional<CollectionDescription>> find_collection(std::string_view collection) override {
    auto answer = channel_->read(collection_target(collection) + "/properties");
    if (!answer && answer.error().code() == ErrorCode::kCollectionNotFound) return std::nullopt;
    if (!answer) return std::move(answer).error();
    return description_of(answer->slice());
  }

  Result<> create_collection(const CollectionDescription& description) override {
    Answer answer = TRY(channel_->exchange({.method = HttpMethod::kPost,
                                            .target = prefix_ + "/_api/collection",
                                            .body = json_object([&](Builder& body) {
                                              body.add("name", description.name);
                                              body.add("type", int(description.type));
                                              body.add("isSystem", description.is_system);
                                              body.add("waitForSync", description.wait_for_sync);
                                              Slice schema = description.schema.slice();
                                              Slice keys = description.key_options.slice();
                                              if (!schema.is_null()) body.add("schema", schema);
                                              if (!keys.is_null()) body.add("keyOptions", keys);
                                            }),
                                            .repeat = Repeat::kIdempotent}));
    return done_before(answer, ErrorCode::kDuplicateName, [&] {
      auto there = find_collection(description.name);
      return there && *there && (*there)->type == description.type;
    });
  }

  Result<> set_schema(std::string_view collection, Slice schema) override {
    TRY(channel_->send({.method = HttpMethod::kPut,
                        .target = collection_target(collection) + "/properties",
                        .body = json_object([&](Builder& body) { body.add("schema", schema); }),
                        .repeat = Repeat::kIdempotent}));
    return {};
  }

  Result<> drop_collection(std::string_view collection) override {
    std::string target = collection_target(collection);
    return drop_once(*channel_, target, [&]() -> Result<std::optional<std::string>> {
      auto answer = channel_->read(target);
      if (!answer && answer.error().code() == ErrorCode::kCollectionNotFound) return std::nullopt;
      if (!answer) return std::move(answer).error();
      return std::string(text_or_empty(answer->slice().get("id")));
    });
  }

  Result<> truncate_collection(std::string_view collection) override {
    TRY(channel_->send({.method = HttpMethod::kPut, .target = collection_target(collection) + "/truncate"}));
    return {};
  }

  Result<uint64_t> count(std::string_view collection) override {
    auto answer = TRY(channel_->read(collection_target(collection) + "/count"));
    if (!answer.slice().get("count").is_int64()) return ErrorCode::kSimpleClientCouldNotRead;
    return uint64_t(answer.slice().get("count").as_int64());
  }

  Result<std::vector<Buffer>> indexes(std::string_view collection) override {
    auto answer = TRY(channel_->read(index_target(collection)));
    std::vector<Buffer> result;
    for (value::ArrayIterator item(answer.slice().get("indexes")); item.valid(); item.next()) {
      result.emplace_back(item.value());
    }
    return result;
  }

  Result<Buffer> ensure_index(std::string_view collection, Slice definition) override {
    return channel_->send({.method = HttpMethod::kPost,
                           .target = index_target(collection),
                           .body = value::to_json(definition),
                           .repeat = Repeat::kIdempotent});
  }

  Result<> drop_index(std::string_view collection, std::string_view index) override {
    // The API names an index by "collection/number" or "collection/name".
    size_t slash = index.find('/');
    std::string_view last = slash == index.npos ? index : index.substr(slash + 1);
    Answer answer =
        TRY(channel_->exchange({.method = HttpMethod::kDelete,
                                .target = fmt::format("{}/_api/index/{}/{}", prefix_, net::percent_encode(collection),
                                                      net::percent_encode(last)),
                                .repeat = Repeat::kIdempotent}));
    return done_before(answer, ErrorCode::kIndexNotFound, [] { return true; });
  }

  Result<std::optional<Buffer>> read(std::string_view collection, std::string_view key) override {
    return documents_.read(collection, key);
  }
  Result<WrittenDocument> insert(std::string_view collection, Slice document, const WriteOptions& options) override {
    return documents_.insert(collection, document, options);
  }
  Result<WrittenDocument> update(std::string_view collection, std::string_view key, Slice patch,
                                 const WriteOptions& options) override {
    return documents_.update(collection, key, patch, options);
  }
  Result<WrittenDocument> replace(std::string_view collection, std::string_view key, Slice document,
                                  const WriteOptions& options) override {
    return documents_.replace(collection, key, document, options);
  }
  Result<> remove(std::string_view collection, std::string_view key, const WriteOptions& options) override {
    return documents_.remove(collection, key, options);
  }
  Result<BulkResult> insert_many(std::string_view collection, std::span<const Slice> documents,
                                 const WriteOptions& options) override {
    return documents_.insert_many(collection, documents, options);
  }

  Result<std::unique_ptr<QueryCursor>> query(std::string_view text, Slice bind_variables,
                                             const QueryOptions& options) override {
    return open_remote_cursor({channel_, prefix_, *this}, text, bind_variables, options);
  }

  Result<Buffer> explain(std::string_view text, Slice bind_variables) override {
    return channel_->send({.method = HttpMethod::kPost,
                           .target = prefix_ + "/_api/explain",
                           .body = json_object([&](Builder& body) {
                             body.add("query", text);
                             if (!bind_variables.is_null()) body.add("bindVars", bind_variables);
                           }),
                           .repeat = Repeat::kRead});
  }

 private:
  std::string collection_target(std::string_view collection) const {
    return prefix_ + "/_api/collection/" + net::percent_encode(collection);
  }
  std::string index_target(std::string_view collection) const {
    return prefix_ + "/_api/index?collection=" + net::percent_encode(collection);
  }

  std::shared_ptr<HttpChannel> channel_;
  std::string name_, prefix_;
  RemoteDocuments documents_;
};

class RemoteStore : public DocumentStore {
 public:
  explicit RemoteStore(const RemoteOptions& options) : channel_(std::make_shared<HttpChannel>(options)) {}

  Result<std::vector<std::string>> databases() override {
    auto answer = TRY(channel_->read("/_api/database"));
    std::vector<std::string> names;
    for (value::ArrayIterator item(answer.slice().get("result")); item.valid(); item.next()) {
      names.emplace_back(text_or_empty(item.value()));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<> create_database(std::string_view name) override {
    Answer answer = TRY(channel_->exchange({.method = HttpMethod::kPost,
                                            .target = "/_api/database",
                                            .body = json_object([&](Builder& body) { body.add("name", name); }),
                                            .repeat = Repeat::kIdempotent}));
    return done_before(answer, ErrorCode::kDuplicateName, [] { return true; });
  }

  Result<> drop_database(std::string_view name) override {
    std::string encoded = net::percent_encode(name);
    return drop_once(*channel_, "/_api/database/" + encoded, [&]() -> Result<std::optional<std::string>> {
      auto answer = channel_->read("/_db/" + encoded + "/_api/database/current");
      if (!answer && answer.error().code() == ErrorCode::kDatabaseNotFound) return std::nullopt;
      if (!answer) return std::move(answer).error();
      return std::string(text_or_empty(answer->slice().get("result").get("id")));
    });
  }

  Result<std::shared_ptr<DocumentDatabase>> open(std::string_view name) override {
    auto database = std::make_shared<RemoteDatabase>(channel_, std::string(name));
    TRY(channel_->read("/_db/" + net::percent_encode(name) + "/_api/database/current"));
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

  Result<std::vector<UserDescription>> users() override { return list_users(*channel_); }
  Result<> create_user(std::string_view user, std::string_view password, Slice extra) override {
    return create_remote_user(*channel_, user, password, extra);
  }
  Result<> set_user_password(std::string_view user, std::string_view password) override {
    return set_remote_password(*channel_, user, password);
  }
  Result<> drop_user(std::string_view user) override { return drop_remote_user(*channel_, user); }
  Result<> grant(std::string_view user, std::string_view database, std::string_view collection,
                 UserRight right) override {
    return grant_remote(*channel_, user, database, collection, right);
  }

 private:
  std::shared_ptr<HttpChannel> channel_;
};

}  // namespace

std::unique_ptr<DocumentStore> make_remote_store(const RemoteOptions& options) {
  return std::make_unique<RemoteStore>(options);
}

}  // namespace workerdb::stores::documents

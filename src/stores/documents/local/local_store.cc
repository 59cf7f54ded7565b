#include "stores/documents/local/local_store.h"

#include "engine/engine.h"
#include "stores/documents/environment_record.h"
#include "stores/documents/local/local_cursor.h"
#include "stores/documents/local/local_descriptions.h"

namespace workerdb::stores::documents {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

constexpr size_t kBulkStep = 1000;  // documents that become visible together

engine::WriteOptions engine_form(const WriteOptions& options) {
  constexpr engine::OverwriteMode kModes[] = {engine::OverwriteMode::kConflict, engine::OverwriteMode::kIgnore,
                                              engine::OverwriteMode::kReplace, engine::OverwriteMode::kUpdate};
  engine::WriteOptions given;
  given.overwrite = kModes[static_cast<size_t>(options.overwrite)];
  given.keep_null = options.keep_null;
  given.merge_objects = options.merge_objects;
  given.wait_for_sync = options.wait_for_sync;
  given.expected_rev = options.expected_revision;
  return given;
}

WrittenDocument port_form(const engine::WriteResult& written) { return {written.key, written.rev}; }

class LocalDatabase : public DocumentDatabase {
 public:
  LocalDatabase(engine::Engine& engine, engine::Database database) : engine_(engine), database_(std::move(database)) {}
  const std::string& name() const override { return database_.name(); }

  Result<std::vector<CollectionDescription>> collections() override {
    std::vector<CollectionDescription> descriptions;
    for (const engine::Collection& collection : database_.collections()) {
      descriptions.push_back(description_of(collection));
    }
    return descriptions;
  }

  Result<std::optional<CollectionDescription>> find_collection(std::string_view collection) override {
    auto found = find(collection);
    if (!found && found.error().code() == ErrorCode::kCollectionNotFound) return std::nullopt;
    if (!found) return std::move(found).error();
    return description_of(*found);
  }

  Result<> create_collection(const CollectionDescription& description) override {
    TRY(database_.create_collection(description.name, TRY(options_of(description))));
    return {};
  }

  Result<> set_schema(std::string_view collection, Slice schema) override {
    engine::Collection::Change change;
    change.schema = value::Buffer(schema.is_none() ? Slice::null() : schema);
    return TRY(find(collection)).change(change);
  }

  Result<> drop_collection(std::string_view collection) override { return database_.drop_collection(collection); }
  Result<> truncate_collection(std::string_view collection) override { return TRY(find(collection)).truncate(); }
  Result<uint64_t> count(std::string_view collection) override { return TRY(find(collection)).count(); }

  Result<std::vector<value::Buffer>> indexes(std::string_view collection) override {
    value::Buffer all = TRY(find(collection)).indexes();
    std::vector<value::Buffer> definitions;
    for (value::ArrayIterator index(all.slice()); index.valid(); index.next()) definitions.emplace_back(index.value());
    return definitions;
  }
  Result<value::Buffer> ensure_index(std::string_view collection, Slice definition) override {
    engine::Collection found = TRY(find(collection));
    return TRY(found.ensure_index(definition)).definition;
  }
  Result<> drop_index(std::string_view collection, std::string_view index) override {
    return TRY(find(collection)).drop_index(index);
  }

  Result<std::optional<value::Buffer>> read(std::string_view collection, std::string_view key) override {
    engine::Collection found = TRY(find(collection));
    engine::PinnedDocument document;
    if (!TRY(found.read(key, document))) return std::nullopt;
    return value::Buffer(document.slice());
  }
  Result<WrittenDocument> insert(std::string_view collection, Slice document, const WriteOptions& options) override {
    engine::Collection found = TRY(find(collection));
    return port_form(TRY(found.insert(document, engine_form(options))));
  }
  Result<WrittenDocument> update(std::string_view collection, std::string_view key, Slice patch,
                                 const WriteOptions& options) override {
    engine::Collection found = TRY(find(collection));
    return port_form(TRY(found.update(key, patch, engine_form(options))));
  }
  Result<WrittenDocument> replace(std::string_view collection, std::string_view key, Slice document,
                                  const WriteOptions& options) override {
    engine::Collection found = TRY(find(collection));
    return port_form(TRY(found.replace(key, document, engine_form(options))));
  }
  Result<> remove(std::string_view collection, std::string_view key, const WriteOptions& options) override {
    engine::Collection found = TRY(find(collection));
    TRY(found.remove(key, engine_form(options)));
    return {};
  }

  Result<BulkResult> insert_many(std::string_view collection, std::span<const Slice> documents,
                                 const WriteOptions& options) override {
    engine::Collection found = TRY(find(collection));
    BulkResult outcome;
    for (size_t start = 0; start < documents.size(); start += kBulkStep) {
      auto step = documents.subspan(start, std::min(kBulkStep, documents.size() - start));
      TRY(insert_step(found, step, start, engine_form(options), outcome));
    }
    return outcome;
  }

  Result<std::unique_ptr<QueryCursor>> query(std::string_view text, Slice bind_variables,
                                             const QueryOptions& options) override {
    engine::Cursor cursor = TRY(database_.query(text, bind_variables, engine_options(options)));
    return std::make_unique<LocalCursor>(std::move(cursor), options.batch_size);
  }
  Result<value::Buffer> explain(std::string_view text, Slice bind_variables) override {
    return database_.explain(text, bind_variables);
  }

 private:
  // A database that was dropped has no collections; the port wants to hear why.
  Result<engine::Collection> find(std::string_view collection) {
    auto found = database_.collection(collection);
    if (found || found.error().code() != ErrorCode::kCollectionNotFound) return found;
    auto there = engine_.database(database_.name());
    if (!there || there->id() != database_.id()) return ErrorCode::kDatabaseNotFound;
    return found;
  }

  static Result<> insert_step(engine::Collection& collection, std::span<const Slice> documents, size_t start,
                              const engine::WriteOptions& options, BulkResult& outcome) {
    value::Builder array;
    array.open_array();
    for (Slice document : documents) array.slice(document);
    array.close();
    auto written = TRY(collection.insert_many(array.slice(), options));
    for (size_t position = 0; position < written.size(); ++position) {
      if (!written[position]) {
        outcome.errors.push_back({start + position, written[position].error()});
      } else {
        ++(written[position]->ignored ? outcome.ignored : outcome.created);
      }
    }
    return {};
  }

  engine::Engine& engine_;
  engine::Database database_;
};

class LocalStore : public DocumentStore {
 public:
  explicit LocalStore(engine::Engine& engine) : engine_(engine) {}

  Result<std::vector<std::string>> databases() override { return engine_.databases(); }
  Result<> create_database(std::string_view name) override {
    TRY(engine_.create_database(name));
    return {};
  }
  Result<> drop_database(std::string_view name) override { return engine_.drop_database(name); }
  Result<std::shared_ptr<DocumentDatabase>> open(std::string_view name) override {
    return std::make_shared<LocalDatabase>(engine_, TRY(engine_.database(name)));
  }

  Result<std::optional<std::string>> environment_class(std::string_view database) override {
    LocalDatabase opened(engine_, TRY(engine_.database(database)));
    return read_environment_record(opened);
  }
  Result<> set_environment_class(std::string_view database, std::string_view environment_class) override {
    LocalDatabase opened(engine_, TRY(engine_.database(database)));
    return write_environment_record(opened, environment_class);
  }

 private:
  engine::Engine& engine_;
};

}  // namespace

std::unique_ptr<DocumentStore> make_local_store(engine::Engine& engine) { return std::make_unique<LocalStore>(engine); }

}  // namespace workerdb::stores::documents

#pragma once
// The port to documents: what catalog, worker, CLI and importers need from a document store, and no more.
// Adapters: documents/local (the engine in this process) and documents/remote (ArangoDB's HTTP API). All
// values cross as value::Slice (borrowed) or value::Buffer (owned). Errors carry ArangoDB's documented
// numbers.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "value/builder.h"

namespace workerdb::stores::documents {

// The numbers of ArangoDB's API.
enum class CollectionType : int { kDocument = 2, kEdge = 3 };

struct CollectionDescription {
  std::string name;
  CollectionType type = CollectionType::kDocument;
  bool is_system = false;
  bool wait_for_sync = false;
  // {"rule": {JSON Schema}, "level": "strict", "message": "..."}, or null.
  value::Buffer schema = value::Buffer(value::Slice::null());
  // {"type": "traditional", "allowUserKeys": true, ...}, or null for the defaults. Fixed at creation.
  value::Buffer key_options = value::Buffer(value::Slice::null());
};

enum class OverwriteMode { kConflict, kIgnore, kReplace, kUpdate };

struct WriteOptions {
  OverwriteMode overwrite = OverwriteMode::kConflict;  // insert only
  bool wait_for_sync = false;
  // Update only: null removes an attribute when false; objects are merged when true.
  bool keep_null = true;
  bool merge_objects = true;
  // Not empty: the write fails with kConflict unless the document has this revision.
  std::string expected_revision;
};

struct WrittenDocument {
  std::string key;
  std::string revision;
};

// One item of a bulk insert that failed.
struct ItemError {
  size_t position;  // in the input, from 0
  base::Error error;
};

struct BulkResult {
  size_t created = 0;  // inserted, or replaced or updated when overwriting
  size_t ignored = 0;  // met an existing document with OverwriteMode::kIgnore
  std::vector<ItemError> errors;
};

// 0 and nothing mean the store's defaults.
struct QueryOptions {
  size_t batch_size = 0;
  uint64_t memory_limit_bytes = 0;
  int64_t max_runtime_ms = 0;
  bool full_count = false;
  bool fail_on_warning = false;
  // True: a query that could write fails with kReadOnly before it runs. The engine or the server itself holds
  // it to that, so that no wrong analysis on this side can let a write through.
  bool read_only = false;
  // Given: a query that touches any other collection fails with kForbidden, also where it names the
  // collection only while it runs (DOCUMENT). Held by the engine or the server as well.
  std::optional<std::vector<std::string>> allowed_collections;
  // Further options in the JSON shape of ArangoDB's cursor API ("options"), or null.
  value::Buffer extra = value::Buffer(value::Slice::null());
};

// What a query would touch, said without running it.
struct CollectionUse {
  std::string name;
  bool writes = false;
};
struct QueryAnalysis {
  std::vector<CollectionUse> collections;  // by name, each once; those that only a value names are not among them
  bool modifies = false;
};

// The answer to a query, batch by batch. One thread at a time. Dropping it ends the query.
class QueryCursor {
 public:
  virtual ~QueryCursor() = default;
  // The next batch: a non-empty array, borrowed until the next call; nothing at the end. Fails with the
  // query's error (kQueryKilled, kResourceLimit...).
  virtual base::Result<std::optional<value::Slice>> next_batch() = 0;
  // {"warnings": [{"code", "message"}], "stats": {...}}; complete after the last batch. Borrowed from the
  // cursor.
  virtual value::Slice extra() const = 0;
};

// One database. Thread-safe; lives as long as its store. A database that was dropped answers
// kDatabaseNotFound.
class DocumentDatabase {
 public:
  virtual ~DocumentDatabase() = default;
  virtual const std::string& name() const = 0;

  // Collections, system ones included, sorted by name. Fails with kCollectionNotFound, kDuplicateName,
  // kIllegalName, kValidationBadParameter (a schema that is none), kInvalidKeyGenerator.
  virtual base::Result<std::vector<CollectionDescription>> collections() = 0;
  virtual base::Result<std::optional<CollectionDescription>> find_collection(std::string_view collection) = 0;
  virtual base::Result<> create_collection(const CollectionDescription& description) = 0;
  // Null removes the schema. Documents that are there already are not checked.
  virtual base::Result<> set_schema(std::string_view collection, value::Slice schema) = 0;
  virtual base::Result<> drop_collection(std::string_view collection) = 0;
  virtual base::Result<> truncate_collection(std::string_view collection) = 0;
  virtual base::Result<uint64_t> count(std::string_view collection) = 0;

  // Index definitions in the JSON shape of ArangoDB's index API: {"id": "c/123", "type", "name", "fields",
  // "unique", "sparse", "expireAfter"...}; primary and edge indexes are among them. ensure_index returns the
  // index as it is, also when an equal one was there. Fails with kBadParameter, kUniqueConstraintViolated,
  // kIndexNotFound.
  virtual base::Result<std::vector<value::Buffer>> indexes(std::string_view collection) = 0;
  virtual base::Result<value::Buffer> ensure_index(std::string_view collection, value::Slice definition) = 0;
  // By name, or by "collection/number".
  virtual base::Result<> drop_index(std::string_view collection, std::string_view index) = 0;

  // Single documents. Absence is no error for read; it is kDocumentNotFound for the others. Fails with
  // kUniqueConstraintViolated, kConflict, kValidationFailed, kDocumentKeyBad, kDocumentTypeInvalid.
  virtual base::Result<std::optional<value::Buffer>> read(std::string_view collection, std::string_view key) = 0;
  virtual base::Result<WrittenDocument> insert(std::string_view collection, value::Slice document,
                                               const WriteOptions& options = {}) = 0;
  virtual base::Result<WrittenDocument> update(std::string_view collection, std::string_view key, value::Slice patch,
                                               const WriteOptions& options = {}) = 0;
  virtual base::Result<WrittenDocument> replace(std::string_view collection, std::string_view key,
                                                value::Slice document, const WriteOptions& options = {}) = 0;
  virtual base::Result<> remove(std::string_view collection, std::string_view key,
                                const WriteOptions& options = {}) = 0;
  // Inserts each document for itself: a bad one is reported and does not stop the others.
  virtual base::Result<BulkResult> insert_many(std::string_view collection, std::span<const value::Slice> documents,
                                               const WriteOptions& options = {}) = 0;

  // Runs AQL. `bind_variables` is an object or null. Fails with the documented numbers of the 1500s.
  virtual base::Result<std::unique_ptr<QueryCursor>> query(std::string_view text, value::Slice bind_variables,
                                                           const QueryOptions& options = {}) = 0;
  // The plan as ArangoDB's explain gives it.
  virtual base::Result<value::Buffer> explain(std::string_view text, value::Slice bind_variables) = 0;
  // What the query would touch. Fails as explain does.
  base::Result<QueryAnalysis> analyze(std::string_view text, value::Slice bind_variables);
};

// What a user may do with a database or a collection; the API's "none", "ro" and "rw". On a database,
// kReadWrite is the right to administrate it.
enum class UserRight { kNone, kRead, kReadWrite };

struct UserDescription {
  std::string name;
  bool is_active = true;
  value::Buffer extra = value::Buffer(value::Slice::empty_object());  // the creator's own remarks, an object
};

// A document server. Thread-safe.
class DocumentStore {
 public:
  virtual ~DocumentStore() = default;

  // Names, sorted; `_system` is among them.
  virtual base::Result<std::vector<std::string>> databases() = 0;
  // Fails with kDuplicateName, kDatabaseNameInvalid, kDatabaseNotFound; `_system` cannot be dropped
  // (kForbidden).
  virtual base::Result<> create_database(std::string_view name) = 0;
  virtual base::Result<> drop_database(std::string_view name) = 0;
  virtual base::Result<std::shared_ptr<DocumentDatabase>> open(std::string_view name) = 0;

  // The environment class that the database carries inside itself ("production"); nothing when it has none.
  virtual base::Result<std::optional<std::string>> environment_class(std::string_view database) = 0;
  virtual base::Result<> set_environment_class(std::string_view database, std::string_view environment_class) = 0;

  // Logins, for who may administrate the server (kForbidden). A store without logins of its own, such as the
  // engine in this process, fails with kNotImplemented. Fails with kUserDuplicate, kUserNotFound,
  // kUserInvalidName.
  virtual base::Result<std::vector<UserDescription>> users();
  // May do nothing yet. `extra` is an object or null.
  virtual base::Result<> create_user(std::string_view user, std::string_view password, value::Slice extra);
  virtual base::Result<> set_user_password(std::string_view user, std::string_view password);
  // Its tokens end with it.
  virtual base::Result<> drop_user(std::string_view user);
  // On one collection, on all that have no right of their own ("*"), or on the database itself (empty).
  // Resolved as ArangoDB's documentation says under "Permission Resolution".
  virtual base::Result<> grant(std::string_view user, std::string_view database, std::string_view collection,
                               UserRight right);
};

}  // namespace workerdb::stores::documents

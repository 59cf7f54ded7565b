#pragma once
// What databases, collections and indexes are made of: immutable descriptions, shared by all who use them. A change of
// the schema makes a new description; who holds an old one goes on reading it and is refused when it writes to
// something that was dropped (kCollectionNotFound).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "value/builder.h"

namespace workerdb::storage {

// Persisted; the values never change.
enum class CollectionType : uint8_t { kDocument = 2, kEdge = 3 };
enum class IndexType : uint8_t { kPrimary = 0, kEdge = 1, kPersistent = 2, kTtl = 3 };
enum class KeyGenerator : uint8_t { kTraditional = 0, kAutoincrement = 1, kPadded = 2, kUuid = 3 };
enum class SchemaLevel : uint8_t { kNone = 0, kNew = 1, kModerate = 2, kStrict = 3 };

struct KeyOptions {
  KeyGenerator generator = KeyGenerator::kTraditional;
  bool allow_user_keys = true;
  uint64_t increment = 1, offset = 0;  // autoincrement only
};

// One step of an attribute path: "a.b[*].c" is {a}{b, expand}{c}.
struct PathStep {
  std::string name;
  bool expand = false;
};
using AttributePath = std::vector<PathStep>;
// "a.b[*].c"; kAttributeParserFailed for what index-types.tsv forbids.
base::Result<AttributePath> parse_path(std::string_view text);
std::string to_string(const AttributePath& path);

struct Index {
  uint64_t id = 0;         // "<collection>/<id>" on the wire; 0 primary, 1 (and 2 inside) edge
  uint64_t object_id = 0;  // the key prefix in the store, unique over all collections
  IndexType type = IndexType::kPersistent;
  std::string name;
  std::vector<AttributePath> fields;
  std::vector<AttributePath> stored_values;
  bool unique = false, sparse = false, deduplicate = true, estimates = true, cache_enabled = false;
  int64_t expire_after_seconds = 0;  // ttl only

  // The position in fields of the attribute that is expanded with [*], or -1.
  int expanded_field() const;
};

struct Collection {
  uint64_t id = 0;         // what users see as "id"
  uint64_t object_id = 0;  // the key prefix of its documents in the store
  uint64_t database_id = 0;
  std::string name;
  CollectionType type = CollectionType::kDocument;
  bool is_system = false;
  bool wait_for_sync = false;
  KeyOptions key_options;
  value::Buffer schema;                               // {rule, level, message, type} as given, or null
  value::Buffer computed_values;                      // as given, or null
  std::vector<std::shared_ptr<const Index>> indexes;  // primary first, then edge, then by creation
};
using CollectionPtr = std::shared_ptr<const Collection>;

struct Database {
  uint64_t id = 0;
  std::string name;
  value::Buffer properties;  // {"environment": "production", …}: what the owner stored with it
};
using DatabasePtr = std::shared_ptr<const Database>;

// A view over collections. The store keeps its definition and shares out the names; what it means is others' business.
struct View {
  uint64_t id = 0;
  uint64_t database_id = 0;
  std::string name;
  std::string type;  // "arangosearch" …
  value::Buffer properties;
};
using ViewPtr = std::shared_ptr<const View>;

// The rules of names (rules.md, "Names"); a system name starts with an underscore.
base::Result<> check_database_name(std::string_view name);
base::Result<> check_collection_name(std::string_view name, bool allow_system);
base::Result<> check_index_name(std::string_view name);
// 1-254 bytes of the allowed characters.
bool is_valid_key(std::string_view key);
// "collection/key"; nullopt parts are empty views on bad input.
struct DocumentHandleParts {
  std::string_view collection, key;
};
base::Result<DocumentHandleParts> parse_document_id(std::string_view id);

// Index definitions in the JSON shape of ArangoDB's API, both ways (index-types.tsv).
// Errors: kBadParameter for unknown types and wrong options (unknown ones are ignored), kAttributeParserFailed for
// paths.
base::Result<Index> parse_index_definition(value::Slice definition);
void append_index_definition(const Collection& collection, const Index& index, value::Builder& to);

}  // namespace workerdb::storage

#pragma once
// What a catalog declares, as plain data. Loaded by load.h, compared with live stores by plan.h.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/environment_class.h"
#include "stores/relational/sql_script.h"
#include "value/builder.h"
#include "yaml/tree.h"

namespace workerdb::catalog {

using yaml::Place;

// Whether the catalog wants a thing to exist, or to be removed from stores that still have it.
enum class Presence { kPresent, kAbsent };

struct IndexDeclaration {
  std::string name;
  Presence presence = Presence::kPresent;
  // The definition in the JSON shape of ArangoDB's index API, name included; null when absent.
  value::Buffer definition = value::Buffer(value::Slice::null());
  Place place;
};

struct CollectionDeclaration {
  std::string name;
  Presence presence = Presence::kPresent;
  stores::documents::CollectionType type = stores::documents::CollectionType::kDocument;
  std::string description;
  std::string owner;                  // the service that writes
  std::vector<std::string> readers;   // the services that read
  std::optional<int> retention_days;  // nothing: kept until someone deletes it
  // {"rule", "level", "message"} as ArangoDB takes it, or null.
  value::Buffer schema = value::Buffer(value::Slice::null());
  std::vector<IndexDeclaration> indexes;
  Place place;
};

struct DocumentDatabaseDeclaration {
  std::string name;
  EnvironmentClass environment = EnvironmentClass::kProduction;
  std::string description;
  std::vector<std::string> collections;  // names of CollectionDeclarations
  Place place;
};

// A file <version>_<name>.sql.
struct Migration {
  int version = 0;
  std::string name;
  std::string file;  // relative to the catalog's folder
  std::string sql;
  std::string checksum;  // SHA-256 of the file's bytes, 64 hexadecimal digits
  // What it destroys, and each line "-- destructive" that its author wrote.
  std::vector<stores::relational::ScriptPlace> destructive;
};

struct RelationalDatabaseDeclaration {
  std::string name;
  EnvironmentClass environment = EnvironmentClass::kProduction;
  std::string description;
  std::string owner;  // the service that it belongs to
  std::string migrations_folder;
  std::vector<Migration> migrations;  // by version, 1, 2, 3...
  Place place;
};

enum class Privileges { kReadOnly, kReadWrite };

struct RelationalRoleDeclaration {
  std::string name;
  std::string description;
  Privileges privileges = Privileges::kReadWrite;
  std::vector<std::string> databases;
  Place place;
};

enum class TtlRule { kRequired, kOptional, kNone };

struct KeySpaceDeclaration {
  std::string name;
  std::string description;
  std::string owner;                  // a cache user: reads and writes
  std::vector<std::string> readers;   // cache users: read and listen
  std::vector<std::string> prefixes;  // of keys: "session:"
  std::vector<std::string> channels;  // prefixes of channels: "events:"
  TtlRule ttl_rule = TtlRule::kOptional;
  std::optional<int64_t> ttl_default_s;  // what writers use
  std::optional<int64_t> ttl_longest_s;
  Place place;
};

struct CacheUserDeclaration {
  std::string name;
  std::string description;
  bool every_key_space = false;       // reads and writes all of them, and reads the catalog's own keys
  std::vector<std::string> commands;  // ACL rules behind -@all: "+@read"
  Place place;
};

struct CacheDeclaration {
  EnvironmentClass environment = EnvironmentClass::kProduction;
  std::vector<KeySpaceDeclaration> key_spaces;
  std::vector<CacheUserDeclaration> users;
  bool is_declared = false;
  Place place;
};

struct Catalog {
  std::string folder;
  std::vector<CollectionDeclaration> collections;
  std::vector<DocumentDatabaseDeclaration> document_databases;
  std::vector<RelationalDatabaseDeclaration> relational_databases;
  std::vector<RelationalRoleDeclaration> relational_roles;
  CacheDeclaration cache;
};

// The element with that name, or null.
template <typename Declaration>
const Declaration* find_named(const std::vector<Declaration>& declarations, std::string_view name) {
  for (const Declaration& declaration : declarations) {
    if (declaration.name == name) return &declaration;
  }
  return nullptr;
}

}  // namespace workerdb::catalog

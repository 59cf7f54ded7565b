#pragma once
// All databases and collections at one moment. Immutable; a change of the schema makes a new one.
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "storage/collection_state.h"
#include "storage/schema.h"

namespace workerdb::storage {

struct DatabaseView {
  DatabasePtr database;
  std::map<std::string, CollectionStatePtr, std::less<>> collections;
  std::map<std::string, ViewPtr, std::less<>> views;

  // Collections and views share their names.
  bool has_name(std::string_view name) const { return collections.contains(name) || views.contains(name); }
};

struct CatalogView {
  std::map<std::string, std::shared_ptr<const DatabaseView>, std::less<>> databases;
  std::unordered_map<uint64_t, CollectionStatePtr> collections;  // by id

  std::shared_ptr<const DatabaseView> find(const Database& database) const {
    auto found = databases.find(database.name);
    if (found == databases.end() || found->second->database->id != database.id) return nullptr;
    return found->second;
  }
  CollectionStatePtr find(uint64_t collection_id) const {
    auto found = collections.find(collection_id);
    return found == collections.end() ? nullptr : found->second;
  }
};

}  // namespace workerdb::storage

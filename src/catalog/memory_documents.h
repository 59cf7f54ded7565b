#pragma once
// A document store in memory, for the tests of this folder: databases, collections and indexes, no documents
// beyond their count and no queries.
#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "stores/documents/document_store.h"

namespace workerdb::catalog {

class MemoryDatabase : public stores::documents::DocumentDatabase {
 public:
  using Description = stores::documents::CollectionDescription;
  using WriteOptions = stores::documents::WriteOptions;
  using Written = stores::documents::WrittenDocument;

  explicit MemoryDatabase(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }

  base::Result<std::vector<Description>> collections() override {
    std::vector<Description> all;
    for (const auto& [name, entry] : entries_) all.push_back(entry.description);
    return all;
  }
  base::Result<std::optional<Description>> find_collection(std::string_view collection) override {
    auto found = entries_.find(collection);
    return found == entries_.end() ? std::nullopt : std::optional(found->second.description);
  }
  base::Result<> create_collection(const Description& description) override {
    if (entries_.contains(description.name)) return base::ErrorCode::kDuplicateName;
    entries_[description.name].description = description;
    return {};
  }
  base::Result<> set_schema(std::string_view collection, value::Slice schema) override {
    TRY(entry_of(collection))->description.schema = value::Buffer(schema);
    return {};
  }
  base::Result<> drop_collection(std::string_view collection) override {
    TRY(entry_of(collection));
    entries_.erase(entries_.find(collection));
    return {};
  }
  base::Result<> truncate_collection(std::string_view collection) override {
    TRY(entry_of(collection))->count = 0;
    return {};
  }
  base::Result<uint64_t> count(std::string_view collection) override { return TRY(entry_of(collection))->count; }

  base::Result<std::vector<value::Buffer>> indexes(std::string_view collection) override {
    return TRY(entry_of(collection))->indexes;
  }
  base::Result<value::Buffer> ensure_index(std::string_view collection, value::Slice definition) override {
    TRY(entry_of(collection))->indexes.emplace_back(definition);
    return value::Buffer(definition);
  }
  base::Result<> drop_index(std::string_view collection, std::string_view index) override {
    auto& indexes = TRY(entry_of(collection))->indexes;
    auto has_name = [&](const value::Buffer& found) { return found.slice().get("name").as_string() == index; };
    if (std::erase_if(indexes, has_name) == 0) return base::ErrorCode::kIndexNotFound;
    return {};
  }

  base::Result<std::optional<value::Buffer>> read(std::string_view, std::string_view) override { return refused(); }
  base::Result<Written> insert(std::string_view collection, value::Slice, const WriteOptions&) override {
    ++TRY(entry_of(collection))->count;
    return Written{};
  }
  base::Result<Written> update(std::string_view, std::string_view, value::Slice, const WriteOptions&) override {
    return refused();
  }
  base::Result<Written> replace(std::string_view, std::string_view, value::Slice, const WriteOptions&) override {
    return refused();
  }
  base::Result<> remove(std::string_view, std::string_view, const WriteOptions&) override { return refused(); }
  base::Result<stores::documents::BulkResult> insert_many(std::string_view, std::span<const value::Slice>,
                                                          const WriteOptions&) override {
    return refused();
  }
  base::Result<std::unique_ptr<stores::documents::QueryCursor>> query(std::string_view, value::Slice,
                                                                      const stores::documents::QueryOptions&) override {
    return refused();
  }
  base::Result<value::Buffer> explain(std::string_view, value::Slice) override { return refused(); }

 private:
  struct Entry {
    Description description;
    std::vector<value::Buffer> indexes;
    uint64_t count = 0;
  };

  static base::Error refused() { return base::Error(base::ErrorCode::kForbidden, "the catalog needs no such call"); }
  base::Result<Entry*> entry_of(std::string_view collection) {
    auto found = entries_.find(collection);
    if (found == entries_.end()) return base::ErrorCode::kCollectionNotFound;
    return &found->second;
  }

  std::string name_;
  std::map<std::string, Entry, std::less<>> entries_;
};

class MemoryDocuments : public stores::documents::DocumentStore {
 public:
  base::Result<std::vector<std::string>> databases() override {
    std::vector<std::string> names;
    for (const auto& [name, database] : databases_) names.push_back(name);
    return names;
  }
  base::Result<> create_database(std::string_view name) override {
    if (databases_.contains(name)) return base::ErrorCode::kDuplicateName;
    databases_.emplace(name, std::make_shared<MemoryDatabase>(std::string(name)));
    return {};
  }
  base::Result<> drop_database(std::string_view name) override {
    auto found = databases_.find(name);
    if (found == databases_.end()) return base::ErrorCode::kDatabaseNotFound;
    databases_.erase(found);
    return {};
  }
  base::Result<std::shared_ptr<stores::documents::DocumentDatabase>> open(std::string_view name) override {
    auto found = databases_.find(name);
    if (found == databases_.end()) return base::ErrorCode::kDatabaseNotFound;
    return found->second;
  }
  base::Result<std::optional<std::string>> environment_class(std::string_view database) override {
    auto found = environments_.find(database);
    return found == environments_.end() ? std::nullopt : std::optional(found->second);
  }
  base::Result<> set_environment_class(std::string_view database, std::string_view environment_class) override {
    environments_.insert_or_assign(std::string(database), std::string(environment_class));
    return {};
  }

 private:
  std::map<std::string, std::shared_ptr<stores::documents::DocumentDatabase>, std::less<>> databases_;
  std::map<std::string, std::string, std::less<>> environments_;
};

}  // namespace workerdb::catalog

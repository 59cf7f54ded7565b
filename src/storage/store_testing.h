#pragma once
// What this folder's tests share: a store in a folder of its own, and documents as JSON.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "storage/store.h"
#include "value/json.h"

namespace workerdb::storage {

// A folder that is gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "workerdb-storage-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline value::Buffer json(std::string_view text) {
  auto parsed = value::parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : value::Buffer();
}

template <typename T>
int error_number(const base::Result<T>& result) {
  return result ? 0 : result.error().number();
}

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    options.write_buffer_bytes = 8 << 20;
    options.block_cache_bytes = 8 << 20;
    options.lock_timeout_ms = 200;
    options.ttl_interval_ms = 0;
    open();
  }

  void open() {
    auto opened = Store::open(folder.path(), options);
    ASSERT_TRUE(opened) << opened.error().message();
    store = *std::move(opened);
    database = store->find_database("_system");
    ASSERT_NE(database, nullptr);
  }
  void reopen() {
    store.reset();
    open();
  }

  CollectionPtr create(std::string_view name, CollectionType type = CollectionType::kDocument) {
    Collection definition;
    definition.name = name;
    definition.type = type;
    auto created = store->create_collection(*database, definition);
    EXPECT_TRUE(created) << created.error().message();
    return created ? *created : nullptr;
  }
  CollectionPtr find(std::string_view name) { return store->find_collection(*database, name); }

  std::shared_ptr<const Index> ensure(const Collection& collection, std::string_view definition) {
    auto parsed = parse_index_definition(json(definition).slice());
    EXPECT_TRUE(parsed) << definition << ": " << parsed.error().message();
    auto ensured = store->ensure_index(collection, *parsed);
    EXPECT_TRUE(ensured) << ensured.error().message();
    return ensured ? ensured->index : nullptr;
  }

  // One document in a transaction of its own.
  base::Result<WriteResult> insert(const Collection& collection, std::string_view document,
                                   const WriteOptions& write = {}) {
    auto transaction = store->begin();
    WriteResult result = TRY(transaction->insert(collection, json(document).slice(), write));
    TRY(transaction->commit());
    return result;
  }
  base::Result<WriteResult> update(const Collection& collection, std::string_view key, std::string_view patch,
                                   const WriteOptions& write = {}) {
    auto transaction = store->begin();
    WriteResult result = TRY(transaction->update(collection, key, json(patch).slice(), write));
    TRY(transaction->commit());
    return result;
  }
  base::Result<WriteResult> replace(const Collection& collection, std::string_view key, std::string_view document,
                                    const WriteOptions& write = {}) {
    auto transaction = store->begin();
    WriteResult result = TRY(transaction->replace(collection, key, json(document).slice(), write));
    TRY(transaction->commit());
    return result;
  }
  base::Result<WriteResult> remove(const Collection& collection, std::string_view key, const WriteOptions& write = {}) {
    auto transaction = store->begin();
    WriteResult result = TRY(transaction->remove(collection, key, write));
    TRY(transaction->commit());
    return result;
  }

  // The document without _rev, as JSON; "" if there is none.
  std::string read(const Collection& collection, std::string_view key) {
    PinnedDocument document;
    auto found = store->read(collection, key, document);
    EXPECT_TRUE(found) << found.error().message();
    return found && *found ? without_rev(document.slice()) : "";
  }
  static std::string without_rev(value::Slice document) {
    value::Builder builder;
    builder.open_object();
    for (value::ObjectIterator attribute(document); attribute.valid(); attribute.next()) {
      if (attribute.name() != "_rev") builder.add(attribute.name(), attribute.value());
    }
    builder.close();
    return value::to_json(builder.slice());
  }

  // The keys that an index scan gives, with spaces between them.
  static std::string keys(Transaction& transaction, const Collection& collection, const Index& index,
                          const IndexBounds& bounds = {}, Direction direction = Direction::kForward) {
    auto scan = transaction.scan_index(collection, index, bounds, direction);
    EXPECT_TRUE(scan) << scan.error().message();
    if (!scan) return "error";
    std::string result;
    for (;;) {
      auto more = (*scan)->next();
      EXPECT_TRUE(more) << more.error().message();
      if (!more || !*more) return result;
      if (!result.empty()) result += ' ';
      result += (*scan)->key();
    }
  }
  std::string keys(const Collection& collection, const Index& index, const IndexBounds& bounds = {},
                   Direction direction = Direction::kForward) {
    return keys(*store->begin({.read_only = true}), collection, index, bounds, direction);
  }
  static std::string scan_keys(Transaction& transaction, const Collection& collection,
                               Direction direction = Direction::kForward) {
    auto scan = transaction.scan(collection, direction);
    EXPECT_TRUE(scan);
    std::string result;
    while ((*scan)->next().value()) {
      if (!result.empty()) result += ' ';
      result += (*scan)->key();
    }
    return result;
  }

  void expect_consistent(const Collection& collection) {
    auto findings = store->verify(collection);
    ASSERT_TRUE(findings) << findings.error().message();
    EXPECT_EQ(*findings, std::vector<std::string>());
  }

  TemporaryFolder folder;
  StoreOptions options;
  std::unique_ptr<Store> store;
  DatabasePtr database;
};

}  // namespace workerdb::storage

// Full disks, failing writes, torn and damaged files: errors, never wrong documents, and life goes on afterwards.
#include <fmt/format.h>
// The one test that stands between RocksDB and its files.
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "storage/rocks_store.h"
#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

enum class Fault { kNone, kNearlyFull, kFull, kFailing };

// The real file system, until it is told to be full or broken. (A file system of limited size would need root.)
class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "faulty"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = failure();
    if (!status.ok()) return status;
    std::unique_ptr<rocksdb::FSWritableFile> file;
    status = FileSystemWrapper::NewWritableFile(path, options, &file, debug);
    if (status.ok()) *result = std::make_unique<File>(std::move(file), *this);
    return status;
  }

  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options, uint64_t* free_bytes,
                                 rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FileSystemWrapper::GetFreeSpace(path, options, free_bytes, debug);
    if (fault == Fault::kFull) *free_bytes = 0;
    if (fault == Fault::kNearlyFull) *free_bytes = 1000;
    return status;
  }

  rocksdb::IOStatus failure() const {
    switch (fault.load()) {
      case Fault::kFull: return rocksdb::IOStatus::NoSpace("made for the test");
      case Fault::kFailing: return rocksdb::IOStatus::IOError("made for the test");
      default: return rocksdb::IOStatus::OK();
    }
  }

  std::atomic<Fault> fault = Fault::kNone;

 private:
  class File : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, const FaultyFileSystem& system)
        : FSWritableFileOwnerWrapper(std::move(file)), system_(system) {}
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = system_.failure();
      return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& verification,
                             rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = system_.failure();
      return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, verification, debug) : status;
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = system_.failure();
      return status.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : status;
    }

   private:
    const FaultyFileSystem& system_;
  };
};

class FaultTest : public StoreTest {
 protected:
  void SetUp() override {
    options.write_buffer_bytes = 1 << 20;
    options.ttl_interval_ms = 0;
    open_faulty();
  }
  void open_faulty() {
    auto opened = RocksStore::open(folder.path(), options, environment.get());
    ASSERT_TRUE(opened) << opened.error().message();
    store = *std::move(opened);
    database = store->find_database("_system");
  }

  // Writing works again some time after the fault is gone.
  bool recovers(const Collection& collection, std::string_view document) {
    for (int attempt = 0; attempt < 400; ++attempt) {
      if (insert(collection, document)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  // `is_passing`: writing works again by itself; otherwise when the store is opened again.
  void check_fault(Fault fault, int expected_number, bool is_passing) {
    CollectionPtr items = create("items");
    ensure(*items, R"({"type":"persistent","fields":["v"],"unique":true})");
    items = find("items");
    std::map<std::string, std::string> acknowledged;
    auto write = [&](int i) {
      auto result = insert(*items, fmt::format(R"({{"_key":"k{}","v":{},"t":"{}"}})", i, i, std::string(500, 'x')));
      if (result) acknowledged[result->key] = result->rev;
      return error_number(result);
    };
    for (int i = 0; i < 100; ++i) ASSERT_EQ(write(i), 0);
    files->fault = fault;
    for (int i = 100; i < 110; ++i) EXPECT_EQ(write(i), expected_number);
    EXPECT_EQ(acknowledged.size(), 100u);
    EXPECT_NE(read(*items, "k50"), "") << "reading goes on";
    Collection definition;
    definition.name = "another";
    EXPECT_EQ(error_number(store->create_collection(*database, definition)), expected_number);
    EXPECT_EQ(find("another"), nullptr);
    EXPECT_EQ(store->document_count(*items), 100u);
    files->fault = Fault::kNone;
    if (!is_passing) {
      store.reset();
      open_faulty();
      items = find("items");
    }
    ASSERT_TRUE(recovers(*items, R"({"_key":"after","v":"x"})"));
    for (int i = 200; i < 300; ++i) ASSERT_EQ(write(i), 0);
    for (const auto& [key, rev] : acknowledged) EXPECT_NE(read(*items, key), "") << key;
    expect_consistent(*items);
    store.reset();
    open_faulty();
    items = find("items");
    for (const auto& [key, rev] : acknowledged) EXPECT_NE(read(*items, key), "") << key;
    expect_consistent(*items);
  }

  std::shared_ptr<FaultyFileSystem> files = std::make_shared<FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> environment = rocksdb::NewCompositeEnv(files);
};

TEST_F(FaultTest, AFullDiskIsReportedAndRecoveredFrom) {
  check_fault(Fault::kFull, 1104, true);
  store.reset();
}
TEST_F(FaultTest, AFailingDiskIsReportedAndReadFrom) {
  check_fault(Fault::kFailing, 1305, false);
  store.reset();
}

TEST_F(FaultTest, ANearlyFullDiskTakesRemovalsOnly) {
  CollectionPtr items = create("items");
  ASSERT_TRUE(insert(*items, R"({"_key":"a"})"));
  files->fault = Fault::kNearlyFull;
  int number = 0;
  // The store looks at the disk when it syncs.
  for (int attempt = 0; attempt < 400 && number == 0; ++attempt) {
    number = error_number(insert(*items, "{}"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(number, 1104);
  EXPECT_EQ(error_number(update(*items, "a", "{}")), 1104);
  EXPECT_NE(read(*items, "a"), "");
  EXPECT_TRUE(remove(*items, "a"));
  files->fault = Fault::kNone;
  EXPECT_TRUE(recovers(*items, "{}"));
  expect_consistent(*items);
  store.reset();
}

// ---- damaged files

class DamageTest : public StoreTest {
 protected:
  static constexpr int kDocuments = 400;

  // Documents whose content can be told from their keys; `in_tables` puts them into table files instead of the log.
  void fill(bool in_tables) {
    options.write_buffer_bytes = in_tables ? 64 << 10 : 8 << 20;
    reopen();
    CollectionPtr items = create("items");
    ensure(*items, R"({"type":"persistent","fields":["v"],"unique":true})");
    items = find("items");
    for (int i = 0; i < kDocuments; ++i) ASSERT_TRUE(insert(*items, expected(i)));
    store.reset();
  }
  static std::string expected(int i) {
    std::string text;
    for (int j = 0; j < 40; ++j) text += std::to_string(i * 7919 + j * 31);
    return fmt::format(R"({{"_key":"k{:04}","v":{},"t":"{}"}})", i, i, text);
  }
  static std::string stored(int i) {
    std::string text = expected(i), key = fmt::format("k{:04}", i);
    return text.replace(0, 16, fmt::format(R"({{"_key":"{}","_id":"items/{}",)", key, key));
  }

  std::vector<std::filesystem::path> files(std::string_view ending) {
    std::vector<std::filesystem::path> result;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (entry.path().string().ends_with(ending) && entry.file_size() > 0) result.push_back(entry.path());
    }
    return result;
  }

  std::filesystem::path largest_log() {
    auto logs = files(".log");
    return *std::max_element(logs.begin(), logs.end(), [](const auto& a, const auto& b) {
      return std::filesystem::file_size(a) < std::filesystem::file_size(b);
    });
  }

  struct Outcome {
    bool is_error = false;
    int found = 0;
  };
  // Opens a copy of the folder and reads everything: each document is right, or missing, or an error.
  Outcome open_and_read(const std::filesystem::path& copy) {
    Outcome outcome;
    auto opened = Store::open(copy.string(), options);
    if (!opened) {
      EXPECT_EQ(opened.error().number(), 1100) << opened.error().message();
      outcome.is_error = true;
      return outcome;
    }
    auto system = (*opened)->find_database("_system");
    CollectionPtr items = (*opened)->find_collection(*system, "items");
    if (items == nullptr) return outcome;
    PinnedDocument document;
    for (int i = 0; i < kDocuments; ++i) {
      auto found = (*opened)->read(*items, fmt::format("k{:04}", i), document);
      if (!found) {
        EXPECT_EQ(found.error().number(), 1100) << found.error().message();
        outcome.is_error = true;
      } else if (*found) {
        EXPECT_EQ(without_rev(document.slice()), stored(i));
        ++outcome.found;
      }
    }
    auto transaction = (*opened)->begin({.read_only = true});
    auto scan = transaction->scan(*items);
    for (base::Result<bool> more = true; scan && more && *more;) {
      more = (*scan)->next();
      if (!more) outcome.is_error = true;
    }
    auto findings = (*opened)->verify(*items);
    if (!findings) outcome.is_error = true;
    if (findings && !outcome.is_error) {
      EXPECT_EQ(*findings, std::vector<std::string>());
    }
    return outcome;
  }

  template <typename Change>
  Outcome with_change(const std::filesystem::path& file, Change change) {
    TemporaryFolder other;
    std::filesystem::path copy = std::filesystem::path(other.path()) / "copy";
    std::filesystem::copy(folder.path(), copy, std::filesystem::copy_options::recursive);
    change(copy / file.filename());
    return open_and_read(copy);
  }

  Outcome with_flipped_bit(const std::filesystem::path& file, size_t at, unsigned bit) {
    return with_change(file, [&](const std::filesystem::path& path) {
      std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
      stream.seekg(std::streamoff(at));
      char byte = char(stream.get());
      stream.seekp(std::streamoff(at));
      stream.put(char(byte ^ char(1u << bit)));
    });
  }
};

TEST_F(DamageTest, ATornLogEndLosesNothingButTheEnd) {
  fill(false);
  std::filesystem::path log = largest_log();
  size_t size = std::filesystem::file_size(log);
  std::mt19937 random(1);
  int last_found = -1;
  size_t last_cut = 0;
  for (int i = 0; i < 12; ++i) {
    size_t cut = size - random() % (size / 2) - 1;
    Outcome outcome = with_change(log, [&](const auto& path) { std::filesystem::resize_file(path, cut); });
    EXPECT_FALSE(outcome.is_error) << "a killed process leaves such a log";
    EXPECT_LT(outcome.found, kDocuments);
    if (last_found >= 0) {
      EXPECT_EQ(cut < last_cut, outcome.found < last_found) << "what is left is a beginning";
    }
    last_found = outcome.found, last_cut = cut;
  }
}

TEST_F(DamageTest, FlippedBitsInTheLogAreFound) {
  fill(false);
  std::filesystem::path log = largest_log();
  size_t size = std::filesystem::file_size(log);
  std::mt19937 random(2);
  for (int i = 0; i < 25; ++i) {
    // Before the last block, where the damaged length of a record can look like a torn end.
    size_t at = random() % (size - (32 << 10));
    EXPECT_TRUE(with_flipped_bit(log, at, random() % 8).is_error) << "byte " << at;
  }
}

TEST_F(DamageTest, FlippedBitsInTablesAreFoundOrHarmless) {
  fill(true);
  std::mt19937 random(3);
  int errors = 0;
  auto tables = files(".sst");
  ASSERT_FALSE(tables.empty());
  for (int i = 0; i < 30; ++i) {
    const auto& table = tables[random() % tables.size()];
    size_t at = random() % std::filesystem::file_size(table);
    Outcome outcome = with_flipped_bit(table, at, random() % 8);
    errors += outcome.is_error;
    if (!outcome.is_error) {
      EXPECT_EQ(outcome.found, kDocuments) << table << " byte " << at;
    }
  }
  EXPECT_GT(errors, 10);
}

TEST_F(DamageTest, ALaterFormatIsRefused) {
  store.reset();
  {
    auto rocks = open_rocks(folder.path(), options, nullptr);
    ASSERT_TRUE(rocks);
    ASSERT_TRUE(rocks->database->Put(rocksdb::WriteOptions(), rocks->families.metadata, "F", "2").ok());
    for (auto* family : {rocks->families.metadata, rocks->families.documents, rocks->families.indexes}) {
      ASSERT_TRUE(rocks->database->DestroyColumnFamilyHandle(family).ok());
    }
  }
  auto opened = Store::open(folder.path(), options);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("later version"), std::string::npos) << opened.error().message();
}

TEST_F(DamageTest, IndexesAreRebuiltForAnotherCollationAndGarbageIsSwept) {
  CollectionPtr items = create("items");
  auto index = ensure(*items, R"({"type":"persistent","fields":["v"]})");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(insert(*find("items"), fmt::format(R"({{"v":"{}"}})", i)));
  store.reset();
  std::string wrong_key, garbage_key = id_prefix(7'000'000) + "x";
  append_id(index->object_id, wrong_key);
  wrong_key += "keys of another ICU";
  auto close = [](OpenRocks& rocks) {
    for (auto* family : {rocks.families.metadata, rocks.families.documents, rocks.families.indexes}) {
      ASSERT_TRUE(rocks.database->DestroyColumnFamilyHandle(family).ok());
    }
  };
  {
    auto rocks = open_rocks(folder.path(), options, nullptr);
    auto put = [&](auto* family, const std::string& key, const std::string& value) {
      ASSERT_TRUE(rocks->database->Put(rocksdb::WriteOptions(), family, key, value).ok());
    };
    put(rocks->families.metadata, "V", "0.0.0.0");
    put(rocks->families.indexes, wrong_key, "");
    put(rocks->families.metadata, metadata_key('G', 7'000'000), "");
    put(rocks->families.documents, garbage_key, "left over");
    close(*rocks);
  }
  open();
  expect_consistent(*find("items"));
  EXPECT_EQ(keys(*find("items"), *index).substr(0, 7), "1 2 11 ");
  store.reset();
  auto rocks = open_rocks(folder.path(), options, nullptr);
  std::string value;
  EXPECT_TRUE(rocks->database->Get({}, rocks->families.documents, garbage_key, &value).IsNotFound());
  EXPECT_TRUE(rocks->database->Get({}, rocks->families.metadata, metadata_key('G', 7'000'000), &value).IsNotFound());
  close(*rocks);
}

}  // namespace
}  // namespace workerdb::storage

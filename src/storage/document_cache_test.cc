#include "storage/document_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

constexpr size_t kBytes = 1 << 20;

TEST(DocumentCache, GivesWhatAReaderOfThatSequenceSees) {
  DocumentCache cache(kBytes);
  uint64_t hash = DocumentCache::hash_of("a");
  std::string found;
  EXPECT_FALSE(cache.find("a", hash, 10, found));
  cache.offer("a", hash, 10, "one");
  EXPECT_TRUE(cache.find("a", hash, 10, found));
  EXPECT_EQ(found, "one");
  EXPECT_TRUE(cache.find("a", hash, 7, found));  // nothing was written in between
  EXPECT_FALSE(cache.find("b", hash, 10, found));
}

TEST(DocumentCache, AWriteEndsWhatWasReadBefore) {
  DocumentCache cache(kBytes);
  const uint64_t hashes[] = {DocumentCache::hash_of("a")};
  std::string found;
  cache.offer("a", hashes[0], 10, "one");
  cache.began_write(hashes);
  EXPECT_FALSE(cache.find("a", hashes[0], 10, found));  // it may be visible or not
  cache.offer("a", hashes[0], 10, "one");
  cache.ended_write(hashes, 12);
  EXPECT_FALSE(cache.find("a", hashes[0], 12, found));
  cache.offer("a", hashes[0], 11, "one");  // a reader from before is late
  EXPECT_FALSE(cache.find("a", hashes[0], 12, found));
  cache.offer("a", hashes[0], 12, "two");
  EXPECT_TRUE(cache.find("a", hashes[0], 13, found));
  EXPECT_EQ(found, "two");
  EXPECT_FALSE(cache.find("a", hashes[0], 11, found));  // it sees what was there before
}

TEST(DocumentCache, AChangeOfTheSchemaEndsEverything) {
  DocumentCache cache(kBytes);
  uint64_t hash = DocumentCache::hash_of("a");
  std::string found;
  cache.offer("a", hash, 10, "one");
  cache.began_change();
  EXPECT_FALSE(cache.find("a", hash, 10, found));
  cache.ended_change(20);
  EXPECT_FALSE(cache.find("a", hash, 21, found));
}

TEST(DocumentCache, StaysBelowItsLimit) {
  DocumentCache cache(kBytes);
  std::string document(1000, 'x');
  for (int i = 0; i < 5000; ++i) {
    std::string key = "key" + std::to_string(i);
    cache.offer(key, DocumentCache::hash_of(key), 1, document);
  }
  EXPECT_LE(cache.bytes(), kBytes);
  EXPECT_GT(cache.bytes(), kBytes / 2);
  DocumentCache none(0);
  std::string found;
  none.offer("a", 1, 1, "one");
  EXPECT_FALSE(none.find("a", 1, 1, found));
}

TEST(DocumentCache, ALargeOneTakesNothingBeforeItIsUsed) {
  DocumentCache cache(size_t{16} << 30);
  std::string found;
  EXPECT_FALSE(cache.find("a", DocumentCache::hash_of("a"), 1, found));
  EXPECT_EQ(cache.bytes(), 0u);
  cache.offer("a", DocumentCache::hash_of("a"), 1, "one");
  EXPECT_LT(cache.bytes(), size_t{64} << 10);
}

// Writers count up, readers must never see a number fall, nor one that differs inside a transaction.
class DocumentCacheStore : public StoreTest {};

TEST_F(DocumentCacheStore, ReadersSeeTheirSnapshotWhileWritersCommit) {
  Collection definition;
  definition.name = "numbers";
  CollectionPtr numbers = *store->create_collection(*database, definition);
  auto document = [](int n) { return json("{\"_key\": \"k\", \"n\": " + std::to_string(n) + "}"); };
  {
    auto first = store->begin();
    ASSERT_TRUE(first->insert(*numbers, document(0).slice()));
    ASSERT_TRUE(first->commit());
  }
  std::atomic<bool> ends = false;
  std::thread writer([&] {
    for (int n = 1; n <= 2000; ++n) {
      auto transaction = store->begin();
      ASSERT_TRUE(transaction->replace(*numbers, "k", document(n).slice()));
      ASSERT_TRUE(transaction->commit());
    }
    ends = true;
  });
  auto read = [&](Transaction& transaction) {
    PinnedDocument pinned;
    auto found = transaction.read(*numbers, "k", pinned);
    return found && *found ? pinned.slice().get("n").as_int64() : -1;
  };
  auto reader = [&] {
    int64_t last = 0;
    TransactionOptions read_only;
    read_only.read_only = true;
    while (!ends) {
      auto transaction = store->begin(read_only);
      int64_t n = read(*transaction);
      EXPECT_GE(n, last);
      EXPECT_EQ(read(*transaction), n);
      last = n;
    }
  };
  std::thread one(reader), two(reader);
  writer.join(), one.join(), two.join();
  EXPECT_EQ(read(*store->begin()), 2000);
  ASSERT_TRUE(store->truncate_collection(*numbers));
  EXPECT_EQ(read(*store->begin()), -1);
}

}  // namespace
}  // namespace workerdb::storage

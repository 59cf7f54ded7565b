// What transactions see, when they conflict, and what is left of those that fail.
#include <atomic>
#include <thread>

#include "storage/store_testing.h"

namespace workerdb::storage {
namespace {

class TransactionTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    people = create("people");
    by_name = ensure(*people, R"({"type":"persistent","fields":["name"],"unique":true,"sparse":true})");
    by_age = ensure(*people, R"({"type":"persistent","fields":["age"]})");
    people = find("people");
  }
  base::Result<WriteResult> put(Transaction& transaction, std::string_view document) {
    return transaction.insert(*people, json(document).slice(), {});
  }
  base::Result<WriteResult> patch(Transaction& transaction, std::string_view key, std::string_view document) {
    return transaction.update(*people, key, json(document).slice(), {});
  }
  std::string read_in(Transaction& transaction, std::string_view key) {
    PinnedDocument document;
    return transaction.read(*people, key, document).value() ? without_rev(document.slice()) : "";
  }

  CollectionPtr people;
  std::shared_ptr<const Index> by_name, by_age;
};

TEST_F(TransactionTest, SeesItsOwnWritesAndNobodyElseDoesUntilCommit) {
  ASSERT_TRUE(insert(*people, R"({"_key":"b","age":2})"));
  ASSERT_TRUE(insert(*people, R"({"_key":"d","age":4})"));
  auto transaction = store->begin();
  ASSERT_TRUE(put(*transaction, R"({"_key":"a","age":5})"));
  ASSERT_TRUE(put(*transaction, R"({"_key":"c","age":3})"));
  ASSERT_TRUE(patch(*transaction, "d", R"({"age":1})"));
  ASSERT_TRUE(transaction->remove(*people, "b", {}));
  EXPECT_EQ(scan_keys(*transaction, *people), "a c d");
  EXPECT_EQ(scan_keys(*transaction, *people, Direction::kBackward), "d c a");
  EXPECT_EQ(keys(*transaction, *people, *by_age), "d c a");
  EXPECT_EQ(keys(*transaction, *people, *by_age, {}, Direction::kBackward), "a c d");
  EXPECT_EQ(read_in(*transaction, "b"), "");
  EXPECT_EQ(read_in(*transaction, "d"), R"({"_key":"d","_id":"people/d","age":1})");
  EXPECT_EQ(transaction->count(*people).value(), 3u);
  EXPECT_EQ(keys(*people, *by_age), "b d");
  EXPECT_EQ(store->document_count(*people), 2u);
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(keys(*people, *by_age), "d c a");
  EXPECT_EQ(store->document_count(*people), 3u);
  expect_consistent(*people);
}

TEST_F(TransactionTest, ContentVersionsAreEqualWhereContentsAre) {
  ASSERT_TRUE(insert(*people, R"({"_key":"a"})"));
  auto older = store->begin(), same = store->begin({.read_only = true});
  auto version = older->content_version(*people);
  ASSERT_TRUE(version);
  EXPECT_EQ(same->content_version(*people), version);
  ASSERT_TRUE(put(*older, R"({"_key":"b"})"));
  EXPECT_EQ(older->content_version(*people), std::nullopt);  // sees what others do not
  EXPECT_EQ(same->content_version(*people), version);
  ASSERT_TRUE(older->commit());
  EXPECT_EQ(same->content_version(*people), std::nullopt);  // does not see what has changed since
  auto newer = store->begin({.read_only = true});
  ASSERT_TRUE(newer->content_version(*people));
  EXPECT_NE(newer->content_version(*people), version);
  ASSERT_TRUE(store->truncate_collection(*people));
  EXPECT_EQ(newer->content_version(*people), std::nullopt);
  EXPECT_NE(store->begin()->content_version(*people), version);
  auto given_up = store->begin();
  ASSERT_TRUE(put(*given_up, R"({"_key":"c"})"));
  auto before = store->begin()->content_version(*people);
  given_up->rollback();
  EXPECT_EQ(store->begin()->content_version(*people), before);
}

TEST_F(TransactionTest, AScanDoesNotMeetWhatIsWrittenDuringIt) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(insert(*people, R"({"age":1})"));
  auto transaction = store->begin();
  ASSERT_TRUE(put(*transaction, R"({"age":1})"));
  auto scan = transaction->scan(*people).value();
  auto index_scan = transaction->scan_index(*people, *by_age, {}).value();
  size_t documents = 0, entries = 0;
  while (scan->next().value()) {
    ++documents;
    ASSERT_TRUE(put(*transaction, R"({"age":2})"));
  }
  while (index_scan->next().value()) {
    ++entries;
    ASSERT_TRUE(index_scan->document());
    ASSERT_TRUE(patch(*transaction, index_scan->key(), R"({"age":3})"));
  }
  EXPECT_EQ(documents, 6u);
  EXPECT_EQ(entries, 6u);
}

TEST_F(TransactionTest, RollsBack) {
  {
    auto transaction = store->begin();
    ASSERT_TRUE(put(*transaction, R"({"_key":"a","name":"x"})"));
    transaction->rollback();
    EXPECT_EQ(error_number(put(*transaction, "{}")), 1654);
    EXPECT_EQ(error_number(transaction->commit()), 1654);
  }
  {
    auto transaction = store->begin();
    ASSERT_TRUE(put(*transaction, R"({"_key":"b","name":"x"})"));
  }
  EXPECT_EQ(store->document_count(*people), 0u);
  EXPECT_TRUE(insert(*people, R"({"name":"x"})"));
  expect_consistent(*people);
}

TEST_F(TransactionTest, ReadOnlyMeansReadOnly) {
  auto transaction = store->begin({.read_only = true});
  EXPECT_EQ(error_number(put(*transaction, "{}")), 1004);
  EXPECT_TRUE(transaction->commit());
}

TEST_F(TransactionTest, SavepointsNest) {
  auto transaction = store->begin();
  ASSERT_TRUE(put(*transaction, R"({"_key":"a"})"));
  transaction->set_savepoint();
  ASSERT_TRUE(put(*transaction, R"({"_key":"b","age":1})"));
  transaction->set_savepoint();
  ASSERT_TRUE(put(*transaction, R"({"_key":"c"})"));
  ASSERT_TRUE(transaction->rollback_to_savepoint());
  EXPECT_EQ(scan_keys(*transaction, *people), "a b");
  transaction->set_savepoint();
  ASSERT_TRUE(put(*transaction, R"({"_key":"d"})"));
  transaction->release_savepoint();
  EXPECT_EQ(transaction->count(*people).value(), 3u);
  ASSERT_TRUE(transaction->rollback_to_savepoint());
  EXPECT_EQ(scan_keys(*transaction, *people), "a");
  EXPECT_EQ(transaction->count(*people).value(), 1u);
  EXPECT_FALSE(transaction->rollback_to_savepoint());
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(store->document_count(*people), 1u);
  expect_consistent(*people);
}

TEST_F(TransactionTest, WriteConflictsAreFound) {
  ASSERT_TRUE(insert(*people, R"({"_key":"a","age":1})"));
  auto first = store->begin(), second = store->begin();
  ASSERT_TRUE(patch(*first, "a", R"({"age":2})"));
  EXPECT_EQ(error_number(patch(*second, "a", R"({"age":3})")), 1200) << "waits for the lock, then gives up";
  ASSERT_TRUE(first->commit());
  EXPECT_EQ(error_number(patch(*second, "a", R"({"age":3})")), 1200) << "changed after its snapshot";
  EXPECT_EQ(read_in(*second, "a"), R"({"_key":"a","_id":"people/a","age":1})");
  EXPECT_TRUE(put(*second, R"({"_key":"b"})")) << "a failed write leaves the transaction usable";
  EXPECT_TRUE(second->commit());
  EXPECT_EQ(read(*people, "a"), R"({"_key":"a","_id":"people/a","age":2})");
  expect_consistent(*people);
}

TEST_F(TransactionTest, UniqueEntriesConflictToo) {
  auto first = store->begin(), second = store->begin();
  ASSERT_TRUE(put(*first, R"({"_key":"a","name":"x"})"));
  EXPECT_EQ(error_number(put(*second, R"({"_key":"b","name":"x"})")), 1200);
  ASSERT_TRUE(first->commit());
  EXPECT_EQ(error_number(insert(*people, R"({"_key":"c","name":"x"})")), 1210);
  expect_consistent(*people);
}

TEST_F(TransactionTest, AUniqueViolationLeavesNothing) {
  ASSERT_TRUE(insert(*people, R"({"_key":"a","name":"x","age":1})"));
  auto transaction = store->begin();
  ASSERT_TRUE(put(*transaction, R"({"_key":"c","name":"z","age":3})"));
  EXPECT_EQ(error_number(put(*transaction, R"({"_key":"b","name":"x","age":2})")), 1210);
  EXPECT_EQ(error_number(patch(*transaction, "c", R"({"name":"x"})")), 1210);
  EXPECT_EQ(keys(*transaction, *people, *by_age), "a c");
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(read(*people, "b"), "");
  EXPECT_EQ(read(*people, "c"), R"({"_key":"c","_id":"people/c","name":"z","age":3})");
  EXPECT_EQ(store->document_count(*people), 2u);
  expect_consistent(*people);
}

TEST_F(TransactionTest, AUniqueValueMayMoveWithinATransaction) {
  ASSERT_TRUE(insert(*people, R"({"_key":"a","name":"x"})"));
  auto transaction = store->begin();
  ASSERT_TRUE(patch(*transaction, "a", R"({"name":"y"})"));
  ASSERT_TRUE(put(*transaction, R"({"_key":"b","name":"x"})"));
  ASSERT_TRUE(transaction->remove(*people, "a", {}));
  ASSERT_TRUE(put(*transaction, R"({"_key":"c","name":"y"})"));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(keys(*people, *by_name), "b c");
  expect_consistent(*people);
}

TEST_F(TransactionTest, TheSizeLimitHolds) {
  auto transaction = store->begin({.size_limit_bytes = 10'000});
  std::string document = R"({"t":")" + std::string(3000, 'x') + "\"}";
  ASSERT_TRUE(put(*transaction, document));
  ASSERT_TRUE(put(*transaction, document));
  ASSERT_TRUE(put(*transaction, document));
  EXPECT_EQ(error_number(put(*transaction, document)), 32);
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(store->document_count(*people), 3u);
}

TEST_F(TransactionTest, SnapshotsStandStillWhileOthersWrite) {
  constexpr int kAccounts = 10, kEach = 100;
  for (int i = 0; i < kAccounts; ++i) {
    ASSERT_TRUE(insert(*people, R"({"_key":"k)" + std::to_string(i) + R"(","age":)" + std::to_string(kEach) + "}"));
  }
  std::atomic<bool> stop = false;
  std::atomic<int> moved = 0;
  auto move = [&](unsigned seed) {
    PinnedDocument document;
    while (!stop) {
      seed = seed * 1103515245 + 12345;
      std::string source = "k" + std::to_string(seed / 65536 % kAccounts);
      seed = seed * 1103515245 + 12345;
      std::string target = "k" + std::to_string(seed / 65536 % kAccounts);
      auto transaction = store->begin();
      auto change = [&](const std::string& key, int by) -> base::Result<> {
        if (!TRY(transaction->read(*people, key, document))) return base::ErrorCode::kInternal;
        auto age = document.slice().get("age").as_int64() + by;
        TRY(transaction->update(*people, key, json("{\"age\":" + std::to_string(age) + "}").slice(), {}));
        return {};
      };
      if (source != target && change(source, -1) && change(target, 1) && transaction->commit()) ++moved;
    }
  };
  auto sum = [&] {
    auto transaction = store->begin({.read_only = true});
    int64_t total = 0, by_index = 0;
    auto scan = transaction->scan(*people).value();
    while (scan->next().value()) total += scan->document().get("age").as_int64();
    auto entries = transaction->scan_index(*people, *by_age, {}).value();
    while (entries->next().value()) by_index += entries->covered(0).value().as_int64();
    EXPECT_EQ(total, by_index);
    return total;
  };
  std::thread writers[] = {std::thread(move, 1u), std::thread(move, 2u), std::thread(move, 3u)};
  for (int i = 0; i < 200 || moved < 50; ++i) ASSERT_EQ(sum(), kAccounts * kEach);
  stop = true;
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(sum(), kAccounts * kEach);
  expect_consistent(*people);
}

TEST_F(TransactionTest, SchemaChangesWaitForWritersAndKeepNewOnesOut) {
  auto transaction = store->begin();
  ASSERT_TRUE(put(*transaction, R"({"_key":"a","x":1})"));
  std::shared_ptr<const Index> index;
  std::thread builder([&] { index = ensure(*people, R"({"type":"persistent","fields":["x"]})"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(put(*transaction, R"({"_key":"b","x":2})")) << "who is inside already goes on";
  ASSERT_TRUE(transaction->commit());
  builder.join();
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(keys(*find("people"), *index), "a b");
  expect_consistent(*find("people"));
}

TEST_F(TransactionTest, ASchemaChangeGivesUpOnAWriterThatStays) {
  options.lock_timeout_ms = 20;
  reopen();
  people = find("people");
  auto transaction = store->begin();
  ASSERT_TRUE(put(*transaction, "{}"));
  EXPECT_EQ(error_number(store->truncate_collection(*people)), 18);
  ASSERT_TRUE(transaction->commit());
  EXPECT_TRUE(store->truncate_collection(*people));
}

TEST_F(TransactionTest, AnIndexIsNoneForSnapshotsBeforeIt) {
  ASSERT_TRUE(insert(*people, R"({"x":1})"));
  auto before = store->begin({.read_only = true});
  auto index = ensure(*people, R"({"type":"persistent","fields":["x"]})");
  EXPECT_EQ(error_number(before->scan_index(*find("people"), *index, {})), 1200);
  EXPECT_EQ(keys(*find("people"), *index), "1");
  auto between = store->begin({.read_only = true});
  ASSERT_TRUE(store->drop_index(*people, index->id));
  EXPECT_EQ(keys(*between, *people, *index), "1");
  auto after = store->begin({.read_only = true});
  EXPECT_EQ(error_number(after->scan_index(*people, *index, {})), 1200) << "not an empty result";
}

TEST_F(TransactionTest, ParallelWritersOfAllKindsStayConsistent) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      unsigned seed = t + 1;
      for (int i = 0; i < 150; ++i) {
        seed = seed * 1103515245 + 12345;
        std::string key = "k" + std::to_string(seed / 65536 % 20);
        std::string body = R"({"name":"n)" + std::to_string(seed / 4096 % 15) + R"(","age":)" +
                           std::to_string(seed / 1024 % 5) + R"(,"_key":")" + key + "\"}";
        auto transaction = store->begin();
        auto document = json(body);
        if (seed / 8192 % 3 == 0) {
          static_cast<void>(transaction->remove(*people, key, {}));
        } else {
          static_cast<void>(transaction->insert(*people, document.slice(), {.overwrite = OverwriteMode::kUpdate}));
        }
        static_cast<void>(transaction->insert(*people, json(R"({"age":9})").slice(), {}));
        static_cast<void>(transaction->commit());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  expect_consistent(*people);
  EXPECT_EQ(store->begin({.read_only = true})->count(*people).value(), store->document_count(*people));
}

}  // namespace
}  // namespace workerdb::storage

#pragma once
// Documents that were read by key a short while ago, by their key in the store, and what lookups in indexes found, by
// what the entries begin with (kept_lookup.h); object ids keep the keys of both apart. A hit costs a lock that is
// hardly ever contended and a copy, where RocksDB looks through memtables, filters, index and data blocks.
//
// What is true of snapshots stays true. Each set of entries knows the sequence number of the last write to any key that
// falls into it, and whether such a write is under way. A document that was read at sequence r is what a reader at
// sequence s sees if no write is under way and the last one is at most min(r, s); otherwise the reader asks RocksDB.
// So a writer marks its keys before its commit can be seen, and again behind it:
//
//   writer:  began_write(hashes); commit; ended_write(hashes, latest sequence)
//   reader:  take a snapshot; find(…, its sequence); where that fails, read, then offer(…, its sequence)
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_annotations.h"

namespace workerdb::storage {

// Thread-safe.
class DocumentCache {
 public:
  // `bytes` 0: nothing is kept.
  explicit DocumentCache(size_t bytes);
  ~DocumentCache();
  DocumentCache(const DocumentCache&) = delete;
  DocumentCache& operator=(const DocumentCache&) = delete;

  static uint64_t hash_of(std::string_view key);

  // Replaces `document` by the document's bytes as a reader at `sequence` sees them; false where that is not known.
  bool find(std::string_view key, uint64_t hash, uint64_t sequence, std::string& document);
  // Has the processor fetch the places where find() will look. Costs next to nothing, and changes nothing.
  void prefetch(uint64_t hash);
  // A document that was read at `sequence`. Kept if it is small and no write has come in between.
  void offer(std::string_view key, uint64_t hash, uint64_t sequence, std::string_view document);

  void began_write(std::span<const uint64_t> hashes);
  // Whether the write succeeded or not; `sequence` is one at or behind it.
  void ended_write(std::span<const uint64_t> hashes, uint64_t sequence);
  // The same for writes that name no keys: everything is forgotten.
  void began_change() { changes_under_way_.fetch_add(1); }
  void ended_change(uint64_t sequence);

  bool is_on() const { return !pages_.empty(); }
  // Of the documents, and of the pages that hold their places.
  size_t bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kWays = 4;
  static constexpr size_t kLargestDocument = 8 << 10;
  struct Entry {
    uint64_t hash = 0, sequence = 0;
    bool was_used = false;
    uint32_t key_bytes = 0, document_bytes = 0, capacity = 0;
    std::unique_ptr<char[]> bytes;  // the key, then the document
  };
  struct Set {
    base::Mutex mutex;
    uint64_t last_write GUARDED_BY(mutex) = 0;
    uint32_t writes_under_way GUARDED_BY(mutex) = 0;
    uint32_t hand GUARDED_BY(mutex) = 0;
    std::array<Entry, kWays> entries GUARDED_BY(mutex);
  };

  // Sets are made by the page, with the first key that falls among them: a cache for gigabytes costs nothing while
  // idle.
  static constexpr size_t kSetsOfPage = 64;
  struct Page {
    std::array<Set, kSetsOfPage> sets;
  };

  // Null where no key fell among the page's sets.
  Set* find_set(uint64_t hash);
  Set& set_of(uint64_t hash);
  bool is_blocked(const Set& set, uint64_t sequence) const REQUIRES(set.mutex);
  void drop(Entry& entry);

  const size_t limit_bytes_;
  std::vector<std::atomic<Page*>> pages_;
  std::atomic<size_t> used_bytes_ = 0;
  std::atomic<uint64_t> changes_under_way_ = 0, last_change_ = 0;
};

}  // namespace workerdb::storage

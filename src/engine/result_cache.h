#pragma once
// The AQL query results cache: rows of reading queries, kept for the next one of the same text, bind variables and
// options. Source: the 3.12 documentation, "The AQL query results cache".
//
// An entry names the version of every collection that its rows were made of (storage::Transaction::content_version) and
// is used only by a transaction that sees the same versions, so a result is never older than a write that was
// acknowledged before the query began. Writers do nothing for it. Private to this folder.
#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/thread_annotations.h"
#include "engine/compiled_query.h"
#include "engine/query.h"

namespace workerdb::engine {

// Rows, one behind the other in each chunk.
using RowChunks = std::vector<std::string>;

// Immutable but for its hits; shared by its readers.
struct CachedResult {
  std::string text;
  Buffer bind_variables;
  std::string options;  // what of the options is part of the key
  CompiledQueryPtr query;
  struct Version {
    storage::CollectionPtr collection;
    uint64_t version;
  };
  std::vector<Version> versions;
  // Collections that the rows were found in by the ids of edges, and (where there may be such) all of the database.
  std::vector<std::string> also_read;
  std::vector<uint64_t> all_collections;
  std::shared_ptr<const RowChunks> chunks;
  uint64_t row_count = 0;
  Buffer extra;  // warnings and statistics of the run
  uint64_t key = 0, bytes = 0;
  double run_time_s = 0;
  int64_t stored_unix_ms = 0;
  mutable std::atomic<uint64_t> hits = 0;
};
using CachedResultPtr = std::shared_ptr<const CachedResult>;

// The collections that a run read without naming them. Thread-safe.
class ReadRecorder {
 public:
  void add(std::string_view collection) EXCLUDES(mutex_);
  std::vector<std::string> take() EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;
  std::set<std::string, std::less<>> collections_ GUARDED_BY(mutex_);
};

// Thread-safe.
class ResultCache {
 public:
  // Whether the mode and the options let a query look for a result and leave one.
  bool is_wanted(const QueryOptions& options) const;
  // A result that the transaction would come to as well, or null. Entries that do not hold any longer go.
  CachedResultPtr find(const storage::Store& store, const storage::Database& database,
                       const storage::Transaction& transaction, std::string_view text, Slice bind_variables,
                       const QueryOptions& options) EXCLUDES(mutex_);
  // Marks the moment before a query looks at anything; a result that began before clear() is not kept.
  uint64_t generation() const { return generation_; }
  // The versions of all that the query read, as the transaction sees it; nothing where that is not known, or where the
  // result may depend on more than its collections.
  std::optional<std::vector<CachedResult::Version>> versions_of(const storage::Store& store,
                                                                const storage::Database& database,
                                                                const storage::Transaction& transaction,
                                                                const CompiledQuery& query,
                                                                const std::vector<std::string>& also_read) const;
  bool is_small_enough(uint64_t bytes) const EXCLUDES(mutex_);
  // Fills in the key.
  void add(const storage::Store& store, const storage::Database& database, uint64_t generation,
           std::shared_ptr<CachedResult> result, const QueryOptions& options) EXCLUDES(mutex_);

  std::vector<CachedResultDescription> list(const storage::Database& database) const EXCLUDES(mutex_);
  void clear(const storage::Database& database) EXCLUDES(mutex_);
  ResultCacheProperties properties() const EXCLUDES(mutex_);
  // Drops what the new bounds have no room for, and everything when the cache is switched off.
  void set_properties(const ResultCacheProperties& properties) EXCLUDES(mutex_);

 private:
  struct OfDatabase {
    std::list<CachedResultPtr> results;  // used last in front
    std::unordered_map<uint64_t, std::list<CachedResultPtr>::iterator> by_key;
    uint64_t bytes = 0;
  };
  static void erase(OfDatabase& from, std::list<CachedResultPtr>::iterator which);
  void shrink(OfDatabase& cache) REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  ResultCacheProperties properties_ GUARDED_BY(mutex_);
  std::map<uint64_t, OfDatabase> databases_ GUARDED_BY(mutex_);
  std::atomic<ResultCacheProperties::Mode> mode_ = ResultCacheProperties::Mode::kOff;
  std::atomic<uint64_t> generation_ = 0;
};

}  // namespace workerdb::engine

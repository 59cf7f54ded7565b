#pragma once
// Programs of queries that were run before, so that their texts need not be parsed, planned and compiled again.
//
// An entry is found by database, text, the options that planning looks at, and of the bind variables those parts that
// the plan depends on: kinds where the program reads the values when it runs, the values themselves where the plan was
// made of them. A hit is checked against the store: any change of a collection's description (its name, its
// indexes, its properties) or its end makes a new description, and the entry is dropped; so it is when the collections
// have grown or shrunk so much that another plan may be better. Private to this folder.
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/thread_annotations.h"
#include "engine/compiled_query.h"
#include "engine/query.h"

namespace workerdb::engine {

// One cached program. Shared by its readers.
struct CachedPlan {
  CompiledQueryPtr query;
  Buffer collection_variables;  // the bind variables that name collections
  std::atomic<uint64_t> hits = 0;
  std::atomic<bool> is_listed = false;  // was put in, or used, with usePlanCache
  int64_t created_unix_ms = 0;
  uint64_t key = 0;  // planCacheKey
  size_t bytes = 0;
  // How long a run takes: a moving average; 0 before the first one.
  std::atomic<uint64_t> average_run_ns = 0;
  mutable std::atomic<int64_t> next_check_ns = 0;

  void ran(uint64_t took_ns) {
    uint64_t before = average_run_ns.load(std::memory_order_relaxed);
    // Runs at once may lose one another's times, which does no harm.
    average_run_ns.store(before == 0 ? took_ns : before - before / 8 + took_ns / 8, std::memory_order_relaxed);
  }
};
using CachedPlanPtr = std::shared_ptr<CachedPlan>;

struct PlanCacheLimits {
  size_t entries = 1024;
  size_t bytes = size_t(32) << 20;
  size_t text_bytes = size_t(64) << 10;  // longer texts are not kept
  size_t value_bytes = size_t(4) << 10;  // nor are plans for values that are larger
};

// Thread-safe.
class PlanCache {
 public:
  explicit PlanCache(PlanCacheLimits limits = {}) : limits_(limits) {}

  // Null: none that still holds. Counts a hit.
  CachedPlanPtr find(const storage::Store& store, const storage::Database& database, std::string_view text,
                     Slice bind_variables, const QueryOptions& options) EXCLUDES(mutex_);
  // Null where it cannot be kept.
  CachedPlanPtr add(const storage::Database& database, std::string_view text, Slice bind_variables,
                    const QueryOptions& options, CompiledQueryPtr query) EXCLUDES(mutex_);
  // A plan of this text ran, and all its plans take at most that long on the average.
  bool is_quick(const storage::Database& database, std::string_view text, uint64_t at_most_ns) const EXCLUDES(mutex_);

  // Those of a database that were asked for with usePlanCache.
  std::vector<CachedPlanDescription> list(const storage::Database& database) const EXCLUDES(mutex_);
  void clear(const storage::Database& database) EXCLUDES(mutex_);
  size_t size() const EXCLUDES(mutex_);

 private:
  // How the plans of one text depend on bind variables.
  struct Text {
    std::string text;
    uint64_t database_id = 0;
    bool full_count = false, fail_on_warning = false;
    std::string rules;
    std::vector<aql::semantics::ParameterUse> parameters;
    bool takes_other_values = true;                        // false once a plan turned out to depend on values
    std::unordered_map<std::string, CachedPlanPtr> plans;  // by what of the bind variables counts
  };
  using Texts = std::list<Text>;

  static uint64_t hash_of(uint64_t database_id, std::string_view text, const QueryOptions& options);
  Texts::iterator find_text(uint64_t hash, uint64_t database_id, std::string_view text, const QueryOptions& options)
      REQUIRES(mutex_);
  void erase(Texts::iterator text, uint64_t hash) REQUIRES(mutex_);
  void drop_plan(Text& text, const std::string& variant) REQUIRES(mutex_);
  void shrink() REQUIRES(mutex_);
  std::optional<std::string> variant_of(const Text& text, Slice bind_variables, bool with_values) const;

  const PlanCacheLimits limits_;
  mutable base::Mutex mutex_;
  Texts texts_ GUARDED_BY(mutex_);  // used last in front
  std::unordered_multimap<uint64_t, Texts::iterator> by_hash_ GUARDED_BY(mutex_);
  size_t plans_ GUARDED_BY(mutex_) = 0, bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace workerdb::engine

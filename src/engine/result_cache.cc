#include "engine/result_cache.h"

#include <algorithm>
#include <functional>

#include "base/time.h"

namespace workerdb::engine {
namespace {

using Mode = ResultCacheProperties::Mode;

// What an entry takes beside its rows, its text and its variables.
constexpr uint64_t kBytesOfEntry = 1024;

std::string options_part(const QueryOptions& options) {
  std::string part = {options.full_count ? 'c' : '-', options.use_plan_cache ? 'p' : '-'};
  for (const auto& rule : options.optimizer_rules) part += rule + '\n';
  return part;
}

std::string_view bytes_of(Slice bind_variables) {
  return bind_variables.is_object() && bind_variables.size() > 0 ? bind_variables.bytes() : std::string_view();
}

uint64_t key_of(std::string_view text, Slice bind_variables, std::string_view options) {
  std::hash<std::string_view> hash;
  return hash(text) ^ (hash(bytes_of(bind_variables)) * 0x9e3779b97f4a7c15u) ^ (hash(options) * 0xc2b2ae3d27d4eb4fu);
}

bool is_same_query(const CachedResult& result, std::string_view text, Slice bind_variables, std::string_view options) {
  return result.text == text && result.options == options &&
         bytes_of(result.bind_variables.slice()) == bytes_of(bind_variables);
}

std::vector<uint64_t> ids_of_collections(const storage::Store& store, const storage::Database& database) {
  std::vector<uint64_t> ids;
  for (const auto& collection : store.collections(database)) ids.push_back(collection->id);
  std::ranges::sort(ids);
  return ids;
}

bool still_holds(const storage::Store& store, const storage::Database& database,
                 const storage::Transaction& transaction, const CachedResult& result) {
  if (!means_the_same(store, database, *result.query)) return false;
  bool is_unchanged = std::ranges::all_of(result.versions, [&](const CachedResult::Version& read) {
    return transaction.content_version(*read.collection) == read.version;
  });
  return is_unchanged && (!result.query->reads_by_ids || ids_of_collections(store, database) == result.all_collections);
}

}  // namespace

void ReadRecorder::add(std::string_view collection) {
  base::MutexLock lock(mutex_);
  if (!collections_.contains(collection)) collections_.emplace(collection);
}

std::vector<std::string> ReadRecorder::take() {
  base::MutexLock lock(mutex_);
  return {collections_.begin(), collections_.end()};
}

bool ResultCache::is_wanted(const QueryOptions& options) const {
  if (options.stream) return false;
  switch (mode_.load(std::memory_order_relaxed)) {
    case Mode::kOff: return false;
    case Mode::kOn: return options.cache.value_or(true);
    case Mode::kDemand: return options.cache.value_or(false);
  }
  return false;
}

CachedResultPtr ResultCache::find(const storage::Store& store, const storage::Database& database,
                                  const storage::Transaction& transaction, std::string_view text, Slice bind_variables,
                                  const QueryOptions& options) {
  std::string part = options_part(options);
  uint64_t key = key_of(text, bind_variables, part);
  CachedResultPtr found;
  {
    base::MutexLock lock(mutex_);
    auto cache = databases_.find(database.id);
    if (cache == databases_.end()) return nullptr;
    auto at = cache->second.by_key.find(key);
    if (at == cache->second.by_key.end()) return nullptr;
    found = *at->second;
    if (!is_same_query(*found, text, bind_variables, part)) return nullptr;
    cache->second.results.splice(cache->second.results.begin(), cache->second.results, at->second);
  }
  if (still_holds(store, database, transaction, *found)) return found;
  base::MutexLock lock(mutex_);
  auto cache = databases_.find(database.id);
  if (cache == databases_.end()) return nullptr;
  auto at = cache->second.by_key.find(key);
  if (at != cache->second.by_key.end() && *at->second == found) erase(cache->second, at->second);
  return nullptr;
}

std::optional<std::vector<CachedResult::Version>> ResultCache::versions_of(
    const storage::Store& store, const storage::Database& database, const storage::Transaction& transaction,
    const CompiledQuery& query, const std::vector<std::string>& also_read) const {
  if (!query.is_cacheable || !query.warnings.empty()) return std::nullopt;
  std::vector<storage::CollectionPtr> read;
  for (const auto& source : query.sources) {
    if (source.collection != nullptr) read.push_back(source.collection);
  }
  for (const auto& name : also_read) {
    auto found = store.find_collection(database, name);
    if (found == nullptr) return std::nullopt;
    read.push_back(std::move(found));
  }
  bool includes_system = properties().include_system;
  std::vector<CachedResult::Version> versions;
  for (auto& collection : read) {
    if (collection->is_system && !includes_system) return std::nullopt;
    auto version = transaction.content_version(*collection);
    if (!version) return std::nullopt;
    versions.push_back({std::move(collection), *version});
  }
  return versions;
}

bool ResultCache::is_small_enough(uint64_t bytes) const {
  base::MutexLock lock(mutex_);
  return bytes <= properties_.most_entry_bytes && bytes <= properties_.most_bytes && properties_.most_results > 0;
}

void ResultCache::add(const storage::Store& store, const storage::Database& database, uint64_t generation,
                      std::shared_ptr<CachedResult> result, const QueryOptions& options) {
  result->options = options_part(options);
  result->key = key_of(result->text, result->bind_variables.slice(), result->options);
  result->bytes += kBytesOfEntry + result->text.size() + result->bind_variables.slice().byte_size();
  result->stored_unix_ms = base::unix_time_ms();
  if (result->query->reads_by_ids) result->all_collections = ids_of_collections(store, database);
  if (!is_small_enough(result->bytes)) return;
  base::MutexLock lock(mutex_);
  if (generation != generation_ || properties_.mode == Mode::kOff) return;
  OfDatabase& cache = databases_[database.id];
  if (auto before = cache.by_key.find(result->key); before != cache.by_key.end()) erase(cache, before->second);
  cache.bytes += result->bytes;
  uint64_t key = result->key;
  cache.results.push_front(std::move(result));
  cache.by_key[key] = cache.results.begin();
  shrink(cache);
}

void ResultCache::erase(OfDatabase& from, std::list<CachedResultPtr>::iterator which) {
  from.bytes -= (*which)->bytes;
  from.by_key.erase((*which)->key);
  from.results.erase(which);
}

void ResultCache::shrink(OfDatabase& cache) {
  while (!cache.results.empty() &&
         (cache.results.size() > properties_.most_results || cache.bytes > properties_.most_bytes)) {
    erase(cache, std::prev(cache.results.end()));
  }
}

std::vector<CachedResultDescription> ResultCache::list(const storage::Database& database) const {
  base::MutexLock lock(mutex_);
  std::vector<CachedResultDescription> all;
  auto cache = databases_.find(database.id);
  if (cache == databases_.end()) return all;
  for (const auto& result : cache->second.results) {
    CachedResultDescription entry;
    entry.key = result->key;
    entry.text = result->text;
    entry.bind_variables = result->bind_variables;
    entry.bytes = result->bytes;
    entry.rows = result->row_count;
    entry.hits = result->hits;
    entry.run_time_s = result->run_time_s;
    entry.stored_unix_ms = result->stored_unix_ms;
    std::set<std::string> sources(result->also_read.begin(), result->also_read.end());
    for (const auto& source : result->query->sources) {
      if (source.collection != nullptr) sources.insert(source.collection->name);
    }
    for (const auto& view : result->query->views) {
      if (view.view != nullptr) sources.insert(view.name);
    }
    entry.sources.assign(sources.begin(), sources.end());
    all.push_back(std::move(entry));
  }
  return all;
}

void ResultCache::clear(const storage::Database& database) {
  base::MutexLock lock(mutex_);
  ++generation_;
  databases_.erase(database.id);
}

ResultCacheProperties ResultCache::properties() const {
  base::MutexLock lock(mutex_);
  return properties_;
}

void ResultCache::set_properties(const ResultCacheProperties& properties) {
  base::MutexLock lock(mutex_);
  bool keeps_entries = properties.mode != Mode::kOff && properties_.include_system == properties.include_system;
  properties_ = properties;
  mode_ = properties.mode;
  if (!keeps_entries) {
    ++generation_;
    databases_.clear();
  }
  for (auto& [id, cache] : databases_) {
    for (auto result = cache.results.begin(); result != cache.results.end();) {
      auto next = std::next(result);
      if ((*result)->bytes > properties.most_entry_bytes) erase(cache, result);
      result = next;
    }
    shrink(cache);
  }
}

}  // namespace workerdb::engine

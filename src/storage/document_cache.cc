#include "storage/document_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

namespace workerdb::storage {

DocumentCache::DocumentCache(size_t bytes)
    : limit_bytes_(bytes),
      pages_(bytes == 0 ? 0 : std::bit_ceil(std::max<size_t>(1, bytes / 512 / kWays / kSetsOfPage))) {}

DocumentCache::~DocumentCache() {
  for (std::atomic<Page*>& page : pages_) delete page.load();
}

DocumentCache::Set* DocumentCache::find_set(uint64_t hash) {
  Page* page = pages_[hash / kSetsOfPage & (pages_.size() - 1)].load(std::memory_order_acquire);
  return page == nullptr ? nullptr : &page->sets[hash % kSetsOfPage];
}

DocumentCache::Set& DocumentCache::set_of(uint64_t hash) {
  if (Set* set = find_set(hash)) return *set;
  auto made = std::make_unique<Page>();
  Page* page = nullptr;
  if (pages_[hash / kSetsOfPage & (pages_.size() - 1)].compare_exchange_strong(page, made.get())) {
    page = made.release();
    used_bytes_.fetch_add(sizeof(Page), std::memory_order_relaxed);
  }
  return page->sets[hash % kSetsOfPage];
}

uint64_t DocumentCache::hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }

bool DocumentCache::is_blocked(const Set& set, uint64_t sequence) const {
  return set.writes_under_way != 0 || set.last_write > sequence || changes_under_way_.load() != 0 ||
         last_change_.load() > sequence;
}

bool DocumentCache::find(std::string_view key, uint64_t hash, uint64_t sequence, std::string& document) {
  if (!is_on()) return false;
  Set* found = find_set(hash);
  if (found == nullptr) return false;
  Set& set = *found;
  base::MutexLock lock(set.mutex);
  if (is_blocked(set, sequence)) return false;
  uint64_t oldest = std::max(set.last_write, last_change_.load());
  for (Entry& entry : set.entries) {
    if (entry.hash != hash || entry.bytes == nullptr || entry.sequence < oldest) continue;
    if (std::string_view(entry.bytes.get(), entry.key_bytes) != key) continue;
    entry.was_used = true;
    document.assign(entry.bytes.get() + entry.key_bytes, entry.document_bytes);
    return true;
  }
  return false;
}

void DocumentCache::prefetch(uint64_t hash) {
  constexpr size_t kLineBytes = 64;
  const Set* set = is_on() ? find_set(hash) : nullptr;
  if (set == nullptr) return;
  const char* bytes = reinterpret_cast<const char*>(set);
  for (size_t line = 0; line < sizeof(Set); line += kLineBytes) __builtin_prefetch(bytes + line);
}

void DocumentCache::drop(Entry& entry) {
  used_bytes_.fetch_sub(entry.capacity, std::memory_order_relaxed);
  entry = Entry();
}

void DocumentCache::offer(std::string_view key, uint64_t hash, uint64_t sequence, std::string_view document) {
  if (!is_on() || document.size() > kLargestDocument) return;
  Set& set = set_of(hash);
  base::MutexLock lock(set.mutex);
  if (is_blocked(set, sequence)) return;
  // Its own place, an empty one, or that of one that nobody used since the hand went by.
  Entry* place = nullptr;
  for (Entry& entry : set.entries) {
    if (entry.bytes == nullptr || (entry.hash == hash && std::string_view(entry.bytes.get(), entry.key_bytes) == key)) {
      place = &entry;
      break;
    }
  }
  while (place == nullptr) {
    Entry& entry = set.entries[set.hand++ % kWays];
    if (!entry.was_used) place = &entry;
    entry.was_used = false;
  }
  size_t needed = key.size() + document.size();
  if (place->capacity < needed) {
    drop(*place);
    if (used_bytes_.load(std::memory_order_relaxed) + needed > limit_bytes_) {
      for (Entry& entry : set.entries) drop(entry);
      if (used_bytes_.load(std::memory_order_relaxed) + needed > limit_bytes_) return;
    }
    place->bytes = std::make_unique_for_overwrite<char[]>(needed);
    place->capacity = uint32_t(needed);
    used_bytes_.fetch_add(needed, std::memory_order_relaxed);
  }
  place->hash = hash;
  place->sequence = sequence;
  place->key_bytes = uint32_t(key.size());
  place->document_bytes = uint32_t(document.size());
  std::memcpy(place->bytes.get(), key.data(), key.size());
  std::memcpy(place->bytes.get() + key.size(), document.data(), document.size());
}

void DocumentCache::began_write(std::span<const uint64_t> hashes) {
  if (!is_on()) return;
  for (uint64_t hash : hashes) {
    Set& set = set_of(hash);
    base::MutexLock lock(set.mutex);
    ++set.writes_under_way;
  }
}

void DocumentCache::ended_write(std::span<const uint64_t> hashes, uint64_t sequence) {
  if (!is_on()) return;
  for (uint64_t hash : hashes) {
    Set& set = set_of(hash);
    base::MutexLock lock(set.mutex);
    --set.writes_under_way;
    set.last_write = std::max(set.last_write, sequence);
    for (Entry& entry : set.entries) {
      if (entry.bytes != nullptr && entry.hash == hash) drop(entry);
    }
  }
}

void DocumentCache::ended_change(uint64_t sequence) {
  uint64_t last = last_change_.load();
  while (last < sequence && !last_change_.compare_exchange_weak(last, sequence)) {
  }
  changes_under_way_.fetch_sub(1);
}

}  // namespace workerdb::storage

#include "graph/adjacency_cache.h"

namespace workerdb::graph {

using base::Result;

namespace {
// Reading an edge in costs about a quarter of meeting it in the store, where most are found by a search of their own.
constexpr uint64_t kReadsPerBuild = 4, kFewReads = 64;
constexpr size_t kMostCollections = 1000;
}  // namespace

Result<std::shared_ptr<const Adjacency>> AdjacencyCache::find(storage::Transaction& transaction,
                                                              const storage::Collection& collection,
                                                              uint64_t edge_count, bool may_build, Watch& watch) {
  auto version = transaction.content_version(collection);
  if (!version) return std::shared_ptr<const Adjacency>();
  {
    std::scoped_lock lock(mutex_);
    if (held_.size() >= kMostCollections && !held_.contains(collection.object_id)) {
      return std::shared_ptr<const Adjacency>();
    }
    Held& held = held_[collection.object_id];
    if (held.version > *version) return std::shared_ptr<const Adjacency>();
    if (held.version < *version) {
      held.version = *version;
      held.edges = nullptr;
      held.reads = 0;
    }
    held.last_use = ++uses_;
    if (held.edges != nullptr) return held.edges;
    bool is_worth_it = held.reads >= edge_count / kReadsPerBuild + kFewReads;
    bool is_refused = held.refused_count != 0 && edge_count >= held.refused_count - held.refused_count / 8;
    if (!may_build || !is_worth_it || is_refused || held.is_being_built) return std::shared_ptr<const Adjacency>();
    held.is_being_built = true;
  }
  auto built = Adjacency::build(transaction, collection, budget_bytes_, watch);
  keep(collection.object_id, *version, built ? *built : nullptr);
  if (built && *built == nullptr) refuse(collection.object_id, edge_count);
  return built;
}

void AdjacencyCache::refuse(uint64_t object_id, uint64_t edge_count) {
  std::scoped_lock lock(mutex_);
  held_[object_id].refused_count = edge_count + 1;
}

void AdjacencyCache::keep(uint64_t object_id, uint64_t version, std::shared_ptr<const Adjacency> edges) {
  std::scoped_lock lock(mutex_);
  Held& held = held_[object_id];
  held.is_being_built = false;
  if (edges == nullptr || held.version != version) return;  // or it has changed in the meantime
  held.refused_count = 0;
  held.edges = std::move(edges);
  while (true) {
    size_t bytes = 0;
    Held* oldest = nullptr;
    for (auto& [id, other] : held_) {
      if (other.edges == nullptr) continue;
      bytes += other.edges->memory_bytes();
      if (id != object_id && (oldest == nullptr || other.last_use < oldest->last_use)) oldest = &other;
    }
    if (bytes <= budget_bytes_ || oldest == nullptr) return;
    oldest->edges = nullptr;
    oldest->reads = 0;
  }
}

void AdjacencyCache::note_reads(const storage::Collection& collection, uint64_t edges) {
  std::scoped_lock lock(mutex_);
  auto held = held_.find(collection.object_id);
  if (held != held_.end()) held->second.reads += edges;
}

size_t AdjacencyCache::memory_bytes() const {
  std::scoped_lock lock(mutex_);
  size_t bytes = 0;
  for (const auto& [id, held] : held_) bytes += held.edges == nullptr ? 0 : held.edges->memory_bytes();
  return bytes;
}

}  // namespace workerdb::graph

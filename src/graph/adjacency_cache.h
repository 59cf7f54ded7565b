#pragma once
// Which edge collections are held in memory. A collection is read in once walks have read about as much of it from the
// store as reading it in costs, and is thrown out when it has changed or others need the room.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "graph/adjacency.h"

namespace workerdb::graph {

// One an engine. Thread-safe.
class AdjacencyCache {
 public:
  explicit AdjacencyCache(size_t budget_bytes = size_t(256) << 20) : budget_bytes_(budget_bytes) {}

  // The collection's edges as the transaction sees them; null where they are not held. With `may_build` this may read
  // them in.
  base::Result<std::shared_ptr<const Adjacency>> find(storage::Transaction& transaction,
                                                      const storage::Collection& collection, uint64_t edge_count,
                                                      bool may_build, Watch& watch);
  // That a walk has read so many edges from the store.
  void note_reads(const storage::Collection& collection, uint64_t edges);
  size_t memory_bytes() const;

 private:
  struct Held {
    uint64_t version = 0;
    std::shared_ptr<const Adjacency> edges;
    uint64_t reads = 0;  // since it changed
    uint64_t last_use = 0;
    uint64_t refused_count = 0;  // edges that it had when it was found too large; 0 never
    bool is_being_built = false;
  };
  void keep(uint64_t object_id, uint64_t version, std::shared_ptr<const Adjacency> edges);
  void refuse(uint64_t object_id, uint64_t edge_count);

  const size_t budget_bytes_;
  mutable std::mutex mutex_;
  std::map<uint64_t, Held> held_;  // by the collection's object id
  uint64_t uses_ = 0;
};

}  // namespace workerdb::graph

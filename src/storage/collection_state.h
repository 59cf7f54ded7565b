#pragma once
// What is known about a collection while the store is open, beside its description.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <shared_mutex>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "storage/key_source.h"
#include "storage/schema.h"

namespace workerdb::storage {

class JsonSchema;

// Transactions enter when they first write to a collection and leave at their end; a change of the schema closes the
// gate, waits until nobody is inside, and opens it again. So indexes do not change under a transaction that writes, and
// who builds one sees every document. Thread-safe; enter and leave may come from different threads.
class WriterGate {
 public:
  // kLockTimeout if the gate stays closed for so long.
  base::Result<> enter(std::chrono::milliseconds patience) EXCLUDES(mutex_);
  void leave() EXCLUDES(mutex_);
  // kLockTimeout if writers stay inside, or another change of the schema is at work, for so long.
  base::Result<> close(std::chrono::milliseconds patience) EXCLUDES(mutex_);
  void open() EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;
  std::condition_variable_any changed_;
  size_t inside_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

// Shared by all descriptions of one collection. Thread-safe.
class CollectionState {
 public:
  CollectionState(CollectionPtr description, std::shared_ptr<const JsonSchema> schema, int64_t count, uint64_t last_key)
      : id(description->id),
        keys(description->key_options, last_key),
        count(count),
        description_(std::move(description)),
        schema_(std::move(schema)) {}

  const uint64_t id;
  WriterGate gate;
  KeySource keys;
  std::atomic<int64_t> count;
  std::atomic<bool> is_dropped = false;
  // Rises with each committed write transaction; what caches are measured against.
  std::atomic<uint64_t> changes = 0;

  // A write of documents stands between began_write() and ended_write(), whether it succeeds or not. `sequence` is one
  // at which it is visible. Who sees as many ended writes as begun ones, the former read first, in a snapshot that is
  // not older than last_write_sequence, sees exactly those writes.
  void began_write() { writes_begun.fetch_add(1); }
  void ended_write(uint64_t sequence) {
    uint64_t last = last_write_sequence.load();
    while (last < sequence && !last_write_sequence.compare_exchange_weak(last, sequence)) {
    }
    writes_ended.fetch_add(1);
  }
  std::atomic<uint64_t> writes_begun = 0, writes_ended = 0, last_write_sequence = 0;

  struct Current {
    CollectionPtr description;
    std::shared_ptr<const JsonSchema> schema;  // null without one
  };
  Current current() const {
    std::shared_lock lock(mutex_);
    return {description_, schema_};
  }
  void replace(CollectionPtr description, std::shared_ptr<const JsonSchema> schema) {
    std::unique_lock lock(mutex_);
    description_ = std::move(description);
    schema_ = std::move(schema);
  }

  // Keys with this object id are complete for snapshots of this sequence number and later ones (0: for all).
  void set_visible_from(uint64_t object_id, uint64_t sequence) {
    std::unique_lock lock(mutex_);
    visible_from_[object_id] = sequence;
  }
  uint64_t visible_from(uint64_t object_id) const {
    std::shared_lock lock(mutex_);
    auto found = visible_from_.find(object_id);
    return found == visible_from_.end() ? 0 : found->second;
  }

  // Keys with this object id were deleted: snapshots of this sequence number and later ones find none of them.
  void set_gone_from(uint64_t object_id, uint64_t sequence) {
    std::unique_lock lock(mutex_);
    gone_from_[object_id] = sequence;
  }
  bool is_gone(uint64_t object_id, uint64_t sequence) const {
    std::shared_lock lock(mutex_);
    auto found = gone_from_.find(object_id);
    return found != gone_from_.end() && sequence >= found->second;
  }

  struct Estimate {
    double selectivity = 1;
    int64_t count = -1;  // documents when it was made; -1 before
    uint64_t changes = 0;
  };
  Estimate estimate(uint64_t object_id) const {
    std::shared_lock lock(mutex_);
    auto found = estimates_.find(object_id);
    return found == estimates_.end() ? Estimate() : found->second;
  }
  void set_estimate(uint64_t object_id, Estimate estimate) {
    std::unique_lock lock(mutex_);
    estimates_[object_id] = estimate;
  }

 private:
  mutable std::shared_mutex mutex_;
  CollectionPtr description_;
  std::shared_ptr<const JsonSchema> schema_;
  std::map<uint64_t, uint64_t> visible_from_, gone_from_;
  std::map<uint64_t, Estimate> estimates_;
};
using CollectionStatePtr = std::shared_ptr<CollectionState>;

// Closes the gates of the collections that it is given and opens them at its end.
class ClosedGates {
 public:
  explicit ClosedGates(std::chrono::milliseconds patience) : patience_(patience) {}
  ~ClosedGates() {
    for (auto& state : closed_) state->gate.open();
  }
  ClosedGates(const ClosedGates&) = delete;
  ClosedGates& operator=(const ClosedGates&) = delete;
  base::Result<> close(CollectionStatePtr state) {
    TRY(state->gate.close(patience_));
    closed_.push_back(std::move(state));
    return {};
  }

 private:
  std::chrono::milliseconds patience_;
  std::vector<CollectionStatePtr> closed_;
};

}  // namespace workerdb::storage

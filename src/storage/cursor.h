#pragma once
// Walks a range of keys at a snapshot, together with a transaction's own writes as they were when the range was set.
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/rocks.h"
#include "storage/transaction.h"

namespace rocksdb {
class WriteBatchWithIndex;
}

namespace workerdb::storage {

// Not for two threads at once. Reused by seek() for many ranges; everything it is given must outlive it.
class Cursor {
 public:
  Cursor(rocksdb::DB& database, rocksdb::ColumnFamilyHandle* family, const rocksdb::Snapshot* snapshot);

  // The keys in [lower, upper); the views are copied. `own` (may be null) are writes that nobody else sees.
  void seek(std::string_view lower, std::string_view upper, Direction direction, rocksdb::WriteBatchWithIndex* own);
  // False at the end.
  base::Result<bool> next();
  // Of the entry that next() went to; borrowed until the next call.
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  struct OwnWrite {
    std::string key, value;
    bool is_delete;
  };
  void collect_own(rocksdb::WriteBatchWithIndex& own);
  void position();
  bool has_stored() const;
  void step_stored();
  // Negative: the stored entry comes first.
  int compare_fronts() const;

  rocksdb::DB& database_;
  rocksdb::ColumnFamilyHandle* family_;
  const rocksdb::Snapshot* snapshot_;
  std::string lower_, upper_;
  rocksdb::Slice lower_bound_, upper_bound_;   // RocksDB keeps pointers to them
  std::unique_ptr<rocksdb::Iterator> stored_;  // made by the first next()
  Direction direction_ = Direction::kForward;
  std::vector<OwnWrite> own_;  // in the order of the walk
  size_t next_own_ = 0;
  bool started_ = false, step_before_next_ = false;
  std::string_view key_, value_;
};

}  // namespace workerdb::storage

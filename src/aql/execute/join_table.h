#pragma once
// The inner side of a join, read once and kept by the value that the outer rows look for. Beside it the same rows would
// be looked up in an index, or scanned, again for each outer row.
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "value/arena.h"
#include "value/slice.h"

namespace workerdb::aql::execute {

// Filled by one thread, then read by any number of them.
class JoinTable {
 public:
  // `width` values a row.
  JoinTable(size_t width, value::MemoryObserver* observer) : width_(width), arena_(observer), observer_(observer) {}
  ~JoinTable();

  // Copies key and values.
  void add(value::Slice key, std::span<const value::Slice> values);
  // Behind the last add().
  void finish();

  // Rows of a key in the order in which they were added: for (row = first(key); row != kNone; row = next(row)).
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t first(value::Slice key) const;
  uint32_t next(uint32_t row) const;
  value::Slice value(uint32_t row, size_t which) const { return values_[size_t(row) * width_ + which]; }
  size_t rows() const { return keys_.size(); }

 private:
  void charge(size_t bytes);

  const size_t width_;
  value::Arena arena_;
  value::MemoryObserver* observer_;
  size_t charged_bytes_ = 0;
  std::vector<value::Slice> keys_, values_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> next_, slots_;   // a slot holds the first row of its chain
  size_t mask_ = 0;
};

// The tables of one execution, by node; threads of the execution share them. Thread-safe.
class JoinTables {
 public:
  // The observer is called from any thread of the execution, and outlives the tables.
  explicit JoinTables(value::MemoryObserver& observer) : observer_(observer) {}
  value::MemoryObserver& observer() { return observer_; }

  using Make = std::function<base::Result<std::shared_ptr<const JoinTable>>()>;
  // The node's table, made by who asks first while others wait for it. `should_stop` ends the waiting. Null, or the
  // error, for all if making it failed.
  base::Result<std::shared_ptr<const JoinTable>> get(uint32_t node_id, const Make& make,
                                                     const std::function<bool()>& should_stop);

 private:
  struct Entry {
    bool is_made = false;
    std::shared_ptr<const JoinTable> table;
  };
  value::MemoryObserver& observer_;
  std::mutex mutex_;
  std::condition_variable made_;
  std::map<uint32_t, Entry> tables_;
};

}  // namespace workerdb::aql::execute

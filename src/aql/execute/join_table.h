#pragma once
// The inner side of a join, read once and kept by the value that the outer rows look for. Beside it the same rows would
// be looked up in an index, or scanned, again for each outer row.
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "value/arena.h"
#include "value/slice.h"

namespace workerdb::aql::execute {

// Rows of a table that is being made, read by one thread.
class JoinTablePart {
 public:
  // `width` values a row.
  JoinTablePart(size_t width, value::MemoryObserver* observer) : width_(width), arena_(observer), observer_(observer) {}
  ~JoinTablePart();
  JoinTablePart(const JoinTablePart&) = delete;
  JoinTablePart& operator=(const JoinTablePart&) = delete;

  // Copies key and values.
  void add(value::Slice key, std::span<const value::Slice> values);
  size_t rows() const { return hashes_.size(); }

 private:
  friend class JoinTable;
  value::Slice copy_value(value::Slice value);
  void charge(size_t bytes);
  // When the table has them.
  void forget_rows();

  const size_t width_;
  value::Arena arena_;
  value::MemoryObserver* observer_;
  size_t charged_bytes_ = 0;
  // Of each row the key, then its values: what is read together stands together.
  std::vector<value::Slice> cells_;
  std::vector<uint64_t> hashes_;
  // Values that were copied lately, by their hash: many rows share few values, which are kept once.
  std::vector<value::Slice> recent_;
  uint64_t shared_ = 0, copied_ = 0;
};

// Read by any number of threads.
class JoinTable {
 public:
  // All parts have this width and observer. Rows keep the order of the parts, and within them.
  JoinTable(size_t width, value::MemoryObserver* observer, std::vector<std::unique_ptr<JoinTablePart>> parts);
  ~JoinTable();
  JoinTable(const JoinTable&) = delete;
  JoinTable& operator=(const JoinTable&) = delete;

  static constexpr uint32_t kNone = UINT32_MAX;
  // The first row of each key, or kNone. Of many keys at once, since the memory is then waited for once.
  void find(std::span<const value::Slice> keys, uint32_t* rows) const;
  // The next row of the same key, in the order in which they were added.
  uint32_t next(uint32_t row) const { return next_[row]; }
  value::Slice value(uint32_t row, size_t which) const { return cells_[size_t(row) * (width_ + 1) + 1 + which]; }
  size_t rows() const { return next_.size(); }

 private:
  // The first row of a key; free where `row` is kNone.
  struct Slot {
    uint32_t tag, row;
  };
  static uint32_t tag_of(uint64_t hash) { return uint32_t(hash >> 32); }
  const value::Slice& key(uint32_t row) const { return cells_[size_t(row) * (width_ + 1)]; }
  void add_to_slots(std::span<const uint64_t> hashes);
  uint32_t find_from(size_t slot, uint32_t tag, value::Slice key) const;

  const size_t width_;
  value::MemoryObserver* observer_;
  std::vector<std::unique_ptr<JoinTablePart>> parts_;  // for their arenas
  std::vector<value::Slice> cells_;
  std::vector<uint32_t> next_;
  std::vector<Slot> slots_;
  size_t mask_ = 0, charged_bytes_ = 0;
};

// The tables of one execution, by node; threads of the execution share them, and make each together. Thread-safe.
class JoinTables {
 public:
  // The observer is called from any thread of the execution, and outlives the tables.
  explicit JoinTables(value::MemoryObserver& observer) : observer_(observer) {}
  value::MemoryObserver& observer() { return observer_; }

  // A table is made of the rows between borders: of `n` borders n + 1 parts.
  struct Source {
    size_t width = 0;
    std::function<base::Result<std::vector<std::string>>()> split;
    // A part, between two borders (empty: the ends); null where the table would be too large.
    std::function<base::Result<std::unique_ptr<JoinTablePart>>(std::string_view lower, std::string_view upper)> read;
    std::function<bool()> should_stop;
  };
  // The node's table. Who asks while it is made helps, each through its own `source`. Null, or the error, for all if
  // making it failed.
  base::Result<std::shared_ptr<const JoinTable>> get(uint32_t node_id, const Source& source);

 private:
  struct Entry {
    bool is_split = false, has_failed = false, is_being_made = false, is_made = false;
    std::vector<std::string> borders;
    std::vector<std::unique_ptr<JoinTablePart>> parts;
    size_t next_part = 0, at_work = 0;
    std::shared_ptr<const JoinTable> table;
  };
  base::Result<> split(Entry& entry, const Source& source, std::unique_lock<std::mutex>& lock);
  base::Result<> read_parts(Entry& entry, const Source& source, std::unique_lock<std::mutex>& lock);
  void wait(std::unique_lock<std::mutex>& lock, const Source& source, const std::function<bool()>& is_over);

  value::MemoryObserver& observer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint32_t, Entry> tables_;
};

}  // namespace workerdb::aql::execute

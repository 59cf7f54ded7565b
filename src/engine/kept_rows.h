#pragma once
// The rows of a finished query that wait to be read: in memory at first, behind a threshold on the disk. Private to
// this folder.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aql/execute/memory_pool.h"
#include "aql/execute/spill.h"
#include "engine/types.h"

namespace workerdb::engine {

class KeptRows {
 public:
  // The pool outlives this object; rows in memory count there.
  KeptRows(std::string folder, uint64_t spill_from_bytes, aql::execute::MemoryPool& pool)
      : folder_(std::move(folder)), spill_from_bytes_(spill_from_bytes), pool_(pool) {}
  ~KeptRows() { pool_.shrank(in_memory_bytes_); }
  KeptRows(const KeptRows&) = delete;
  KeptRows& operator=(const KeptRows&) = delete;

  // kResourceLimit where all queries together have no memory left, kFilesystemFull.
  Result<> add(std::span<const Slice> rows);
  uint64_t rows() const { return row_count_; }
  uint64_t bytes() const { return bytes_ + current_.size(); }  // while rows are added
  uint64_t in_memory_bytes() const { return in_memory_bytes_; }
  bool are_in_memory() const { return file_ == nullptr; }
  // All rows, one behind the other in each chunk: behind the last add(), before next(), while they are in memory.
  std::vector<std::string> copy() const;

  // Behind the last add(), once for each row: it is borrowed until the next call.
  Result<Slice> next();

 private:
  // Rows one behind the other; on the disk where `bytes` is empty.
  struct Chunk {
    std::string bytes;
    aql::execute::SpillFile::Place place;
  };
  Result<> close_chunk();
  Result<> open_chunk();

  const std::string folder_;
  const uint64_t spill_from_bytes_;
  aql::execute::MemoryPool& pool_;
  std::unique_ptr<aql::execute::SpillFile> file_;
  std::vector<Chunk> chunks_;
  uint64_t row_count_ = 0, bytes_ = 0, in_memory_bytes_ = 0;
  size_t next_chunk_ = 0, offset_ = 0;
  std::string current_;  // the chunk that is being filled, then the one that is being read
};

}  // namespace workerdb::engine

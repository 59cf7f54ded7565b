#include "engine/kept_rows.h"

#include <algorithm>

namespace workerdb::engine {
namespace {

constexpr uint64_t kChunkBytes = 256 << 10;

}  // namespace

Result<> KeptRows::add(std::span<const Slice> rows) {
  for (Slice row : rows) {
    current_.append(row.is_none() ? Slice::null().bytes() : row.bytes());
    if (current_.size() >= kChunkBytes) TRY(close_chunk());
  }
  row_count_ += rows.size();
  // The end: a last chunk that is not full.
  if (rows.empty() && !current_.empty()) TRY(close_chunk());
  return {};
}

Result<> KeptRows::close_chunk() {
  Chunk& chunk = chunks_.emplace_back();
  bytes_ += current_.size();
  bool goes_to_disk = !folder_.empty() && (in_memory_bytes_ + current_.size() > spill_from_bytes_ || pool_.is_short());
  if (goes_to_disk) {
    if (file_ == nullptr) file_ = TRY(aql::execute::SpillFile::create(folder_));
    chunk.place = TRY(file_->append(current_));
    current_.clear();
    return {};
  }
  current_.shrink_to_fit();
  in_memory_bytes_ += current_.size();
  bool fits = pool_.grew(current_.size());
  chunk.bytes = std::move(current_);
  current_ = std::string();
  if (fits) return {};
  return Error(ErrorCode::kResourceLimit, "all queries together would use more memory than allowed");
}

std::vector<std::string> KeptRows::copy() const {
  std::vector<std::string> chunks;
  for (const Chunk& chunk : chunks_) chunks.push_back(chunk.bytes);
  return chunks;
}

Result<> KeptRows::open_chunk() {
  Chunk& chunk = chunks_[next_chunk_++];
  offset_ = 0;
  if (chunk.bytes.empty()) {
    TRY(file_->read(chunk.place, current_));
    file_->forget(chunk.place);
    return {};
  }
  pool_.shrank(chunk.bytes.size());
  in_memory_bytes_ -= chunk.bytes.size();
  current_ = std::move(chunk.bytes);
  return {};
}

Result<Slice> KeptRows::next() {
  if (offset_ == current_.size()) TRY(open_chunk());
  Slice row(reinterpret_cast<const uint8_t*>(current_.data() + offset_));
  offset_ += row.byte_size();
  return row;
}

}  // namespace workerdb::engine

#include "aql/execute/spill.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace workerdb::aql::execute {

using base::Error;
using base::ErrorCode;
using base::Result;
using value::Slice;

namespace {

// How much may be written until the disk's space is looked at again.
constexpr uint64_t kCheckEvery = uint64_t(32) << 20;

Error system_error(const char* what) {
  return Error(ErrorCode::kSysError, std::string("cannot ") + what + " temporary rows: " + std::strerror(errno));
}

}  // namespace

Result<std::unique_ptr<SpillFile>> SpillFile::create(const std::string& folder) {
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
    // A file system without files that have no name: the name is taken away at once.
    std::string name = folder + "/spill-XXXXXX";
    descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor >= 0) ::unlink(name.c_str());
  }
  if (descriptor < 0) return system_error("keep");
  return std::unique_ptr<SpillFile>(new SpillFile(descriptor));
}

SpillFile::~SpillFile() { ::close(descriptor_); }

Result<SpillFile::Place> SpillFile::append(std::string_view bytes) {
  if (size_ >= checked_at_) {
    struct statvfs disk {};
    bool is_full = ::fstatvfs(descriptor_, &disk) == 0 && uint64_t(disk.f_bavail) * disk.f_frsize < kLeastFreeBytes;
    if (is_full) {
      return Error(ErrorCode::kFilesystemFull, "filesystem full: no space for the query's intermediate results");
    }
    checked_at_ = size_ + kCheckEvery;
  }
  Place place{size_, bytes.size()};
  while (!bytes.empty()) {
    ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), off_t(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == ENOSPC) {
      return Error(ErrorCode::kFilesystemFull, "filesystem full: no space for the query's intermediate results");
    }
    if (written < 0) return system_error("write");
    bytes.remove_prefix(size_t(written));
    size_ += uint64_t(written);
  }
  return place;
}

Result<> SpillFile::read(Place place, std::string& into) const {
  into.resize(place.bytes);
  size_t done = 0;
  while (done < place.bytes) {
    ssize_t got = ::pread(descriptor_, into.data() + done, place.bytes - done, off_t(place.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return system_error("read");
    done += size_t(got);
  }
  return {};
}

void SpillFile::forget(Place place) {
  (void)::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off_t(place.offset), off_t(place.bytes));
}

Result<> SpillWriter::add(const Batch& batch, size_t row) {
  if (block_.empty()) block_.append(sizeof(uint32_t), '\0');
  for (Register which : registers_) {
    Slice value = batch.at(which, row);
    block_.append((value.is_none() ? Slice::null() : value).bytes());
  }
  ++rows_in_block_;
  ++rows_;
  if (block_.size() >= block_bytes_) return flush();
  return {};
}

Result<> SpillWriter::flush() {
  if (rows_in_block_ == 0) return {};
  std::memcpy(block_.data(), &rows_in_block_, sizeof rows_in_block_);
  places_.push_back(TRY(file_.append(block_)));
  block_.clear();
  rows_in_block_ = 0;
  return {};
}

Result<std::vector<SpillFile::Place>> SpillWriter::finish() {
  TRY(flush());
  block_.shrink_to_fit();
  return std::move(places_);
}

Result<bool> SpilledRows::next(Batch& to, size_t wanted) {
  size_t target = std::min(wanted, to.capacity());
  size_t row = 0;
  while (row < target && to.arena_bytes() < kBatchBytes) {
    if (rows_left_ == 0) {
      if (next_place_ == places_.size()) break;
      SpillFile::Place place = places_[next_place_++];
      if (place.bytes > block_.capacity()) charge_.add(place.bytes - block_.capacity());
      TRY(file_.read(place, block_));
      file_.forget(place);
      std::memcpy(&rows_left_, block_.data(), sizeof rows_left_);
      at_ = sizeof rows_left_;
    }
    for (Register which : registers_) {
      Slice value(reinterpret_cast<const uint8_t*>(block_.data() + at_));
      at_ += value.byte_size();
      to.column(which)[row] = to.arena().copy(value);
    }
    --rows_left_;
    to.set_rows(++row);
  }
  TRY(runtime_.check());
  return to.rows() > 0;
}

}  // namespace workerdb::aql::execute

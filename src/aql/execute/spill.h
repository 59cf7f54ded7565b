#pragma once
// Rows on disk: where sorts and groups go that would take too much memory.
//
// One file an operator, made without a name in the store's folder, so that the system takes it back when the process
// ends, however it ends. Blocks are appended and read again by their place; nothing is ever changed.
//
//   block   rows (4 bytes, little endian), then the values of each row's registers, one behind the other
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "aql/execute/operator.h"

namespace workerdb::aql::execute {

class SpillFile {
 public:
  struct Place {
    uint64_t offset = 0;
    size_t bytes = 0;
  };

  // kSysError where no file can be made in the folder.
  static base::Result<std::unique_ptr<SpillFile>> create(const std::string& folder);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  // kFilesystemFull while less than kLeastFreeBytes are left on the disk.
  base::Result<Place> append(std::string_view bytes);
  base::Result<> read(Place place, std::string& into) const;
  // Nobody reads the block again: its space on the disk is free, where the file system can do that.
  void forget(Place place);
  uint64_t size() const { return size_; }

  static constexpr uint64_t kLeastFreeBytes = uint64_t(256) << 20;

 private:
  explicit SpillFile(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
  uint64_t size_ = 0, checked_at_ = 0;
};

// Puts rows into blocks of a file.
class SpillWriter {
 public:
  SpillWriter(SpillFile& file, std::span<const Register> registers, size_t block_bytes)
      : file_(file), registers_(registers), block_bytes_(block_bytes) {}
  base::Result<> add(const Batch& batch, size_t row);
  // Behind the last row: the blocks in the order in which they were written.
  base::Result<std::vector<SpillFile::Place>> finish();
  uint64_t rows() const { return rows_; }

 private:
  base::Result<> flush();

  SpillFile& file_;
  const std::span<const Register> registers_;
  const size_t block_bytes_;
  std::string block_;
  uint32_t rows_in_block_ = 0;
  uint64_t rows_ = 0;
  std::vector<SpillFile::Place> places_;
};

// Gives the rows of blocks back, as many at a time as a batch holds, and forgets the blocks.
class SpilledRows : public Operator {
 public:
  SpilledRows(Runtime& runtime, SpillFile& file, std::span<const Register> registers,
              std::vector<SpillFile::Place> places)
      : Operator(runtime, nullptr),
        file_(file),
        registers_(registers),
        places_(std::move(places)),
        charge_(runtime.interrupt) {}
  base::Result<bool> next(Batch& to, size_t wanted) override;
  void reset() override {}
  OuterRow outer_row() const override { return {}; }

 private:
  SpillFile& file_;
  const std::span<const Register> registers_;
  const std::vector<SpillFile::Place> places_;
  size_t next_place_ = 0;
  std::string block_;
  MemoryCharge charge_;
  size_t at_ = 0;
  uint32_t rows_left_ = 0;
};

}  // namespace workerdb::aql::execute

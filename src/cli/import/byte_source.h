#pragma once
// Where the bytes of an import come from: a file, a pipe, or memory; and a reader of single characters over
// it that counts lines.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/import/record.h"

namespace workerdb::cli {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the front of `into` and returns how many bytes; 0 only at the end. Fails with kCannotReadFile.
  virtual base::Result<size_t> read(std::span<char> into) = 0;
  // Bytes of the whole, where that is known before the end.
  virtual std::optional<uint64_t> total_bytes() const = 0;
};

// The file at the path, "-" for standard input. Fails with kFileNotFound, or kCannotReadFile for what may not
// be read or is a directory.
base::Result<std::unique_ptr<ByteSource>> open_file(const std::string& path);
// Text in memory, which is copied.
std::unique_ptr<ByteSource> open_text(std::string text);

// The whole rest of a source. Fails with kResourceLimit when it is longer than `limit` bytes.
base::Result<std::string> read_all(ByteSource& source, size_t limit, const ProgressCallback& progress);

// Characters of a source, one at a time, with the number of the line that the next one stands on. A byte
// order mark at the very start is skipped.
class CharacterReader {
 public:
  static constexpr int kEnd = -1;

  CharacterReader(std::unique_ptr<ByteSource> source, ProgressCallback progress);

  // The next byte (0 to 255) without taking it, or kEnd. A failure of the source reads as kEnd: see status().
  int peek() {
    if (position_ == filled_ && !fill()) return kEnd;
    return static_cast<unsigned char>(block_[position_]);
  }
  int take() {
    const int character = peek();
    if (character == kEnd) return kEnd;
    ++position_;
    if (character == '\n') ++line_;
    return character;
  }
  // Takes up to the next line end and that too, and appends to `into` what stands before it, a carriage
  // return at its end left out. False at the end of the source. Of a line longer than `limit` only the first
  // limit + 1 bytes are kept.
  bool take_line(std::string& into, size_t limit);

  uint64_t line() const { return line_; }
  // Whether the source could be read so far.
  const base::Result<>& status() const { return status_; }

 private:
  bool fill();

  std::unique_ptr<ByteSource> source_;
  ProgressCallback progress_;
  std::unique_ptr<char[]> block_;
  size_t position_ = 0, filled_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t line_ = 1;
  bool ended_ = false;
  base::Result<> status_;
};

}  // namespace workerdb::cli

#pragma once
// What every reader of this folder gives: records, one after the other, with the line where each began.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "value/builder.h"

namespace workerdb::cli {

// The most bytes that one record may take in a file: a JSON line, or a CSV row with its embedded line ends.
constexpr size_t kMaxRecordBytes = size_t{16} << 20;

// One record, or what is wrong with it.
struct Record {
  // Line of the file where the record starts, from 1.
  uint64_t line = 0;
  // Where the document belongs; empty where the format leaves that to the caller (JSON lines, CSV).
  std::string collection;
  // An object; or why this record is none. The reader goes on behind a bad record.
  base::Result<value::Buffer> document;
};

// Reads one file from front to back. Not for two threads at once.
class RecordReader {
 public:
  virtual ~RecordReader() = default;

  // The next record; nothing at the end of the file. An error here is about the file, not about one record
  // (it cannot be read on, it has no usable header); after it, and after the end, next() gives nothing.
  virtual base::Result<std::optional<Record>> next() = 0;
};

// How far the reading is. Called from next(), at most once for each block that is read, and once at the end.
struct Progress {
  uint64_t bytes_read = 0;
  // Unknown for a pipe.
  std::optional<uint64_t> bytes_total;
};
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace workerdb::cli

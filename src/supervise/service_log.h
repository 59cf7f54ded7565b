#pragma once
// What a service says: the last lines in memory, all lines in a file that rotates.
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"

namespace workerdb::supervise {

struct ServiceLogOptions {
  std::string path;  // empty: memory only
  size_t ring_lines = 500;
  size_t line_bytes = 4096;               // a longer line is cut and marked with "..."
  int64_t file_bytes = 10 * 1024 * 1024;  // then PATH becomes PATH.1, PATH.1 becomes PATH.2 and so on
  int files_kept = 3;                     // rotated files beside the current one
};

// Thread-safe. Files have mode 0600; each line in the file starts with the time (ISO 8601, UTC) and a space.
// Control characters become spaces: a log is shown on terminals.
class ServiceLog {
 public:
  explicit ServiceLog(ServiceLogOptions options);
  ~ServiceLog();
  ServiceLog(const ServiceLog&) = delete;
  ServiceLog& operator=(const ServiceLog&) = delete;

  // Opens the file. Fails with kCannotWriteFile. Without it, or when the disk is full later, lines still
  // reach memory: a service is never stopped because it cannot be logged.
  base::Result<> open();
  // Bytes as they arrive; lines may be split anywhere.
  void append(std::string_view bytes);
  // One whole line of the supervisor's own ("exited with code 1").
  void note(std::string_view line);
  // Ends a line that was begun and not finished: the writer is gone.
  void finish_line();
  // From here on, last_lines(..., since_mark) sees only what follows.
  void mark();

  // The newest lines, oldest first.
  std::vector<std::string> last_lines(size_t count, bool since_mark = false) const;
  // Lines that did not reach the file.
  int64_t lines_dropped() const;

 private:
  void take_line(std::string line) REQUIRES(mutex_);
  void write_line(const std::string& line) REQUIRES(mutex_);
  void rotate() REQUIRES(mutex_);
  base::Result<> open_file() REQUIRES(mutex_);

  const ServiceLogOptions options_;
  mutable base::Mutex mutex_;
  std::deque<std::string> ring_ GUARDED_BY(mutex_);
  std::string partial_ GUARDED_BY(mutex_);
  bool cut_ GUARDED_BY(mutex_) = false;
  size_t since_mark_ GUARDED_BY(mutex_) = 0;
  int file_ GUARDED_BY(mutex_) = -1;
  int64_t file_size_ GUARDED_BY(mutex_) = 0;
  int64_t dropped_ GUARDED_BY(mutex_) = 0;
};

}  // namespace workerdb::supervise

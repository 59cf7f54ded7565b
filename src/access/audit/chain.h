#pragma once
// Private to this folder: lines, their hashes, the files of a log and its head.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/audit/audit.h"
#include "base/result.h"

namespace workerdb::access {

inline constexpr std::string_view kNoHash = "0000000000000000000000000000000000000000000000000000000000000000";

// The last entry as the head file tells it, and how far into which file it reaches.
struct ChainHead {
  std::string log;  // a random name, so that logs of several machines can meet in one collection
  uint64_t sequence = 0;
  std::string hash = std::string(kNoHash);
  std::string file;
  uint64_t size = 0;
};

struct ChainLine {
  uint64_t sequence = 0;
  std::string_view log, previous, hash;  // borrowed from the line
  // A repair entry's word about the line before it.
  std::optional<uint64_t> torn_bytes;
  std::string torn_digest;
};

// What happened to the log before an entry that is about that and nothing else.
struct Repair {
  std::string what;  // "torn line", "cut off", "foreign lines", "head missing"
  uint64_t bytes = 0;
  std::string digest;
};

// Lines without their newline.
std::string sealed_line(const ChainHead& head, const AuditEntry& entry);
std::string sealed_repair(const ChainHead& head, const Repair& repair, int64_t time_unix_ms);

// Nothing when it is no line of ours, or its hash is not its own.
std::optional<ChainLine> read_line(std::string_view line);

// The log files of a folder, oldest first; none when there is no folder.
std::vector<std::string> log_files(const std::string& folder);
std::string file_name(uint64_t first_sequence);
// 0 for a name that is none of ours.
uint64_t first_sequence_of(std::string_view name);

// Nothing when there is no head file or it cannot be one.
std::optional<ChainHead> read_head(const std::string& folder);
// In place and in one write of one sector, so that a crash leaves the old one or the new one.
base::Result<> write_head(const std::string& folder, const ChainHead& head);

// Calls `on_line` for each line of a file (without its newline); false ends it. The rest behind the last newline
// comes with `is_whole` false.
base::Result<> for_each_line(const std::string& path, uint64_t from,
                             const std::function<bool(std::string_view line, bool is_whole)>& on_line);

// flock() on the folder's lock file: exclusive for writers, shared for readers.
class FolderLock {
 public:
  static base::Result<FolderLock> take(const std::string& folder, bool exclusive);
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace workerdb::access

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/audit/chain.h"
#include "base/digest.h"
#include "base/private_file.h"
#include "base/random.h"
#include "base/time.h"

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

struct LogFile {
  int descriptor = -1;
  std::string path;
  uint64_t size = 0;
  ~LogFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

Error write_error(const std::string& path) {
  ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::kFilesystemFull : ErrorCode::kCannotWriteFile;
  return Error(
      code, fmt::format("the access cannot be written down, so it does not happen: '{}': {}", path, ::strerror(errno)));
}

Result<> open_file(const std::string& folder, const std::string& name, LogFile& file) {
  if (file.descriptor >= 0) ::close(file.descriptor);
  file.path = folder + "/" + name;
  bool is_new = ::access(file.path.c_str(), F_OK) != 0;
  file.descriptor = ::open(file.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat found {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &found) != 0) return write_error(file.path);
  file.size = uint64_t(found.st_size);
  if (is_new) TRY(base::sync_folder(folder));
  return {};
}

// Whole or not at all, as far as this process can see to it; a crash may leave a part, which the next one tells.
Result<> write_line(LogFile& file, std::string_view text) {
  uint64_t before = file.size;
  for (std::string_view rest = text; !rest.empty();) {
    ssize_t written = ::write(file.descriptor, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      Error error = write_error(file.path);
      if (::ftruncate(file.descriptor, off_t(before)) == 0) file.size = before;
      return error;
    }
    rest.remove_prefix(size_t(written));
    file.size += uint64_t(written);
  }
  return {};
}

Result<> append_line(const std::string& folder, LogFile& file, ChainHead& head, const std::string& line) {
  TRY(write_line(file, line + "\n"));
  if (::fdatasync(file.descriptor) != 0) return write_error(file.path);
  ++head.sequence;
  head.hash = read_line(line)->hash;
  head.size = file.size;
  return write_head(folder, head);
}

// A head from the files alone, for a log whose head file is gone.
Result<ChainHead> rebuilt_head(const std::string& folder, const std::vector<std::string>& files) {
  ChainHead head{base::random_hex(4)};
  head.file = files.back();
  for (const std::string& name : files) {
    TRY(for_each_line(folder + "/" + name, 0, [&](std::string_view text, bool is_whole) {
      auto line = is_whole ? read_line(text) : std::nullopt;
      if (line) head.sequence = line->sequence, head.hash = line->hash, head.log = line->log;
      if (name == files.back() && is_whole) head.size += text.size() + 1;
      return true;
    }));
  }
  return head;
}

// What stands behind the head: whole lines that go on with the chain belong to it (a crash came before the head
// was written); whatever else is there gets a repair entry.
Result<> take_over_tail(const std::string& folder, LogFile& file, ChainHead& head) {
  if (file.size < head.size) {
    Repair repair{"cut off", head.size - file.size, ""};
    head.size = file.size;
    return append_line(folder, file, head, sealed_repair(head, repair, base::unix_time_ms()));
  }
  std::string foreign, torn;
  bool lacks_newline = false;
  TRY(for_each_line(file.path, head.size, [&](std::string_view text, bool is_whole) {
    auto line = foreign.empty() ? read_line(text) : std::nullopt;
    if (line && line->sequence == head.sequence + 1 && line->previous == head.hash) {
      head.sequence = line->sequence;
      head.hash = line->hash;
      head.size += text.size() + 1;
      lacks_newline = !is_whole;
    } else if (is_whole) {
      foreign += std::string(text) + "\n";
    } else {
      torn = text;
    }
    return true;
  }));
  if (lacks_newline) return write_line(file, "\n");
  if (!torn.empty()) {
    TRY(write_line(file, "\n"));
    head.size = file.size;
    Repair repair{"torn line", torn.size(), base::sha256_hex(torn)};
    TRY(append_line(folder, file, head, sealed_repair(head, repair, base::unix_time_ms())));
  }
  if (!foreign.empty()) {
    Repair repair{"foreign lines", foreign.size(), base::sha256_hex(foreign)};
    TRY(append_line(folder, file, head, sealed_repair(head, repair, base::unix_time_ms())));
  }
  return {};
}

}  // namespace

std::string audit_folder() { return base::state_folder() + "/audit"; }

Result<> AuditLog::append(const AuditEntry& entry) {
  TRY(base::make_private_folder(folder_));
  FolderLock lock = TRY(FolderLock::take(folder_, true));
  std::optional<ChainHead> head = read_head(folder_);
  bool was_missing = false;
  if (!head) {
    std::vector<std::string> files = log_files(folder_);
    was_missing = !files.empty();
    head = files.empty() ? ChainHead{base::random_hex(4), 0, std::string(kNoHash), file_name(1), 0}
                         : TRY(rebuilt_head(folder_, files));
    TRY(write_head(folder_, *head));
  }
  LogFile file;
  TRY(open_file(folder_, head->file, file));
  TRY(take_over_tail(folder_, file, *head));
  if (head->size >= rotate_bytes_) {
    head->file = file_name(head->sequence + 1);
    head->size = 0;
    TRY(open_file(folder_, head->file, file));
    TRY(take_over_tail(folder_, file, *head));
  }
  if (was_missing) {
    TRY(append_line(folder_, file, *head, sealed_repair(*head, {"head missing", 0, ""}, base::unix_time_ms())));
  }
  AuditEntry stamped = entry;
  if (stamped.time_unix_ms == 0) stamped.time_unix_ms = base::unix_time_ms();
  return append_line(folder_, file, *head, sealed_line(*head, stamped));
}

}  // namespace workerdb::access

#include "supervise/service_log.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/time.h"

namespace workerdb::supervise {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;

ServiceLog::ServiceLog(ServiceLogOptions options) : options_(std::move(options)) {}

ServiceLog::~ServiceLog() {
  if (file_ >= 0) ::close(file_);
}

Result<> ServiceLog::open() {
  MutexLock lock(mutex_);
  if (options_.path.empty() || file_ >= 0) return {};
  return open_file();
}

Result<> ServiceLog::open_file() {
  file_ = ::open(options_.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file_ < 0) {
    return Error(ErrorCode::kCannotWriteFile,
                 fmt::format("cannot write the log file '{}': {}", options_.path, std::strerror(errno)));
  }
  struct stat found {};
  file_size_ = ::fstat(file_, &found) == 0 ? found.st_size : 0;
  return {};
}

void ServiceLog::append(std::string_view bytes) {
  MutexLock lock(mutex_);
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    std::string_view piece = bytes.substr(0, end);
    size_t room = options_.line_bytes - std::min(partial_.size(), options_.line_bytes);
    if (piece.size() > room) cut_ = true;
    partial_.append(piece.substr(0, room));
    if (end == std::string_view::npos) return;
    if (cut_) partial_ += "...";
    take_line(std::exchange(partial_, {}));
    cut_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void ServiceLog::finish_line() {
  MutexLock lock(mutex_);
  if (partial_.empty()) return;
  if (cut_) partial_ += "...";
  take_line(std::exchange(partial_, {}));
  cut_ = false;
}

void ServiceLog::note(std::string_view line) {
  MutexLock lock(mutex_);
  take_line(std::string(line.substr(0, options_.line_bytes)));
}

void ServiceLog::mark() {
  MutexLock lock(mutex_);
  since_mark_ = 0;
}

void ServiceLog::take_line(std::string line) {
  for (char& character : line) {
    auto code = static_cast<unsigned char>(character);
    if (code < 0x20 || code == 0x7f) character = ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  write_line(line);
  ring_.push_back(std::move(line));
  if (ring_.size() > options_.ring_lines) ring_.pop_front();
  since_mark_ = std::min(since_mark_ + 1, ring_.size());
}

void ServiceLog::write_line(const std::string& line) {
  if (options_.path.empty()) return;
  if (file_ < 0 && !open_file()) {
    ++dropped_;
    return;
  }
  std::string whole = base::format_iso8601(base::unix_time_ms()) + " " + line + "\n";
  if (file_size_ > 0 && file_size_ + static_cast<int64_t>(whole.size()) > options_.file_bytes) rotate();
  ssize_t written = file_ < 0 ? -1 : ::write(file_, whole.data(), whole.size());
  if (written > 0) file_size_ += written;
  if (written != static_cast<ssize_t>(whole.size())) ++dropped_;
}

void ServiceLog::rotate() {
  ::close(file_);
  file_ = -1;
  for (int number = options_.files_kept; number > 0; --number) {
    std::string older = number == 1 ? options_.path : fmt::format("{}.{}", options_.path, number - 1);
    ::rename(older.c_str(), fmt::format("{}.{}", options_.path, number).c_str());
  }
  if (options_.files_kept <= 0) ::unlink(options_.path.c_str());
  (void)open_file();
}

std::vector<std::string> ServiceLog::last_lines(size_t count, bool since_mark) const {
  MutexLock lock(mutex_);
  size_t available = since_mark ? since_mark_ : ring_.size();
  size_t taken = std::min(count, available);
  return {ring_.end() - static_cast<ptrdiff_t>(taken), ring_.end()};
}

int64_t ServiceLog::lines_dropped() const {
  MutexLock lock(mutex_);
  return dropped_;
}

}  // namespace workerdb::supervise

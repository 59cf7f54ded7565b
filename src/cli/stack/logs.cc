#include "cli/stack/logs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "cli/stack/data_folder.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int64_t kTailBytes = 1024 * 1024;
constexpr int kFollowIntervalMs = 200;

// A log file that is read to its end again and again; a rotated one is opened anew.
class LogFile {
 public:
  LogFile(std::string service, std::string path) : service_(std::move(service)), path_(std::move(path)) { open(); }
  ~LogFile() { close(); }
  LogFile(LogFile&& other) noexcept
      : service_(std::move(other.service_)),
        path_(std::move(other.path_)),
        file_(std::exchange(other.file_, -1)),
        partial_(std::move(other.partial_)) {}
  LogFile& operator=(LogFile&&) = delete;

  const std::string& service() const { return service_; }
  // Starts at most kTailBytes before the end, at the beginning of a line.
  void skip_to_tail() {
    struct stat found {};
    if (file_ < 0 || ::fstat(file_, &found) != 0 || found.st_size <= kTailBytes) return;
    ::lseek(file_, found.st_size - kTailBytes, SEEK_SET);
    std::vector<std::string> lines = read_lines();
    // The first one began before.
    pending_.assign(lines.begin() + (lines.empty() ? 0 : 1), lines.end());
  }
  std::vector<std::string> next_lines() {
    std::vector<std::string> lines = std::exchange(pending_, {});
    std::vector<std::string> more = read_lines();
    lines.insert(lines.end(), more.begin(), more.end());
    if (!lines.empty() || !was_rotated()) return lines;
    close();
    open();
    return read_lines();
  }

 private:
  void open() { file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC); }
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  bool was_rotated() const {
    struct stat by_name {
    }, by_file{};
    if (::stat(path_.c_str(), &by_name) != 0) return false;
    return file_ < 0 || ::fstat(file_, &by_file) != 0 || by_name.st_ino != by_file.st_ino;
  }
  std::vector<std::string> read_lines() {
    std::vector<std::string> lines;
    char buffer[64 * 1024];
    ssize_t got;
    while (file_ >= 0 && (got = ::read(file_, buffer, sizeof buffer)) > 0) {
      partial_.append(buffer, static_cast<size_t>(got));
      size_t start = 0;
      for (size_t end; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) {
        lines.push_back(partial_.substr(start, end - start));
      }
      partial_.erase(0, start);
    }
    return lines;
  }

  std::string service_;
  std::string path_;
  int file_ = -1;
  std::string partial_;
  std::vector<std::string> pending_;
};

struct LogLine {
  std::string time;  // ISO 8601 sorts as text
  std::string text;
};

std::vector<LogLine> merged_lines(std::vector<LogFile>& files, bool with_service) {
  std::vector<LogLine> merged;
  for (LogFile& file : files) {
    for (const std::string& line : file.next_lines()) {
      std::string time = line.substr(0, line.find(' '));
      merged.push_back({std::move(time), with_service ? fmt::format("{:<10} {}", file.service(), line) : line});
    }
  }
  std::stable_sort(merged.begin(), merged.end(),
                   [](const LogLine& left, const LogLine& right) { return left.time < right.time; });
  return merged;
}

Result<std::vector<LogFile>> open_files(const DataFolder& folder, const std::string& service) {
  std::vector<std::string> names;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder.logs(), code)) {
    if (entry.path().extension() == ".log") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  std::vector<LogFile> files;
  std::string known;
  for (const std::string& name : names) {
    known += (known.empty() ? "" : ", ") + name;
    if (service.empty() || service == name) files.emplace_back(name, folder.log_file(name));
  }
  if (files.empty() && !service.empty()) {
    return Error(ErrorCode::kFileNotFound,
                 fmt::format("there is no log of '{}'; there are: {}", service, known.empty() ? "none" : known));
  }
  return files;
}

}  // namespace

Result<int> logs(const LogsOptions& options, const Output& output) {
  DataFolder folder = TRY(find_data_folder(options.data_folder));
  std::vector<LogFile> files = TRY(open_files(folder, options.service));
  for (LogFile& file : files) file.skip_to_tail();
  std::vector<LogLine> lines = merged_lines(files, options.service.empty());
  size_t skipped = lines.size() > options.lines ? lines.size() - options.lines : 0;
  for (size_t index = skipped; index < lines.size(); ++index) output.out << lines[index].text << "\n";
  output.out.flush();
  while (options.follow && output.out.good() && !(options.is_over && options.is_over())) {
    ::poll(nullptr, 0, kFollowIntervalMs);
    for (const LogLine& line : merged_lines(files, options.service.empty())) output.out << line.text << "\n";
    output.out.flush();
  }
  return 0;
}

}  // namespace workerdb::cli

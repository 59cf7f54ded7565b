#include "cli/import/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace workerdb::cli {
namespace {

using base::Error;
using base::ErrorCode;

constexpr size_t kBlockBytes = size_t{256} << 10;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string system_message(int number) { return std::generic_category().message(number); }

class FileSource : public ByteSource {
 public:
  FileSource(int descriptor, bool owned, std::string path, std::optional<uint64_t> total)
      : descriptor_(descriptor), owned_(owned), path_(std::move(path)), total_(total) {}
  ~FileSource() override {
    if (owned_) ::close(descriptor_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      const ssize_t count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) return static_cast<size_t>(count);
      if (errno == EINTR) continue;
      return Error(ErrorCode::kCannotReadFile, fmt::format("cannot read '{}': {}", path_, system_message(errno)));
    }
  }
  std::optional<uint64_t> total_bytes() const override { return total_; }

 private:
  int descriptor_;
  bool owned_;
  std::string path_;
  std::optional<uint64_t> total_;
};

class TextSource : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}

  base::Result<size_t> read(std::span<char> into) override {
    const size_t count = std::min(into.size(), text_.size() - position_);
    std::memcpy(into.data(), text_.data() + position_, count);
    position_ += count;
    return count;
  }
  std::optional<uint64_t> total_bytes() const override { return text_.size(); }

 private:
  std::string text_;
  size_t position_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<ByteSource>> open_file(const std::string& path) {
  const bool is_standard_input = path == "-";
  const int descriptor = is_standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return Error(ErrorCode::kFileNotFound, fmt::format("there is no file '{}'", path));
    return Error(ErrorCode::kCannotReadFile, fmt::format("cannot open '{}': {}", path, system_message(errno)));
  }
  struct stat status = {};
  const bool is_known = ::fstat(descriptor, &status) == 0;
  std::optional<uint64_t> total;
  if (is_known && S_ISREG(status.st_mode)) total = static_cast<uint64_t>(status.st_size);
  auto source = std::make_unique<FileSource>(descriptor, !is_standard_input, path, total);
  if (is_known && S_ISDIR(status.st_mode)) {
    return Error(ErrorCode::kCannotReadFile, fmt::format("'{}' is a folder; name its files", path));
  }
  return source;
}

std::unique_ptr<ByteSource> open_text(std::string text) { return std::make_unique<TextSource>(std::move(text)); }

base::Result<std::string> read_all(ByteSource& source, size_t limit, const ProgressCallback& progress) {
  const auto too_long = [limit] {
    return Error(ErrorCode::kResourceLimit, fmt::format("the file is longer than {} bytes", limit));
  };
  const std::optional<uint64_t> total = source.total_bytes();
  if (total && *total > limit) return too_long();
  std::string text;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + kBlockBytes);
    const size_t count = TRY(source.read(std::span(text).subspan(before)));
    text.resize(before + count);
    if (count == 0) return text;
    if (text.size() > limit) return too_long();
    if (progress) progress({text.size(), total});
  }
}

CharacterReader::CharacterReader(std::unique_ptr<ByteSource> source, ProgressCallback progress)
    : source_(std::move(source)), progress_(std::move(progress)), block_(new char[kBlockBytes]) {
  // The mark may come in pieces from a pipe, so the first block is filled until it can be told apart.
  while (filled_ < kByteOrderMark.size()) {
    auto count = source_->read({block_.get() + filled_, kBlockBytes - filled_});
    if (!count) {
      status_ = std::move(count).error();
      break;
    }
    if (*count == 0) break;
    filled_ += *count;
  }
  bytes_read_ = filled_;
  if (std::string_view(block_.get(), filled_).starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
}

bool CharacterReader::take_line(std::string& into, size_t limit) {
  if (peek() == kEnd) return false;
  const size_t start = into.size();
  for (;;) {
    const char* from = block_.get() + position_;
    const auto* found = static_cast<const char*>(std::memchr(from, '\n', filled_ - position_));
    const size_t count = found ? static_cast<size_t>(found - from) : filled_ - position_;
    const size_t kept = into.size() - start;
    into.append(from, std::min(count, limit + 1 - std::min(kept, limit + 1)));
    position_ += count;
    if (found) {
      take();
      break;
    }
    if (peek() == kEnd) break;
  }
  if (into.size() > start && into.back() == '\r' && into.size() - start <= limit) into.pop_back();
  return true;
}

bool CharacterReader::fill() {
  if (ended_) return false;
  if (status_) {
    auto count = source_->read({block_.get(), kBlockBytes});
    if (count && *count > 0) {
      position_ = 0;
      filled_ = *count;
      if (progress_) progress_({bytes_read_, source_->total_bytes()});
      bytes_read_ += filled_;
      return true;
    }
    if (!count) status_ = std::move(count).error();
  }
  ended_ = true;
  if (progress_) progress_({bytes_read_, source_->total_bytes()});
  return false;
}

}  // namespace workerdb::cli

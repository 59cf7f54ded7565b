#include "access/credentials/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Secret;

namespace {

constexpr size_t kLongestFile = 64 * 1024;
constexpr mode_t kOthers = 077, kOthersWrite = 022;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

bool is_trusted(uid_t owner) { return owner == ::geteuid() || owner == 0; }

Error problem_of(const std::string& path, int number) {
  ErrorCode code = number == ENOENT || number == ENOTDIR ? ErrorCode::kFileNotFound
                   : number == EACCES                    ? ErrorCode::kForbidden
                                                         : ErrorCode::kCannotReadFile;
  return Error(code, fmt::format("cannot read '{}': {}", path, std::strerror(number)));
}

// A link that somebody else can point elsewhere would choose which of our files is sent to a store.
Result<> check_link(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return problem_of(path, errno);
  if (!S_ISLNK(found.st_mode) || is_trusted(found.st_uid)) return {};
  return Error(ErrorCode::kForbidden,
               fmt::format("'{}' is a link that belongs to another user (uid {})", path, found.st_uid));
}

Result<> check_file(const std::string& path, const struct stat& found, mode_t forbidden) {
  if (!S_ISREG(found.st_mode)) return Error(ErrorCode::kBadParameter, fmt::format("'{}' is no regular file", path));
  if (!is_trusted(found.st_uid)) {
    return Error(ErrorCode::kForbidden, fmt::format("'{}' belongs to another user (uid {})", path, found.st_uid));
  }
  if ((found.st_mode & forbidden) == 0) return {};
  return Error(
      ErrorCode::kForbidden,
      fmt::format("'{}' has mode {:04o}, so that others can {} it; put it right with `chmod 600 {}`", path,
                  found.st_mode & 07777, (found.st_mode & forbidden & kOthersWrite) != 0 ? "change" : "read", path));
}

// The descriptor is checked, not the name, so that nothing can be exchanged in between.
Result<Secret> read_checked(const std::string& path, mode_t forbidden) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0) return problem_of(path, errno);
  struct stat found {};
  if (::fstat(file.number(), &found) != 0) return problem_of(path, errno);
  TRY(check_file(path, found, forbidden));
  std::string text(kLongestFile + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      Error problem = problem_of(path, errno);
      Secret::wipe(text);
      return problem;
    }
    if (count == 0) break;
    size += size_t(count);
  }
  std::string_view line = std::string_view(text).substr(0, size);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  bool is_plain = std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  Secret secret{std::string(line)};
  bool is_long = size > kLongestFile;
  Secret::wipe(text);
  if (is_long) return Error(ErrorCode::kBadParameter, fmt::format("'{}' is longer than 64 KiB", path));
  if (secret.empty()) return Error(ErrorCode::kBadParameter, fmt::format("'{}' has no first line", path));
  if (!is_plain) return Error(ErrorCode::kBadParameter, fmt::format("'{}' holds control characters", path));
  return secret;
}

bool is_in_memory(const std::string& folder) {
  struct statfs found {};
  constexpr auto kRamfs = 0x858458f6L;
  return ::statfs(folder.c_str(), &found) == 0 && (found.f_type == TMPFS_MAGIC || found.f_type == kRamfs);
}

std::string real_path(const std::string& path) {
  std::unique_ptr<char, void (*)(void*)> found(::realpath(path.c_str(), nullptr), std::free);
  return found == nullptr ? "" : found.get();
}

// What the kubelet's writer makes: files are links to ..data/NAME, and ..data is a link to a dated folder.
bool is_mounted_secret(const std::string& folder) {
  struct stat found {};
  return ::lstat((folder + "/..data").c_str(), &found) == 0 && S_ISLNK(found.st_mode) && is_in_memory(folder);
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  TRY(check_link(path));
  return read_checked(path, kOthers);
}

Result<Secret> read_mounted_secret(const std::string& folder, const std::string& name) {
  std::string path = folder + "/" + name;
  if (!is_mounted_secret(folder)) return read_secret_file(path);
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return problem_of(folder, errno);
  // With the sticky bit (the kubelet's 1777 on a mount with fsGroup) names of others cannot be replaced.
  bool is_changeable = (found.st_mode & kOthersWrite) != 0 && (found.st_mode & S_ISVTX) == 0;
  if (!is_trusted(found.st_uid) || is_changeable) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("the folder '{}' (mode {:04o}) can be changed by others", folder, found.st_mode & 07777));
  }
  std::string inside = real_path(folder), target = real_path(path);
  if (target.empty()) return problem_of(path, errno == 0 ? ENOENT : errno);
  if (!target.starts_with(inside + "/")) {
    return Error(ErrorCode::kForbidden, fmt::format("'{}' leads out of the mounted Secret", path));
  }
  return read_checked(target, kOthersWrite);
}

}  // namespace workerdb::access

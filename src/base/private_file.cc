#include "base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/random.h"

namespace workerdb::base {

namespace {

constexpr size_t kLongestFile = 1024 * 1024;

// A descriptor that is closed with the scope.
struct File {
  explicit File(int number) : descriptor(number) {}
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor;
};

Error file_error(ErrorCode code, std::string_view action, const std::string& path, int number) {
  if (number == ENOSPC || number == EDQUOT) {
    return Error(ErrorCode::kFilesystemFull,
                 fmt::format("the disk is full: cannot {} '{}'; free some space", action, path));
  }
  return Error(code, fmt::format("cannot {} '{}': {}", action, path, ::strerror(number)));
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Nothing when it is done, else the number of what went wrong.
int write_new(const std::string& path, std::string_view content, const ReplaceOptions& options) {
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.descriptor < 0) return errno;
  bool is_given = !options.owner || ::fchown(file.descriptor, options.owner->uid, options.owner->gid) == 0;
  bool is_done =
      is_given && write_all(file.descriptor, content) && (!options.is_synced || ::fsync(file.descriptor) == 0);
  return is_done ? 0 : errno;
}

File open_for_reading(const std::string& path, int flags) {
  return File(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
}

Error read_error(const std::string& path, int number) {
  return file_error(number == ENOENT ? ErrorCode::kFileNotFound : ErrorCode::kCannotReadFile, "read", path, number);
}

Result<std::string> read_all(int file, const std::string& path) {
  std::string content;
  char buffer[16 * 1024];
  ssize_t got = 0;
  while (content.size() <= kLongestFile) {
    got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    content.append(buffer, static_cast<size_t>(got));
  }
  if (got < 0) return read_error(path, errno);
  if (content.size() > kLongestFile) {
    return Error(ErrorCode::kCannotReadFile, fmt::format("'{}' is larger than {} bytes", path, kLongestFile));
  }
  return content;
}

}  // namespace

std::string state_folder() {
  if (const char* given = std::getenv("WORKERDB_STATE_HOME"); given != nullptr && *given != '\0') return given;
  if (const char* given = std::getenv("XDG_STATE_HOME"); given != nullptr && *given == '/') {
    return std::string(given) + "/workerdb";
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    const passwd* entry = ::getpwuid(::geteuid());
    home = entry != nullptr ? entry->pw_dir : "/";
  }
  return std::string(home) + "/.local/state/workerdb";
}

Result<> make_private_folder(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return file_error(ErrorCode::kCannotCreateDirectory, "create the folder", part, errno);
    }
    if (slash == path.npos) break;
  }
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return Error(ErrorCode::kCannotCreateDirectory, fmt::format("'{}' is not a folder; move it away", path));
  }
  if (found.st_uid != ::geteuid() || (found.st_mode & 022) != 0) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("'{}' must belong to the user who runs this, and nobody else may write to it (mode {:o})",
                             path, found.st_mode & 07777));
  }
  return {};
}

Result<> replace_private_file(const std::string& path, std::string_view content, const ReplaceOptions& options) {
  std::string temporary = fmt::format("{}.{}.new", path, random_hex(6));
  int number = write_new(temporary, content, options);
  if (number == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) number = errno;
  if (number != 0) {
    ::unlink(temporary.c_str());
    return file_error(ErrorCode::kCannotWriteFile, "write", path, number);
  }
  return options.is_synced ? sync_folder(folder_of(path)) : Result<>();
}

Result<std::string> read_private_file(const std::string& path) {
  File file = open_for_reading(path, O_NOFOLLOW | O_NONBLOCK);
  struct stat found {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &found) != 0) return read_error(path, errno);
  if (!S_ISREG(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 077) != 0) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("'{}' must be a file of the user who runs this, of mode 0600 (it has {:o})", path,
                             found.st_mode & 07777));
  }
  return read_all(file.descriptor, path);
}

Result<std::string> read_small_file(const std::string& path) {
  File file = open_for_reading(path, 0);
  if (file.descriptor < 0) return read_error(path, errno);
  return read_all(file.descriptor, path);
}

Result<> sync_folder(const std::string& path) {
  File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.descriptor < 0 || ::fsync(folder.descriptor) != 0) {
    return file_error(ErrorCode::kCannotWriteFile, "write to", path, errno);
  }
  return {};
}

}  // namespace workerdb::base

#include "cli/stack/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongestFile = 1024 * 1024;

Error write_error(const std::string& path, int code) {
  if (code == ENOSPC || code == EDQUOT) {
    return Error(ErrorCode::kFilesystemFull,
                 fmt::format("the disk is full: '{}' cannot be written; free some "
                             "space or choose another folder with --data",
                             path));
  }
  return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot write '{}': {}", path, ::strerror(code)));
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

}  // namespace

Result<> write_private_file(const std::string& path, std::string_view content,
                            const supervise::UserIdentity* owner) {
  std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return write_error(path, errno);
  bool done = write_all(file, content) && ::fchmod(file, 0600) == 0 &&
              (owner == nullptr || ::fchown(file, owner->uid, owner->gid) == 0);
  int code = errno;
  if (::close(file) != 0 && done) {
    done = false;
    code = errno;
  }
  if (done && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
  if (done) code = errno;
  ::unlink(temporary.c_str());
  return write_error(path, code);
}

Result<std::string> read_file(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return Error(ErrorCode::kCannotReadFile, fmt::format("cannot read '{}': {}", path, ::strerror(errno)));
  std::string content;
  char buffer[16 * 1024];
  ssize_t got;
  while (content.size() <= kLongestFile && (got = ::read(file, buffer, sizeof buffer)) > 0) {
    content.append(buffer, static_cast<size_t>(got));
  }
  ::close(file);
  return content;
}

Result<> make_folder(const std::string& path, mode_t mode, const supervise::UserIdentity* owner) {
  bool made = ::mkdir(path.c_str(), mode) == 0;
  if (!made && errno != EEXIST) {
    if (errno == ENOSPC || errno == EDQUOT) return write_error(path, errno);
    return Error(
        ErrorCode::kCannotCreateDirectory,
        fmt::format("cannot create the folder '{}': {}; choose a folder that you may write with --data", path,
                    ::strerror(errno)));
  }
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return Error(ErrorCode::kCannotCreateDirectory, fmt::format("'{}' is not a folder; move it away", path));
  }
  uid_t wanted = owner != nullptr ? owner->uid : ::geteuid();
  if (!made && found.st_uid != wanted) {
    return Error(
        ErrorCode::kForbidden,
        fmt::format("'{}' belongs to user '{}', but '{}' would use it; run as that user (root: name it with "
                    "--user) or choose another folder with --data",
                    path, user_name(found.st_uid), user_name(wanted)));
  }
  bool owned = !made || owner == nullptr || ::lchown(path.c_str(), owner->uid, owner->gid) == 0;
  if (!owned || ::chmod(path.c_str(), mode) != 0) return write_error(path, errno);
  return {};
}

std::string user_name(uid_t uid) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? std::string(found->pw_name) : std::to_string(uid);
}

}  // namespace workerdb::cli

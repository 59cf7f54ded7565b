#include "cli/stack/owned_folder.h"

#include <errno.h>
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

Error write_error(const std::string& path, int code) {
  if (code == ENOSPC || code == EDQUOT) {
    return Error(ErrorCode::kFilesystemFull, fmt::format("the disk is full: '{}' cannot be written; free some "
                                                         "space or choose another folder with --data",
                                                         path));
  }
  return Error(ErrorCode::kCannotWriteFile, fmt::format("cannot write '{}': {}", path, ::strerror(code)));
}

}  // namespace

Result<> make_folder(const std::string& path, mode_t mode, const supervise::UserIdentity* owner) {
  bool made = ::mkdir(path.c_str(), mode) == 0;
  if (!made && errno != EEXIST) {
    if (errno == ENOSPC || errno == EDQUOT) return write_error(path, errno);
    return Error(ErrorCode::kCannotCreateDirectory,
                 fmt::format("cannot create the folder '{}': {}; choose a folder that you may write with --data", path,
                             ::strerror(errno)));
  }
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return Error(ErrorCode::kCannotCreateDirectory, fmt::format("'{}' is not a folder; move it away", path));
  }
  uid_t wanted = owner != nullptr ? owner->uid : ::geteuid();
  if (!made && found.st_uid != wanted) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("'{}' belongs to user '{}', but '{}' would use it; run as that user (root: name it with "
                             "--user) or choose another folder with --data",
                             path, user_name(found.st_uid), user_name(wanted)));
  }
  bool owned = !made || owner == nullptr || ::lchown(path.c_str(), owner->uid, owner->gid) == 0;
  if (!owned || ::chmod(path.c_str(), mode) != 0) return write_error(path, errno);
  return {};
}

base::ReplaceOptions owned_by(const std::optional<supervise::UserIdentity>& owner) {
  base::ReplaceOptions options;
  if (owner) options.owner = base::FileOwner{owner->uid, owner->gid};
  return options;
}

std::string user_name(uid_t uid) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? std::string(found->pw_name) : std::to_string(uid);
}

}  // namespace workerdb::cli

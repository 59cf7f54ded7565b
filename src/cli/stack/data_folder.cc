#include "cli/stack/data_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/private_file.h"
#include "cli/stack/owned_folder.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using supervise::UserIdentity;

namespace {

constexpr const char* kMarkerText = "workerdb data folder, layout 1\n";
// initdb and the first write-ahead log take about 60 MB.
constexpr uint64_t kNewFolderBytes = 256ull * 1024 * 1024;
constexpr uint64_t kOldFolderBytes = 64ull * 1024 * 1024;

Result<std::string> absolute_path(const std::string& path) {
  if (path.empty()) return Error(ErrorCode::kBadParameter, "the data folder's name is empty; name one with --data");
  std::error_code code;
  std::string absolute = std::filesystem::absolute(path, code).lexically_normal().string();
  while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
  if (absolute.find_first_of("\n\r\"'\\") != std::string::npos) {
    return Error(ErrorCode::kBadParameter, "a data folder's name may hold no quotes, backslashes or line breaks");
  }
  return absolute;
}

Result<> check_marker(const DataFolder& folder) {
  struct stat found {};
  if (::lstat(folder.marker().c_str(), &found) != 0) {
    return Error(
        ErrorCode::kForbidden,
        fmt::format("'{}' is not empty and was not made by workerdb; choose another folder with --data", folder.path));
  }
  if (found.st_uid != ::geteuid()) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("'{}' belongs to user '{}' and you are '{}'; run as that user or choose another folder "
                             "with --data",
                             folder.path, user_name(found.st_uid), user_name(::geteuid())));
  }
  if (TRY(base::read_small_file(folder.marker())) != kMarkerText) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("'{}' was made by another version of workerdb; use that version or choose another folder "
                             "with --data",
                             folder.path));
  }
  return {};
}

bool may_enter(const UserIdentity& user, const struct stat& folder) {
  if (folder.st_uid == user.uid) return (folder.st_mode & S_IXUSR) != 0;
  bool in_group = folder.st_gid == user.gid ||
                  std::find(user.groups.begin(), user.groups.end(), folder.st_gid) != user.groups.end();
  return (folder.st_mode & (in_group ? S_IXGRP : S_IXOTH)) != 0;
}

Result<> check_way_in(const std::string& path, const UserIdentity& user) {
  for (std::filesystem::path step = path; step.has_relative_path(); step = step.parent_path()) {
    struct stat found {};
    if (::stat(step.c_str(), &found) != 0 || may_enter(user, found)) continue;
    return Error(ErrorCode::kForbidden,
                 fmt::format("PostgreSQL and Redis run as user '{}', who may not enter '{}'; choose a folder such as "
                             "/var/lib/workerdb with --data, or start workerdb as an ordinary user",
                             user.name, step.string()));
  }
  return {};
}

Result<> check_space(const std::string& path, uint64_t needed_bytes) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return {};
  uint64_t free_bytes = static_cast<uint64_t>(found.f_bavail) * found.f_frsize;
  if (free_bytes >= needed_bytes) return {};
  return Error(ErrorCode::kFilesystemFull,
               fmt::format("the disk of '{}' has {} MiB left and {} MiB are needed; free some space or choose another "
                           "folder with --data",
                           path, free_bytes >> 20, needed_bytes >> 20));
}

}  // namespace

std::string default_data_folder() {
  auto variable = [](const char* name) {
    const char* value = ::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (std::string named = variable("WORKERDB_DATA"); !named.empty()) return named;
  if (::geteuid() == 0) return "/var/lib/workerdb";
  if (std::string named = variable("XDG_DATA_HOME"); !named.empty()) return named + "/workerdb";
  return variable("HOME") + "/.local/share/workerdb";
}

Result<DataFolder> find_data_folder(const std::string& path) {
  DataFolder folder{TRY(absolute_path(path))};
  std::error_code code;
  if (!std::filesystem::is_directory(folder.path, code)) {
    return Error(ErrorCode::kFileNotFound,
                 fmt::format("there is no data folder '{}'; `workerdb up` makes one", folder.path));
  }
  TRY(check_marker(folder));
  return folder;
}

Result<DataFolder> prepare_data_folder(const std::string& path, const std::optional<UserIdentity>& user) {
  DataFolder folder{TRY(absolute_path(path))};
  const UserIdentity* owner = user ? &*user : nullptr;
  mode_t outer = user ? 0711 : 0700;
  std::error_code code;
  bool exists = std::filesystem::exists(folder.path, code);
  if (exists && !std::filesystem::is_empty(folder.path, code) && !code) {
    TRY(check_marker(folder));
    TRY(check_space(folder.path, kOldFolderBytes));
    if (user) TRY(check_way_in(folder.path, *user));
  } else {
    std::filesystem::path parent = std::filesystem::path(folder.path).parent_path();
    std::filesystem::create_directories(parent, code);
    TRY(check_space(parent.string(), kNewFolderBytes));
    if (user) TRY(check_way_in(parent.string(), *user));
    TRY(make_folder(folder.path, outer));
    TRY(base::replace_private_file(folder.marker(), kMarkerText));
  }
  if (::access(folder.path.c_str(), W_OK | X_OK) != 0) {
    return Error(ErrorCode::kForbidden,
                 fmt::format("you may not write to '{}'; choose another folder with --data", folder.path));
  }
  TRY(make_folder(folder.path, outer));
  for (const std::string& inner : {folder.engine(), folder.secrets(), folder.logs()}) TRY(make_folder(inner, 0700));
  TRY(make_folder(folder.run(), outer));
  for (const std::string& inner : {folder.postgres(), folder.redis(), folder.sockets()}) {
    TRY(make_folder(inner, 0700, owner));
  }
  return folder;
}

Result<std::optional<UserIdentity>> ordinary_user(const std::string& name) {
  if (::geteuid() != 0) return std::optional<UserIdentity>();
  constexpr const char* kAdvice =
      "; make one with `adduser --system --group workerdb` and name it with --user, or start workerdb as an "
      "ordinary "
      "user";
  std::string chosen = name.empty() ? "postgres" : name;
  if (chosen == "nobody") {
    return Error(ErrorCode::kBadParameter,
                 fmt::format("the user 'nobody' is shared by other services, which could change the data{}", kAdvice));
  }
  auto found = supervise::find_user(chosen);
  if (!found) return Error(ErrorCode::kBadParameter, found.error().message() + kAdvice);
  if (found->uid == 0) {
    return Error(ErrorCode::kBadParameter, fmt::format("PostgreSQL does not run as root{}", kAdvice));
  }
  return std::optional<UserIdentity>(*std::move(found));
}

Result<FolderLock> FolderLock::take(const DataFolder& folder) {
  int file = ::open(folder.lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return Error(ErrorCode::kCannotWriteFile,
                 fmt::format("cannot write '{}': {}", folder.lock_file(), ::strerror(errno)));
  }
  FolderLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    [[maybe_unused]] ssize_t got = ::pread(file, holder, sizeof holder - 1, 0);
    return Error(ErrorCode::kDatadirLocked,
                 fmt::format("workerdb is already up on '{}' (pid {}); stop it with `workerdb down --data {}`",
                             folder.path, std::string_view(holder, std::strspn(holder, "0123456789")), folder.path));
  }
  std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0) {
    return Error(ErrorCode::kFilesystemFull,
                 fmt::format("cannot write '{}': {}", folder.lock_file(), ::strerror(errno)));
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

}  // namespace workerdb::cli

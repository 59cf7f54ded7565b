#include "access/context/configuration_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace workerdb::access {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr size_t kLongestFile = size_t{1} << 20;
constexpr mode_t kOthersWrite = 022;

Error cannot_read(const std::string& file, std::string_view why, ErrorCode code = ErrorCode::kCannotReadFile) {
  return Error(code, fmt::format("cannot read '{}': {}", file, why));
}

// The descriptor is looked at, not the name, so that nothing can be exchanged in between.
Result<std::string> read_checked(int descriptor, const std::string& file) {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return cannot_read(file, ::strerror(errno));
  if (!S_ISREG(found.st_mode)) return cannot_read(file, "it is no regular file");
  bool is_ours = found.st_uid == ::geteuid() || found.st_uid == 0;
  if (!is_ours || (found.st_mode & kOthersWrite) != 0) {
    return Error(
        ErrorCode::kForbidden,
        fmt::format("'{0}' (uid {1}, mode {2:04o}) can be changed by others, and it says where logins go and which "
                    "programs run; put it right with `chmod 600 {0}`",
                    file, found.st_uid, found.st_mode & 07777));
  }
  std::string text(kLongestFile + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    ssize_t count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(file, ::strerror(errno));
    if (count == 0) break;
    size += size_t(count);
  }
  if (size > kLongestFile) return cannot_read(file, "it is longer than 1 MiB");
  text.resize(size);
  return text;
}

}  // namespace

Result<std::string> read_configuration(const std::string& file) {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return cannot_read(file, ::strerror(errno),
                       errno == ENOENT ? ErrorCode::kFileNotFound : ErrorCode::kCannotReadFile);
  auto text = read_checked(descriptor, file);
  ::close(descriptor);
  return text;
}

}  // namespace workerdb::access

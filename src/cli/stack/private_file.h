#pragma once
// Files of mode 0600 that appear whole or not at all.
#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "supervise/process.h"

namespace workerdb::cli {

// Replaces the file by way of a temporary one beside it; `owner` (root only) gets it. Fails with
// kFilesystemFull or kCannotWriteFile, naming the path.
base::Result<> write_private_file(const std::string& path, std::string_view content,
                                  const supervise::UserIdentity* owner = nullptr);
// At most 1 MiB. Fails with kCannotReadFile, naming the path.
base::Result<std::string> read_file(const std::string& path);
// A folder with this mode and owner. One that exists must belong to the owner (or to us) and gets the mode.
base::Result<> make_folder(const std::string& path, mode_t mode,
                           const supervise::UserIdentity* owner = nullptr);
// The name of a user, or its number in text.
std::string user_name(uid_t uid);

}  // namespace workerdb::cli

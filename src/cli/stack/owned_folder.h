#pragma once
// Folders of a stack, and whose they are.
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/private_file.h"
#include "supervise/process.h"

namespace workerdb::cli {

// A folder with this mode and owner. One that exists must belong to the owner (or to us) and gets the mode.
base::Result<> make_folder(const std::string& path, mode_t mode, const supervise::UserIdentity* owner = nullptr);
// How a file of `owner` is written; our own without one.
base::ReplaceOptions owned_by(const std::optional<supervise::UserIdentity>& owner);
// The name of a user, or its number in text.
std::string user_name(uid_t uid);

}  // namespace workerdb::cli

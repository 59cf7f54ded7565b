#pragma once
// Files that hold a secret, and the rule by which they may.
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace workerdb::access {

// The file's first line. The file, reached through whatever links (which must be ours or root's), is a regular
// one, belongs to us or to root, and nobody else may read or change it. At most 64 KiB; the line is not empty
// and holds no control characters. Fails with kFileNotFound, kForbidden, kCannotReadFile, kBadParameter.
base::Result<base::Secret> read_secret_file(const std::string& path);

// One file of a mounted Kubernetes Secret. The kubelet writes them with mode 0644 (or what defaultMode says)
// behind the link `..data`, in a memory file system of this pod alone; such a folder is taken when the file
// stays inside of it and nobody but its owner can change it. Without `..data` or on another kind of file system the
// rule of read_secret_file() holds.
base::Result<base::Secret> read_mounted_secret(const std::string& folder, const std::string& name);

}  // namespace workerdb::access

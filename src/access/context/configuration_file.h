#pragma once
// Files that say which hosts get our logins and which programs run: contexts.yaml, mcp-servers.yaml.
#include <string>

#include "base/result.h"

namespace workerdb::access {

// The whole text. kFileNotFound; kForbidden when it belongs to another user than us and root, or others may write to
// it; kCannotReadFile, also for what is no regular file or longer than 1 MiB.
base::Result<std::string> read_configuration(const std::string& file);

}  // namespace workerdb::access

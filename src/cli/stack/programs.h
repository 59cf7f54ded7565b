#pragma once
// The programs of the distribution that a stack runs.
#include <string>

#include "base/result.h"

namespace workerdb::cli {

// The PostgreSQL major version that data folders are made for.
inline constexpr int kPostgresMajor = 15;
inline constexpr int kOldestRedisMajor = 7;

// The folder with initdb and postgres. Fails with kFileNotFound, naming the package to install.
base::Result<std::string> find_postgres_programs();
// The path of redis-server. Fails with kFileNotFound, naming the package to install.
base::Result<std::string> find_redis_server();
// What `program --version` prints, first line.
base::Result<std::string> version_line(const std::string& program);
// The first number in a version line that stands behind `prefix` ("v=7.0.15" with "v=": 7); -1 without one.
int major_version(const std::string& line, const std::string& prefix);

}  // namespace workerdb::cli

#include "cli/stack/programs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <vector>

#include "supervise/process.h"

namespace workerdb::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

std::vector<std::string> path_folders() {
  const char* variable = ::getenv("PATH");
  std::string text = variable == nullptr ? "" : variable;
  std::vector<std::string> folders;
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find(':', start), text.size());
    if (end > start) folders.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return folders;
}

bool is_program(const std::string& path) { return path.starts_with('/') && ::access(path.c_str(), X_OK) == 0; }

}  // namespace

Result<std::string> find_postgres_programs() {
  std::vector<std::string> folders = {fmt::format("/usr/lib/postgresql/{}/bin", kPostgresMajor),
                                      fmt::format("/usr/pgsql-{}/bin", kPostgresMajor)};
  for (const std::string& folder : path_folders()) folders.push_back(folder);
  for (const std::string& folder : folders) {
    if (!is_program(folder + "/postgres") || !is_program(folder + "/initdb")) continue;
    auto line = version_line(folder + "/postgres");
    if (line && major_version(*line, "PostgreSQL) ") == kPostgresMajor) return folder;
  }
  return Error(
      ErrorCode::kFileNotFound,
      fmt::format("PostgreSQL {0} is not installed; install it with `apt-get install postgresql-{0}`", kPostgresMajor));
}

Result<std::string> find_redis_server() {
  std::vector<std::string> folders = path_folders();
  folders.insert(folders.end(), {"/usr/bin", "/usr/local/bin"});
  for (const std::string& folder : folders) {
    if (is_program(folder + "/redis-server")) return folder + "/redis-server";
  }
  return Error(ErrorCode::kFileNotFound, "Redis is not installed; install it with `apt-get install redis-server`");
}

Result<std::string> version_line(const std::string& program) {
  supervise::ProcessSpec spec{.executable = program, .arguments = {"--version"}};
  supervise::CompletedProcess completed = TRY(supervise::run_to_end(spec, 10'000));
  if (!completed.status.clean()) {
    return Error(ErrorCode::kSysError, fmt::format("'{} --version' {}", program, completed.status.text()));
  }
  return completed.output.substr(0, completed.output.find('\n'));
}

int major_version(const std::string& line, const std::string& prefix) {
  size_t start = line.find(prefix);
  if (start == std::string::npos) return -1;
  int number = -1;
  std::from_chars(line.data() + start + prefix.size(), line.data() + line.size(), number);
  return number;
}

}  // namespace workerdb::cli

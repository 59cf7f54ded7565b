#include "cli/stack/doctor.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <filesystem>

#include "base/time.h"
#include "cli/stack/data_folder.h"
#include "cli/stack/ports.h"
#include "cli/stack/postgres_service.h"
#include "cli/stack/programs.h"
#include "cli/stack/state_file.h"
#include "value/json.h"

namespace workerdb::cli {

using base::Result;
using enum CheckOutcome;

namespace {

constexpr uint64_t kLittleSpaceBytes = 1024ull * 1024 * 1024;
constexpr uint64_t kNoSpaceBytes = 256ull * 1024 * 1024;
constexpr rlim_t kComfortableFiles = 4096;
constexpr rlim_t kFewestFiles = 1024;
// A clock before this was never set: certificates and schedules would go wrong.
constexpr int64_t kYear2024Ms = 1'704'067'200'000;

Check check_postgres() {
  auto programs = find_postgres_programs();
  if (!programs) return {"postgresql", kBad, programs.error().message()};
  auto line = version_line(*programs + "/postgres");
  return {"postgresql", kGood, fmt::format("{} in {}", line ? *line : "PostgreSQL", *programs)};
}

Check check_redis() {
  auto program = find_redis_server();
  if (!program) return {"redis", kBad, program.error().message()};
  auto line = version_line(*program);
  if (!line) return {"redis", kBad, line.error().message()};
  if (major_version(*line, "v=") < kOldestRedisMajor) {
    return {"redis", kBad, fmt::format("'{}' is too old; version {} or later is needed", *line, kOldestRedisMajor)};
  }
  return {"redis", kGood, fmt::format("{} as {}", line->substr(0, line->find(" sha")), *program)};
}

Check check_user(const StackOptions& options) {
  auto user = ordinary_user(options.user);
  if (!user) return {"user", kBad, user.error().message()};
  if (!*user) return {"user", kGood, "PostgreSQL and Redis run as you"};
  return {"user", kGood, fmt::format("PostgreSQL and Redis run as '{}'", (*user)->name)};
}

bool is_up(const StackOptions& options) {
  auto folder = find_data_folder(options.data_folder);
  if (!folder) return false;
  auto state = read_state(*folder);
  return state && supervise::is_alive(state->process);
}

Check check_all_ports(const StackOptions& options) {
  if (is_up(options)) return {"ports", kGood, "a stack is up on this folder and has its ports"};
  auto free = check_ports(options);
  if (!free) return {"ports", kBad, free.error().message()};
  return {"ports", kGood, "all ports are free"};
}

// The folder, or the nearest one above that exists.
std::string existing_part(const std::string& path) {
  std::error_code code;
  std::filesystem::path part = std::filesystem::absolute(path, code);
  while (part.has_relative_path() && !std::filesystem::exists(part, code)) part = part.parent_path();
  return part.string();
}

Check check_folder(const StackOptions& options) {
  std::error_code code;
  bool exists = std::filesystem::exists(options.data_folder, code);
  bool empty = exists && std::filesystem::is_empty(options.data_folder, code);
  if (exists && !empty) {
    auto folder = find_data_folder(options.data_folder);
    if (!folder) return {"folder", kBad, folder.error().message()};
    auto fresh = needs_initdb(*folder);
    if (!fresh) return {"folder", kBad, fresh.error().message()};
    return {"folder", kGood, fmt::format("'{}' is a data folder of workerdb", folder->path)};
  }
  std::string part = existing_part(options.data_folder);
  if (::access(part.c_str(), W_OK | X_OK) != 0) {
    return {"folder", kBad, fmt::format("you may not write to '{}'; choose another folder with --data", part)};
  }
  return {"folder", kGood, fmt::format("'{}' will be made", options.data_folder)};
}

Check check_disk(const StackOptions& options) {
  struct statvfs found {};
  std::string part = existing_part(options.data_folder);
  if (::statvfs(part.c_str(), &found) != 0) return {"disk", kWarning, "the free space cannot be seen"};
  uint64_t free_bytes = static_cast<uint64_t>(found.f_bavail) * found.f_frsize;
  std::string text = fmt::format("{} MiB are free on the disk of '{}'", free_bytes >> 20, part);
  if (free_bytes < kNoSpaceBytes) return {"disk", kBad, text + "; free some or choose another folder with --data"};
  if (free_bytes < kLittleSpaceBytes) return {"disk", kWarning, text + "; that is little"};
  return {"disk", kGood, text};
}

Check check_limits() {
  struct rlimit files {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  std::string text = fmt::format("{} open files are allowed", files.rlim_cur);
  if (files.rlim_cur < kFewestFiles) return {"limits", kBad, text + "; raise it with `ulimit -n 65536`"};
  if (files.rlim_cur < kComfortableFiles) return {"limits", kWarning, text + "; `ulimit -n 65536` is better"};
  return {"limits", kGood, text};
}

Check check_clock() {
  int64_t now_ms = base::unix_time_ms();
  if (now_ms < kYear2024Ms) {
    return {"clock", kBad, fmt::format("the clock says {}; set it", base::format_iso8601(now_ms))};
  }
  struct timex found {};
  if (::adjtimex(&found) == TIME_ERROR) {
    return {"clock", kWarning, "the clock is not synchronised; `timedatectl set-ntp true` does it"};
  }
  return {"clock", kGood, "the clock is synchronised"};
}

const char* outcome_name(CheckOutcome outcome) {
  return outcome == kGood ? "good" : outcome == kWarning ? "warning" : "bad";
}

}  // namespace

std::vector<Check> examine(const StackOptions& options) {
  std::vector<Check> checks;
  if (options.with_postgres) checks.push_back(check_postgres());
  if (options.with_redis) checks.push_back(check_redis());
  checks.push_back(check_user(options));
  checks.push_back(check_folder(options));
  checks.push_back(check_disk(options));
  checks.push_back(check_all_ports(options));
  checks.push_back(check_limits());
  checks.push_back(check_clock());
  return checks;
}

Result<int> doctor(const DoctorOptions& options, const Output& output) {
  bool bad = false;
  for (const Check& check : examine(options.stack)) {
    bad = bad || check.outcome == kBad;
    if (!options.json) {
      output.out << fmt::format("{:<12}{:<9}{}\n", check.name, outcome_name(check.outcome), check.sentence);
      continue;
    }
    value::Builder builder;
    builder.open_object();
    builder.add("check", check.name);
    builder.add("outcome", outcome_name(check.outcome));
    builder.add("sentence", check.sentence);
    builder.close();
    output.out << value::to_json(builder.slice()) << "\n";
  }
  output.out.flush();
  return bad ? 1 : 0;
}

}  // namespace workerdb::cli
